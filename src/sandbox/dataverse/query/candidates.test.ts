import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { type Answer, targets, useSandbox } from "../../raw-client.test-data.ts";

const client = useSandbox();
const ID = (n: number) => `cccccccc-0000-4000-8000-0000000000${String(n).padStart(2, "0")}`;
const CRM = "Microsoft.Dynamics.CRM.";
const NUMBERS = ["Ä1", "a1", "B2 ", "b2", "c3", "O'Neil", "no"];

beforeEach(async () => {
  const keys = "EntityDefinitions(LogicalName='contact')/Keys";
  await client.api("POST", keys, { SchemaName: "new_Number", KeyAttributes: ["externaluseridentifier"] });
  await client.api("GET", keys);
  const rows = ["ä1", "B2", "C3", "o'neil", null, null, "gone"].map((number, n) => ({
    contactid: ID(n),
    firstname: n % 2 ? "odd" : "even",
    externaluseridentifier: number,
  }));
  const made = await client.api("POST", `contacts/${CRM}CreateMultiple`, targets(rows));
  expect(made.status, made.text).toBe(200);
  await client.api("DELETE", `contacts(${ID(6)})`);
  // Written later, it is still the first in order of creation.
  await client.api("PATCH", `contacts(${ID(0)})`, { lastname: "x" });
});

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
const id = fc.integer({ min: 0, max: 8 }).map(ID);
const number = fc.constantFrom(...NUMBERS);
const listed = (values: string[]) => `PropertyValues=${JSON.stringify(values)})`;
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    id.map((each) => `contactid eq ${each}`),
    id.map((each) => `${each.toUpperCase()} eq contactid`),
    number.map((each) => `externaluseridentifier eq ${quoted(each)}`),
    fc
      .array(
        fc.oneof(
          id,
          id.map((each) => `{${each.toUpperCase()}}`),
        ),
      )
      .map((values) => `${CRM}In(PropertyName='contactid',${listed(values)}`),
    fc.array(number).map((values) => `${CRM}In(PropertyName='externaluseridentifier',${listed(values)}`),
    fc.constantFrom(
      "externaluseridentifier eq null",
      "externaluseridentifier ne 'b2'",
      "firstname eq 'odd'",
      `${CRM}NotIn(PropertyName='contactid',PropertyValues=["${ID(1)}"])`,
    ),
    fc.tuple(tie("filter"), fc.constantFrom("and", "or"), tie("filter")).map(([a, join, b]) => `(${a}) ${join} (${b})`),
  ),
}));

test("what an index finds is what a look at every row finds, in the same order and pages", async () => {
  const read = async (text: string) => {
    const rows: unknown[] = [];
    let path: string | undefined = `contacts?$select=firstname&$count=true&$filter=${encodeURIComponent(text)}`;
    while (path !== undefined) {
      const answer: Answer = await client.api("GET", path, undefined, { Prefer: "odata.maxpagesize=2" });
      expect(answer.status, `${text}: ${answer.text}`).toBe(200);
      rows.push(answer.json["@odata.count"], ...answer.json.value);
      path = answer.json["@odata.nextLink"]?.split("/api/data/v9.2/")[1];
    }
    return rows;
  };
  const found = new Set<number>();
  await fc.assert(
    fc.asyncProperty(filter, async (text) => {
      const rows = await read(text);
      found.add(rows.length);
      // What is negated no index is asked for.
      expect(rows).toEqual(await read(`not (not (${text}))`));
    }),
    { numRuns: 300, seed: 5 },
  );
  expect(found.size).toBeGreaterThan(4);
});

test("rows that were deleted, undone, or have another value now are not found by an index", async () => {
  const numbered = async (value: string) => {
    const answer = await client.api(
      "GET",
      `contacts?$select=firstname&$filter=externaluseridentifier eq ${quoted(value)}`,
    );
    return answer.json.value.map((row: { contactid: string }) => row.contactid);
  };
  expect(await numbered("gone")).toEqual([]);
  await client.api("PATCH", `contacts(${ID(1)})`, { externaluseridentifier: "later" });
  expect([await numbered("b2"), await numbered("LATER")]).toEqual([[], [ID(1)]]);
  const refused = await client.api(
    "POST",
    `contacts/${CRM}CreateMultiple`,
    targets([{ externaluseridentifier: "new" }, { externaluseridentifier: "c3" }]),
  );
  expect([refused.status >= 400, await numbered("new")]).toEqual([true, []]);
});
