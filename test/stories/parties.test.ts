import { expect, test } from "vitest";
import { type Row, type SourceRow, useWorkbench } from "../workbench.ts";

/** Who an activity is with: made with it in the same request, each found as a lookup's parent is. */

const bench = useWorkbench();

const persons = [
  { object: "contact", by: "emailaddress1" },
  { object: "account", by: "emailaddress1" },
];
const sync = (object: string, match: string, mapping: Row, more: Row = {}) => ({
  "syncs/people.yaml": JSON.stringify({ model: "people", to: "crm", object, match, mapping, ...more }),
});
const calls = (mapping: Row, more?: Row) =>
  sync("phonecall", "category", { category: "id", subject: "name", ...mapping }, more);
const create = async (set: string, row: Row, id: string) => (await bench.person("POST", set, row))[id] as string;
const contact = (name: string) =>
  create("contacts", { lastname: name, emailaddress1: `${name}@example.com` }, "contactid");
const source = (...rows: SourceRow[]) => bench.source("people", rows);

/** Part in the activity and person, of every party there is. */
const parties = async () =>
  (await bench.rows("activityparty")).map((row) => `${row.participationtypemask} ${row._partyid_value}`).sort();

test("campaign responses with their campaign and customers: made with the row, never compared, and waited for", async () => {
  const mapping = {
    promotioncodename: "id",
    subject: "name",
    regardingobjectid: { lookup: { object: "campaign", from: "campaign", by: "codename" } },
    customer: { from: "customer", lookup: persons, write: "on create" },
  };
  await bench.begin(sync("campaignresponse", "promotioncodename", mapping));
  const row = (id: string, customer: string | null, name = "Response") => ({ id, name, campaign: "SPRING", customer });
  const campaign = await create("campaigns", { name: "Spring", codename: "SPRING" }, "campaignid");
  const ada = await contact("ada");
  const works = await create("accounts", { name: "W", emailaddress1: "office@works.example" }, "accountid");
  const both = "ADA@example.com; office@works.example ;ada@example.com";
  source(row("1", both), row("2", null), row("3", "late@example.com;ada@example.com"));

  const { plans } = await bench.plan();
  const shown = plans[0]?.samples.find((sample) => sample.key === "1")?.columns;
  expect(shown).toContainEqual({ name: "customer", old: null, new: `account:${works};contact:${ada}` });
  const first = await bench.run();
  expect(first).toMatchObject({ created: 2, rejected: 1 });
  expect(first.log.filter(({ path }) => path.includes("CreateMultiple"))).toEqual([]);
  expect(first.problems).toMatchObject([{ key: "3", code: "parent_missing", column: "customer" }]);
  expect(first.problems[0]?.message).toContain(
    '"late@example.com" to point at. It looks for an existing contact by emailaddress1 or account by',
  );
  expect(await parties()).toEqual([`11 ${ada}`, `11 ${works}`].sort());
  expect((await bench.rows("campaignresponse"))[0]).toMatchObject({ _regardingobjectid_value: campaign });
  expect(await bench.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });

  // Who was missing comes; a change of the others is not followed, though the row's other columns are.
  const late = await contact("late");
  source(row("1", "late@example.com", "Changed"), row("2", "ada@example.com"), row("3", "late@example.com"));
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1, unchanged: 1, rejected: 0, writes: 2 });
  expect(await parties()).toEqual([`11 ${ada}`, `11 ${works}`, `11 ${late}`].sort());
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  expect(await bench.verify()).toMatchObject({ syncs: [{ checked: 3, differences: 0 }] });
  const role = await bench.role("people");
  expect(role.privileges.map((one) => one.name)).toContain("prvAppendToAccount");
});

test("parties of several columns, from lists, constants and expressions, go in one array; who is not there may be left out", async () => {
  const lookup = { object: "contact", by: "emailaddress1" };
  const line = (more: Row) => ({ lookup: { ...lookup, missing: "null" }, ...more });
  const mapping = {
    from: line({ value: "ada@example.com" }),
    to: line({ from: "people", values: { boss: "bob@example.com" }, delimiter: "+" }),
  };
  await bench.begin(calls(mapping, { mode: "create" }));
  const [ada, bob] = [await contact("ada"), await contact("bob")];
  source(
    { id: "1", name: "A", people: "boss + nobody@example.com" },
    { id: "2", name: "B", people: '["bob@example.com", "ADA@EXAMPLE.COM", ""]' },
    { id: "3", name: "C", people: "nobody@example.com" },
  );
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 3, rejected: 0 });
  expect(await parties()).toEqual([...Array(3).fill(`1 ${ada}`), `2 ${ada}`, `2 ${bob}`, `2 ${bob}`].sort());
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test.each(["reject", "null"])("who a lookup of the row makes is a party of it (missing: %s)", async (missing) => {
  const ways = persons.map((way) => ({ ...way, missing }));
  const mapping = {
    regardingobjectid: { from: "about", lookup: { ...persons[0], missing: "create" } },
    to: { from: "to", lookup: ways, write: "on create" },
  };
  await bench.begin(calls(mapping));
  const ada = await contact("ada");
  const call = (id: string, about: string, to: string) => ({ id, name: id, about: `${about}@example.com`, to });
  source(
    call("1", "new", "New@example.com ; ada@example.com"),
    call("2", "new", "new@example.com"),
    call("3", "ada", "ada@example.com"),
    call("4", "other", "nobody@example.com;other@example.com"),
  );
  const { plans } = await bench.plan();
  const ran = await bench.run();
  const waits = missing === "reject" ? 1 : 0;
  expect(ran).toMatchObject({ created: 4 - waits, rejected: waits, parents: 2 - waits });
  expect(plans[0]!.plan).toMatchObject({ create: 4 - waits, rejected: waits, parents: 2 - waits });
  expect(ran.problems.map(({ key, code, column }) => [key, code, column])).toEqual(
    waits ? [["4", "parent_missing", "to"]] : [],
  );
  const ids = Object.fromEntries((await bench.rows("contact")).map((row) => [row.emailaddress1, row.contactid]));
  const [made, other] = [ids["new@example.com"], ids["other@example.com"]];
  const all = [`2 ${made}`, `2 ${made}`, `2 ${ada}`, `2 ${ada}`, ...(waits ? [] : [`2 ${other}`])];
  expect(await parties()).toEqual(all.sort());
  expect(await bench.run()).toMatchObject({ unchanged: 4 - waits, rejected: waits, writes: 0 });
});

test("an expression that fails, or a person that several records are, rejects the row by name", async () => {
  const lookup = { object: "contact", by: "lastname" };
  await bench.begin(
    calls({ to: { expression: "name || CASE WHEN age::INTEGER > 1 THEN '' END", lookup, write: "on create" } }),
  );
  for (const name of ["ada", "bob", "bob"]) await contact(name);
  source({ id: "1", name: "ada", age: "7" }, { id: "2", name: "bob", age: "7" }, { id: "3", name: "ada", age: "x" });
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 1, rejected: 2 });
  expect(ran.problems).toMatchObject([
    { key: "3", code: "expression_failed", column: "to" },
    { key: "2", code: "parent_ambiguous", column: "to" },
  ]);
});

test("an answer that is lost leaves no party twice, and no activity without its parties", async () => {
  await bench.begin(calls({ to: { from: "to", lookup: persons, write: "on create" } }));
  const ada = await contact("ada");
  source(...Array.from({ length: 30 }, (_, n) => ({ id: `${n}`, name: `Call ${n}`, to: "ada@example.com" })));
  const batch = { method: "POST", path: "batch" };
  await bench.control("POST", "faults", [
    { match: batch, nth: 1, resetAfter: true },
    { match: batch, nth: 2, truncate: true },
    { match: batch, nth: 3, resetBefore: true },
  ]);
  const first = await bench.runThroughFaults();
  expect(first.created + first.failed).toBe(30);
  expect(first.failed).toBeGreaterThan(0);
  const second = await bench.run();
  expect(second).toMatchObject({ created: first.failed, unchanged: first.created, failed: 0 });
  expect(await parties()).toEqual(Array(30).fill(`2 ${ada}`));
});

test("what cannot be kept, found or made is refused before anything is sent", async () => {
  const [first] = persons;
  const refused: [string, unknown, string, string][] = [
    ["partner", persons, "on create", "which part such a party takes"],
    ["to", persons, "always", "a later change of the source could not follow"],
    ["to", { ...first, from: "email" }, "on create", "each found by one value"],
    ["to", { ...first, missing: "create" }, "on create", "are not made by its line"],
    ["to", { by: "emailaddress1" }, "on create", "can point at several tables"],
    ["to", undefined, "on create", "points at a record of another table"],
  ];
  await bench.begin();
  source({ id: "1", name: "A", email: null });
  for (const [column, lookup, write, why] of refused) {
    const mapping = { promotioncodename: "id", [column]: { from: "name", lookup, write } };
    bench.write("syncs/people.yaml", sync("campaignresponse", "promotioncodename", mapping)["syncs/people.yaml"]);
    await expect(bench.run()).rejects.toThrow(why);
  }
  const line = { from: "name", lookup: persons, write: "on create" };
  bench.write("syncs/people.yaml", sync("campaignresponse", "to", { to: line })["syncs/people.yaml"]);
  await expect(bench.run()).rejects.toThrow("matches by to, the parties of an activity");
  expect(await bench.rows("campaignresponse")).toEqual([]);
});
