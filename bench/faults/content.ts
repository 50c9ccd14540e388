type Row = Record<string, unknown>;

/** Records by table and key; the same key may be there more than once. */
export type Content = Map<string, string[]>;

/** What the server chooses, which is another each time. */
const volatile = new Set(["contactid", "accountid", "createdon", "modifiedon", "versionnumber"]);

/** Every record with every column that holds something, its lookups told by the other record's key. */
export async function contentOf(rowsOf: (table: string) => Promise<Row[]>): Promise<Content> {
  const [accounts, contacts] = await Promise.all([rowsOf("account"), rowsOf("contact")]);
  const numbers = new Map(accounts.map((row) => [row.accountid, row.accountnumber]));
  const content: Content = new Map();
  const add = (table: string, key: string, rows: Row[]) => {
    for (const row of rows) {
      const name = `${table} ${row[key]}`;
      const cells = Object.entries(row)
        .filter(([column]) => !volatile.has(column))
        .map(([column, value]) => [column, numbers.get(value) ?? value])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
      content.set(name, [...(content.get(name) ?? []), JSON.stringify(cells)]);
    }
  };
  add("account", "accountnumber", accounts);
  add("contact", "externaluseridentifier", contacts);
  return content;
}

export type Difference = { lost: string[]; doubled: string[]; different: string[] };

/** Keys that are missing from `found`, are there too often (or should not be there), or hold something else. */
export function difference(found: Content, wanted: Content): Difference {
  const keys = [...new Set([...wanted.keys(), ...found.keys()])];
  const there = (key: string) => found.get(key) ?? [];
  const sought = (key: string) => wanted.get(key) ?? [];
  return {
    lost: keys.filter((key) => there(key).length < sought(key).length),
    doubled: keys.filter((key) => there(key).length > sought(key).length),
    different: keys.filter(
      (key) => there(key).length === sought(key).length && there(key).sort().join() !== sought(key).sort().join(),
    ),
  };
}
