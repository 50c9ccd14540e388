import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { sendFetch } from "./fetch.test-data.ts";
import { CONDITION_OPERATIONS } from "./operators.ts";

// FetchXML nobody should send: always a 4xx in the envelope of dataverse.md section 14, never a 500, never a hang.
const client = useSandbox();
const fetch = (xml: string) => sendFetch(client, "contacts", xml);

beforeEach(async () => {
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([{ lastname: "a" }, { lastname: "b" }]),
  );
});

const link = (inside: string, attributes = "from='contactid' to='contactid'") =>
  `<fetch><entity name='contact'><link-entity name='contact' ${attributes}>${inside}</link-entity></entity></fetch>`;

test.each([
  ["", "0x80040201"],
  ["no xml", "0x80040201"],
  ["<fetch>", "0x80040201"],
  ["<fetch><entity name='contact'/></fetch><fetch/>", "0x80040201"],
  ["<fetch a='1' a='2'><entity name='contact'/></fetch>", "0x80040201"],
  ["<!DOCTYPE fetch [<!ENTITY a 'b'>]><fetch><entity name='&a;'/></fetch>", "0x80040201"],
  [`${"<a>".repeat(500)}${"</a>".repeat(500)}`, "0x80040201"],
  ["<query/>", "0x80041125"],
  ["<fetch/>", "0x80041102"],
  ["<fetch><entity/></fetch>", "0x80041102"],
  ["<fetch><entity name='nope'/></fetch>", "0x80041102"],
  ["<fetch><entity name='account'/></fetch>", "0x80041128"],
  ["<fetch><entity name='contact'/><entity name='contact'/></fetch>", "0x8004111c"],
  ["<fetch><entity name='contact'><n /></entity></fetch>", "0x8004111c"],
  ["<fetch><entity name='contact'><attribute/></entity></fetch>", "0x80041123"],
  ["<fetch><entity name='contact'><attribute name='nope'/></entity></fetch>", "0x80041103"],
  ["<fetch><entity name='contact'><attribute name='constructor'/></entity></fetch>", "0x80041103"],
  ["<fetch><entity name='contact'><attribute name='lastname' alias='a b'/></entity></fetch>", "0x80041109"],
  [
    "<fetch><entity name='contact'><attribute name='lastname' aggregate='count' alias='n'/></entity></fetch>",
    "0x8004111a",
  ],
  ["<fetch><entity name='contact'><order/></entity></fetch>", "0x80041123"],
  ["<fetch><entity name='contact'><order attribute='nope'/></entity></fetch>", "0x80041103"],
  ["<fetch><entity name='contact'><order alias='nope'/></entity></fetch>", "0x8004110a"],
  ["<fetch><entity name='contact'><order attribute='lastname' descending='down'/></entity></fetch>", "0x80041119"],
  ["<fetch><entity name='contact'><filter type='xor'/></entity></fetch>", "0x80041122"],
  ["<fetch><entity name='contact'><filter><attribute name='lastname'/></filter></entity></fetch>", "0x8004111c"],
  ["<fetch distinct='maybe'><entity name='contact'/></fetch>", "0x80041115"],
  ["<fetch top='0'><entity name='contact'/></fetch>", "0x80041127"],
  ["<fetch top='5001'><entity name='contact'/></fetch>", "0x80040203"],
  ["<fetch count='-1'><entity name='contact'/></fetch>", "0x8004110c"],
  ["<fetch page='1.5'><entity name='contact'/></fetch>", "0x8004110c"],
  [link("", "from='contactid' to='contactid' link-type='cross'"), "0x80041117"],
  [link("", "from='contactid' to='contactid' link-type='any'"), "0x80041117"],
  [link("", "from='nope' to='contactid'"), "0x80041103"],
  [link("", ""), "0x80041102"],
  [link("", "from='entityimage' to='contactid'"), "0x80041111"],
  [
    link(
      "<link-entity name='contact' from='contactid' to='contactid' alias='x'/>",
      "alias='x' from='contactid' to='contactid'",
    ),
    "0x8004111b",
  ],
])("%s is a 400 with %s", async (xml, code) => {
  const answer = await fetch(xml);
  expect([answer.status, answer.json.error.code]).toEqual([400, code]);
});

test("an unknown element is shown in the error as it was sent", async () => {
  const answer = await fetch("<fetch><entity name='contact'><n a='1'>&lt;</n></entity></fetch>");
  expect(answer.json.error.message).toBe(
    'Invalid Child Node, valid nodes are filter, order, link-entity, attribute, all-attributes, no-attrs. NodeName = n NodeXml = <n a="1">&lt;</n>',
  );
});

test("the documented limits: 15 links, 500 conditions (pages join-tables and filter-rows)", async () => {
  const links = (count: number) =>
    `<fetch><entity name='contact'>${"<link-entity name='contact' from='contactid' to='contactid'/>".repeat(count)}</entity></fetch>`;
  expect((await fetch(links(15))).status).toBe(200);
  expect((await fetch(links(16))).json.error.code).toBe("0x8004430d");
  const conditions = (count: number) =>
    `<fetch><entity name='contact'><filter>${"<condition attribute='fax' operator='null'/>".repeat(count)}</filter></entity></fetch>`;
  expect((await fetch(conditions(500))).status).toBe(200);
  expect((await fetch(conditions(501))).json.error.code).toBe("0x8004430c");
});

test("a join that multiplies without end is stopped, a pattern full of % is not slow", async () => {
  const rows = Array.from({ length: 200 }, () => ({ lastname: "same", description: `${"ab".repeat(900)}c` }));
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows));
  const same = "<link-entity name='contact' from='lastname' to='lastname'>";
  const deep = `<fetch returntotalrecordcount='true'><entity name='contact'>${same.repeat(6)}${"</link-entity>".repeat(6)}</entity></fetch>`;
  expect((await fetch(deep)).json.error.code).toBe("0x80044151");
  const like = `<fetch><entity name='contact'><filter><condition attribute='description' operator='like' value='${"%a%b".repeat(400)}%x'/></filter></entity></fetch>`;
  expect((await fetch(like)).json.value).toEqual([]);
});

test("reading a linked table needs Read there too (section 2)", async () => {
  await client.control("POST", "privileges", { table: "account", privilege: "Read", allowed: false });
  const answer = await fetch(
    link("", "from='accountid' to='parentcustomerid'").replace(
      "link-entity name='contact'",
      "link-entity name='account'",
    ),
  );
  expect([answer.status, answer.json.error.code]).toEqual([403, "0x80040220"]);
});

test("OData options beside fetchXml are refused instead of passed over", async () => {
  const xml = encodeURIComponent("<fetch><entity name='contact'/></fetch>");
  expect((await client.api("GET", `contacts?fetchXml=${xml}&$filter=lastname eq 'a'`)).status).toBe(400);
  expect((await client.api("GET", `contacts?$count=true&fetchXml=${xml}`)).status).toBe(200);
});

const name = fc.constantFrom(
  "contact",
  "account",
  "lastname",
  "contactid",
  "parentcustomerid",
  "createdon",
  "statecode",
  "a",
  "",
  "x.y",
);
const value = fc.oneof(
  name,
  fc.string({ maxLength: 8 }),
  fc.constantFrom("1", "true", "2024-01-01", "%", "[", "{}", "-1"),
);
const operator = fc.constantFrom(...CONDITION_OPERATIONS.map((each) => each.name.replace("condition ", "")), "nope");
const attributes = fc.dictionary(
  fc.constantFrom(
    "name",
    "alias",
    "attribute",
    "entityname",
    "value",
    "valueof",
    "from",
    "to",
    "link-type",
    "type",
    "aggregate",
    "groupby",
    "dategrouping",
    "descending",
    "rowaggregate",
    "distinct",
  ),
  fc.oneof(
    value,
    operator,
    fc.constantFrom("outer", "any", "all", "exists", "or", "count", "sum", "month", "CountChildren"),
  ),
  { maxKeys: 4 },
);
const element = fc.constantFrom(
  "attribute",
  "all-attributes",
  "order",
  "filter",
  "condition",
  "link-entity",
  "value",
  "no-attrs",
  "entity",
  "fetch",
);
type Tree = { element: string; attributes: Record<string, string>; operator: string | null; children: Tree[] };
const treeOf = (depth: number): fc.Arbitrary<Tree> =>
  fc.record({
    element,
    attributes,
    operator: fc.option(operator),
    children: depth === 0 ? fc.constant([]) : fc.array(treeOf(depth - 1), { maxLength: 3 }),
  });
const escaped = (text: string) =>
  text
    .replace(/[^ -~ -퟿]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("'", "&apos;");
function written({ element, attributes, operator, children }: Tree): string {
  const all = Object.entries({ ...attributes, ...(operator === null ? {} : { operator }) });
  return `<${element} ${all.map(([key, text]) => `${key}='${escaped(text)}'`).join(" ")}>${children.map(written).join("")}</${element}>`;
}

test("queries made at random: 200 or a 4xx with code and message", async () => {
  const root = fc.record({
    attributes: fc.dictionary(
      fc.constantFrom("aggregate", "distinct", "top", "count", "page", "paging-cookie", "returntotalrecordcount"),
      value,
      { maxKeys: 2 },
    ),
    trees: fc.array(treeOf(3), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(root, async ({ attributes, trees }) => {
      const head = Object.entries(attributes).map(([key, text]) => `${key}='${escaped(text)}'`);
      const answer = await fetch(
        `<fetch ${head.join(" ")}><entity name='contact'>${trees.map(written).join("")}</entity></fetch>`,
      );
      expect([200, 400, 414, 501]).toContain(answer.status);
      if (answer.status !== 200)
        expect(answer.json.error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    }),
    { numRuns: 400, seed: 7 },
  );
});
