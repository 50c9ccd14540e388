import { expect, test } from "vitest";
import { peopleSync, type Row, useWorkbench } from "../workbench.ts";

/** Which record a row is: by its id, by values no address can hold, by several columns and lookups, by typed values. */

const bench = useWorkbench();
const contacts = () => bench.rows("contact");
const id = (n: number) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, "0")}`;

test("by the primary id: there it is updated, elsewhere made with that id, and without one left alone", async () => {
  const mapping = { contactid: "crm", externaluseridentifier: "id" };
  await bench.begin({ "syncs/people.yaml": peopleSync({ match: "contactid", mapping }) }, { keyed: false });
  const made = await bench.person("POST", "contacts", { contactid: id(1), lastname: "By hand" });
  const person = (n: string, crm: string | null) => ({ id: n, name: `Name ${n}`, email: null, crm });
  bench.source("people", [
    person("1", `{${id(1).toUpperCase()}}`),
    person("2", id(2)),
    person("3", null),
    person("4", "abc"),
    person("5", id(2).toUpperCase()),
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 0, updated: 1, excluded: 1, rejected: 3, writes: 1 });
  expect(ran.problems).toMatchObject([
    { key: "4", code: "bad_guid" },
    { key: "2", code: "match_not_unique" },
    { key: "5", code: "match_not_unique" },
    { key: "3", code: "no_identity", status: "excluded" },
  ]);
  expect(made.contactid).toBe(id(1));
  bench.source("people", [person("1", id(1)), person("2", id(2))]);
  expect(await bench.run()).toMatchObject({ created: 1, unchanged: 1, writes: 1 });
  expect(Object.fromEntries((await contacts()).map((row) => [row.contactid, row.lastname]))).toEqual({
    [id(1)]: "Name 1",
    [id(2)]: "Name 2",
  });
  // Another id in the source is no other record: the link holds.
  bench.source("people", [person("1", id(7)), person("2", id(2))]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("update only: an id that is not there is not found, and nothing is made", async () => {
  const mapping = { contactid: "crm", externaluseridentifier: "id" };
  await bench.begin(
    { "syncs/people.yaml": peopleSync({ match: "contactid", mode: "update", mapping }) },
    { keyed: false },
  );
  bench.source("people", [{ id: "1", name: "N", email: null, crm: id(1) }]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 0, rejected: 1, writes: 0 });
  expect(ran.problems).toMatchObject([{ key: "1", code: "not_found" }]);
});

test("an alternate key whose values no address can hold", async () => {
  await bench.begin();
  const strange = ["a/b", "a#b", "<a>", "a*b", "a%2Fb", "a&b", "a:b", "a\\b", "a?b", "a+b", "a'b", 'a"b', "a b,c=d"];
  const rows = (name: string) => strange.map((value) => ({ id: value, name, email: null }));
  bench.source("people", rows("First"));
  expect(await bench.run()).toMatchObject({ created: strange.length });
  bench.source("people", rows("Second"));
  expect(await bench.run()).toMatchObject({ updated: strange.length, created: 0 });
  expect((await contacts()).map((row) => [row.externaluseridentifier, row.lastname]).sort()).toEqual(
    strange.map((value) => [value, "Second"]).sort(),
  );
});

test("a table that takes no rows of its own is refused before anything is read", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ object: "listmember" }) });
  bench.source("people", [{ id: "1", name: "N", email: null }]);
  const message = expect.stringContaining("listmember takes no rows of its own: members join and leave");
  await expect(bench.run()).rejects.toMatchObject({ code: "table_read_only", message });
});

test("several columns, a lookup and typed values among them, compared as they are held", async () => {
  const lookup = { object: "account", by: "accountnumber" };
  const mapping = {
    parentcustomerid: { from: "firm", lookup },
    birthdate: { from: "born", formats: ["d.M.yyyy"] },
    gendercode: "sex",
    numberofchildren: "children",
    creditlimit: "limit",
  };
  const match = ["parentcustomerid", "birthdate", "gendercode", "numberofchildren", "creditlimit"];
  await bench.begin({ "syncs/people.yaml": peopleSync({ match, mapping }) });
  const { accountid } = await bench.person("POST", "accounts", { name: "First", accountnumber: "F1" });
  const there: Row = {
    lastname: "By hand",
    birthdate: "1990-05-07",
    gendercode: 2,
    numberofchildren: 3,
    creditlimit: 1000,
    "parentcustomerid_account@odata.bind": `/accounts(${accountid})`,
  };
  await bench.person("POST", "contacts", there);
  const person = {
    id: "1",
    name: "Ana",
    email: null,
    firm: "f1",
    born: "7.5.1990",
    sex: "female",
    children: "03",
    limit: "1000.00",
  };
  bench.source("people", [person, { ...person, id: "2", limit: "1000.01" }]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ updated: 1, created: 1, rejected: 0 });
  expect((await contacts()).map((row) => row.lastname).sort()).toEqual(["Ana", "Ana"]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("blanks are no match value: whose record holds some is nobody's", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ match: "emailaddress1" }) }, { keyed: false });
  await bench.person("POST", "contacts", { lastname: "Stranger", emailaddress1: "  " });
  bench.source("people", [
    { id: "1", name: "Blank", email: "  " },
    { id: "2", name: "No-break", email: "\u00a0" },
    { id: "3", name: "Told", email: "c@example.com" },
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ received: 3, created: 1, excluded: 2, writes: 1 });
  expect(ran.problems).toMatchObject([
    { key: "1", code: "no_identity" },
    { key: "2", code: "no_identity" },
  ]);
  expect((await contacts()).map((row) => row.lastname).sort()).toEqual(["Stranger", "Told"]);
});
