import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A match value that goes from one source row to another. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({ id, name: `Name ${id}`, email: `${id}@example.com`, code: id, ...more });
const begin = (settings = {}) =>
  bench.begin(
    {
      "syncs/people.yaml": peopleSync({
        ...settings,
        match: "emailaddress1",
        mapping: { externaluseridentifier: "code" },
      }),
    },
    { keyed: false },
  );
const mails = async () => (await bench.rows("contact")).map((row) => row.emailaddress1).sort();

test.each([
  ["is gone again", [person("1")], ["1@example.com"]],
  ["gets another match value", [person("1"), person("3")], ["1@example.com", "3@example.com"]],
])(
  "a record that was to be another row's leaves with its own where that one is refused and then %s",
  async (_, later, left) => {
    await begin({ onLeave: "delete", allowDelete: true });
    await bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: "Evil", throws: "No." });
    bench.source("people", [person("1"), person("2")]);
    await bench.run();
    bench.source("people", [person("1"), person("3", { email: "2@example.com", name: "Evil" })]);
    expect(await bench.run()).toMatchObject({ rejected: 1, writes: 0 });
    bench.source("people", later);
    await bench.run();
    expect(await mails()).toEqual(left);
  },
);

test("one that a row is about to have is taken: no second record is made for it", async () => {
  await begin();
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  const mail = "new@example.com";
  bench.source("people", [person("1"), person("2", { email: mail }), person("3", { email: mail })]);
  expect(await bench.run()).toMatchObject({ updated: 1, rejected: 1, problems: [{ code: "match_taken", key: "3" }] });
  expect(await mails()).toEqual(["1@example.com", mail]);
  expect(await bench.run()).toMatchObject({ writes: 0, rejected: 1 });
});
