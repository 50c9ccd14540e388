import { describe, expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Rows at fault, and rows that are too alike: what happens to them, and how they come back. */

const bench = useWorkbench();
const vipColumn = [{ name: "new_Vip", title: "VIP", type: "text" as const, maxLength: 20 }];
const person = (id: string, email: string | null, more = {}) => ({ id, name: `Name ${id}`, email, ...more });
const byEmail = { "syncs/people.yaml": peopleSync({ match: "emailaddress1" }) };

test("a row that becomes invalid has not left: nothing is cleared, its audiences go on; valid again, it is updated", async () => {
  await bench.begin(
    {
      "syncs/people.yaml": peopleSync({
        onLeave: "clear",
        audiences: { vip: "new_vip" },
        mapping: { birthdate: { from: "born", formats: ["yyyy-MM-dd"] } },
      }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    },
    { columns: vipColumn },
  );
  const good = person("1", "a@example.com", { born: "1990-05-17", vip: "yes" });
  const other = person("2", "b@example.com", { born: "1990-05-18", vip: "no" });
  bench.source("people", [good, other]);
  expect(await bench.run()).toMatchObject({ created: 2 });

  bench.source("people", [{ ...good, name: "Not sent", born: "1990-02-30" }, other]);
  const invalid = await bench.run();
  expect(invalid).toMatchObject({ received: 2, rejected: 1, unchanged: 1, writes: 0 });
  expect(invalid.problems).toMatchObject([{ key: "1", code: "bad_date", column: "birthdate", wake: "row" }]);

  bench.source("people", [
    { ...good, born: "1990-02-30", vip: "no" },
    { ...other, born: "never", vip: "yes" },
  ]);
  const moved = await bench.run();
  expect(moved).toMatchObject({ received: 2, rejected: 2, updated: 0, writes: 2 });
  const rows = await bench.rows("contact");
  expect(rows).toMatchObject([
    { lastname: "Name 1", emailaddress1: "a@example.com", birthdate: "1990-05-17", new_vip: "exited" },
    { lastname: "Name 2", emailaddress1: "b@example.com", birthdate: "1990-05-18", new_vip: "realized" },
  ]);
  expect(await bench.run()).toMatchObject({ rejected: 2, writes: 0 });

  bench.source("people", [
    { ...good, name: "Sent", born: "1991-01-01" },
    { ...other, vip: "yes" },
  ]);
  const valid = await bench.run();
  expect(valid).toMatchObject({ rejected: 0, updated: 1, unchanged: 1, writes: 1 });
  expect((await bench.rows("contact"))[0]).toMatchObject({
    lastname: "Sent",
    birthdate: "1991-01-01",
    new_vip: "realized",
  });
});

describe("two rows with one match value", () => {
  test("both are rejected, each naming the other; once one is gone the other goes by itself", async () => {
    await bench.begin(byEmail, { keyed: false });
    const [one, two] = [person("1", "Ana@Example.com"), person("2", "ana@example.COM")];
    bench.source("people", [one, two, person("3", "c@example.com")]);
    const first = await bench.run();
    expect(first).toMatchObject({ received: 3, created: 1, rejected: 2, writes: 1 });
    expect(first.problems).toMatchObject([
      { key: "1", code: "match_not_unique", column: "emailaddress1", message: expect.stringMatching(/: 2\. /) },
      { key: "2", code: "match_not_unique", column: "emailaddress1", message: expect.stringMatching(/: 1\. /) },
    ]);
    expect(await bench.run()).toMatchObject({ rejected: 2, unchanged: 1, writes: 0 });
    bench.source("people", [one, person("3", "c@example.com")]);
    expect(await bench.run()).toMatchObject({ received: 2, created: 1, unchanged: 1, rejected: 0, writes: 1 });
  });

  test("a new row whose value belongs to another row's record is rejected and names that row; it gets it when that row is gone", async () => {
    await bench.begin(byEmail, { keyed: false });
    bench.source("people", [person("1", "ana@example.com")]);
    await bench.run();
    bench.source("people", [person("1", "ana@example.com"), person("2", "ANA@example.com")]);
    const second = await bench.run();
    expect(second).toMatchObject({ unchanged: 1, rejected: 1, writes: 0 });
    expect(second.problems).toMatchObject([
      { key: "2", code: "match_taken", message: expect.stringMatching(/row 1\. /) },
    ]);
    bench.source("people", [person("2", "ANA@example.com")]);
    const third = await bench.run();
    expect(third).toMatchObject({ updated: 1, created: 0, rejected: 0, writes: 1 });
    expect(await bench.rows("contact")).toMatchObject([{ externaluseridentifier: "2", lastname: "Name 2" }]);
  });

  test("an existing row that takes on another's value is no new match: the link decides", async () => {
    await bench.begin(byEmail, { keyed: false });
    bench.source("people", [person("1", "a@example.com"), person("2", "b@example.com")]);
    await bench.run();
    bench.source("people", [person("1", "a@example.com"), person("2", "a@example.com")]);
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, rejected: 0, writes: 1 });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  });
});

test("a row without a match value is excluded, and goes once it has one", async () => {
  await bench.begin(byEmail, { keyed: false });
  bench.source("people", [person("1", null), person("2", "b@example.com")]);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 1, excluded: 1, rejected: 0 });
  expect(first.problems).toMatchObject([
    { key: "1", status: "excluded", code: "no_identity", column: "emailaddress1" },
  ]);
  bench.source("people", [person("1", "a@example.com"), person("2", "b@example.com")]);
  expect(await bench.run()).toMatchObject({ created: 1, excluded: 0, unchanged: 1 });
});

test("empty and doubled keys are rejected row by row, and a key that became doubled has not left", async () => {
  await bench.begin(
    { "syncs/people.yaml": peopleSync({ onLeave: "clear", match: "emailaddress1" }) },
    { keyed: false },
  );
  bench.source("people", [person("1", "a@example.com"), person("2", "b@example.com")]);
  await bench.run();
  bench.source("people", [
    person("1", "a@example.com"),
    person("1", "other@example.com"),
    person("2", "b@example.com"),
    { id: null, name: "No key", email: "c@example.com" },
    { id: "  ", name: "Blank key", email: "d@example.com" },
  ]);
  const second = await bench.run();
  expect(second).toMatchObject({ received: 5, rejected: 4, unchanged: 1, writes: 0 });
  expect(second.problems.map(({ key, code }) => [key, code]).sort()).toEqual([
    ["", "key_empty"],
    ["", "key_empty"],
    ["1", "key_doubled"],
    ["1", "key_doubled"],
  ]);
  expect((await bench.rows("contact"))[0]).toMatchObject({ lastname: "Name 1", emailaddress1: "a@example.com" });
  bench.source("people", [person("1", "new@example.com"), person("2", "b@example.com")]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, rejected: 0, writes: 1 });
});

test("a key and a match of several columns: all of them tell rows and records apart", async () => {
  await bench.begin(
    {
      "models/people.yaml": "connection: data\ntable: people\nkey: [country, id]\n",
      "syncs/people.yaml": peopleSync({
        match: ["externaluseridentifier", "address1_country"],
        mapping: { address1_country: "country" },
      }),
    },
    { keyed: false },
  );
  const row = (country: string, id: string, name: string) => ({ country, id, name, email: null });
  const rows = [row("CH", "1", "Ana"), row("DE", "1", "Ben"), row("DE", "2", "Cleo")];
  bench.source("people", rows);
  expect(await bench.run()).toMatchObject({ created: 3, rejected: 0, writes: 3 });
  bench.source("people", [row("CH", "1", "Anna"), ...rows.slice(1), row("DE", "2", "Doubled")]);
  const second = await bench.run();
  expect(second).toMatchObject({ received: 4, updated: 1, unchanged: 1, rejected: 2, writes: 1 });
  expect(second.problems).toMatchObject([{ key: '["DE","2"]', code: "key_doubled" }, { key: '["DE","2"]' }]);
});
