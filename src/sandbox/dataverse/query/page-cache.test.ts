import { expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";

const client = useSandbox();
const ROWS = 2300;

type Page = { value: Record<string, unknown>[]; "@odata.nextLink"?: string };

/** Every page of contacts from the start, by links. Sizes that fit the cache's blocks and sizes that do not. */
async function readAll(size: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  let path: string | undefined = "contacts?$select=lastname,createdon";
  while (path !== undefined) {
    const page = (await client.api("GET", path, undefined, { Prefer: `odata.maxpagesize=${size}` })).json as Page;
    expect(page.value.length).toBeLessThanOrEqual(size);
    rows.push(...page.value);
    path = page["@odata.nextLink"]?.split("/v9.2/")[1];
  }
  return rows;
}

const byId = (rows: Record<string, unknown>[]) =>
  rows.map((row) => `${row.contactid} ${row.lastname} ${row["@odata.etag"]}`).sort();

test("pages that come out of the cache are those that would be written anew", async () => {
  const bulk = (action: string, rows: Record<string, unknown>[]) =>
    client.api("POST", `contacts/Microsoft.Dynamics.CRM.${action}`, targets(rows));
  const created = await bulk(
    "CreateMultiple",
    Array.from({ length: ROWS }, (_, n) => ({ lastname: `Ü ${n}` })),
  );
  const ids = created.json.Ids as string[];
  const direct = async () => {
    // A filter that all rows pass goes past the cache.
    const answer = await client.api("GET", "contacts?$select=lastname,createdon&$filter=contactid ne null");
    return byId((answer.json as Page).value);
  };
  for (const size of [500, 1000, 700, 5000]) expect(byId(await readAll(size))).toEqual(await direct());

  await bulk(
    "UpdateMultiple",
    [3, 499, 500, 2299].map((n) => ({ contactid: ids[n], lastname: "changed" })),
  );
  for (const n of [0, 501, 502, 1400]) await client.api("DELETE", `contacts(${ids[n]})`);
  await client.api("POST", "contacts", { lastname: "late" });
  for (const size of [500, 333, 5000]) expect(byId(await readAll(size))).toEqual(await direct());
  expect(await direct()).toHaveLength(ROWS - 4 + 1);

  // A write that is undone leaves what was there, and a new column changes nothing of the old ones.
  const refused = await bulk("UpdateMultiple", [{ contactid: ids[7], lastname: "x" }, { contactid: ids[0] }]);
  expect(refused.status).toBe(404);
  expect(byId(await readAll(500))).toEqual(await direct());

  // The last block has no row left.
  const late = (await client.api("GET", "contacts?$filter=lastname eq 'late'")).json as Page;
  await client.api("DELETE", `contacts(${late.value[0]!.contactid})`);
  expect(await direct()).toHaveLength(ROWS - 4);
  for (const size of [500, 333, 5000]) expect(byId(await readAll(size))).toEqual(await direct());

  // So many deletions that the table is compacted: every position moves.
  for (const n of ids.keys()) if (n % 3 > 0) await client.api("DELETE", `contacts(${ids[n]})`);
  await client.api("POST", "contacts", { lastname: "last" });
  expect(byId(await readAll(500))).toEqual(await direct());
});
