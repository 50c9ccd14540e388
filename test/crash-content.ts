import type { Lane } from "./crash-lane.ts";

type Row = Record<string, unknown>;

/** Records as lines, in order of their number. */
export type Content = { contacts: string[]; accounts: string[] };

/** Columns that differ between any two loads: ids that Dynamics gives, and when it was. */
const volatile = new Set(["contactid", "accountid", "createdon", "modifiedon", "versionnumber"]);

/**
 * What Dynamics holds: one line a record, in order of its number, its lookups told by the account's number. Every column
 * counts but those of `volatile`.
 */
export async function contentOf(lane: Lane): Promise<Content> {
  const rows = async (table: string) => (await lane.control<{ value: Row[] }>(`rows/${table}`)).value;
  const [contacts, accounts] = await Promise.all([rows("contact"), rows("account")]);
  const numbers = new Map(accounts.map((row) => [row.accountid, row.accountnumber]));
  const line = (key: string) => (row: Row) =>
    `${row[key]} ${JSON.stringify(
      Object.entries(row)
        .filter(([name]) => !volatile.has(name))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => [name, numbers.get(value) ?? value]),
    )}`;
  return {
    contacts: contacts.map(line("sluice_customerid")).sort(),
    accounts: accounts.map(line("accountnumber")).sort(),
  };
}

/** Up to three columns in which the two differ, and keys that come twice. Both lists are sorted. */
export function difference(found: string[], wanted: string[]): { differs: string[]; doubled: string[] } {
  const keyOf = (line: string) => line.slice(0, line.indexOf(" "));
  const cells = (lines: string[]) =>
    lines.flatMap((line) =>
      (JSON.parse(line.slice(line.indexOf(" "))) as [string, unknown][]).map(
        ([name, value]) => `${keyOf(line)} ${name}: ${JSON.stringify(value)}`,
      ),
    );
  const doubled = found.map(keyOf).filter((key, i, keys) => key === keys[i - 1]);
  if (found.join() === wanted.join()) return { differs: [], doubled };
  const [there, sought] = [cells(found), cells(wanted)];
  const [isThere, isSought] = [new Set(there), new Set(sought)];
  const extra = there.filter((cell) => !isSought.has(cell)).map((cell) => `+ ${cell}`);
  const missing = sought.filter((cell) => !isThere.has(cell)).map((cell) => `- ${cell}`);
  return { differs: [...extra.slice(0, 3), ...missing.slice(0, 3)], doubled: doubled.slice(0, 3) };
}

/** How often contacts were written, in all runs since the log was last cleared. What is refused is sent again in a batch. */
export async function contactsWritten(lane: Lane): Promise<{ requests: number; rows: number }> {
  const log = await lane.control<{ requests: { path: string; rows: number; write: boolean }[] }>("requests");
  const ours = log.requests.filter((r) => r.write && r.rows > 0 && /\/contacts\/|\$batch$/.test(r.path));
  return { requests: ours.length, rows: ours.reduce((sum, r) => sum + r.rows, 0) };
}
