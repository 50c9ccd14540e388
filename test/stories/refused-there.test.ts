import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What only Dynamics can know: a plug-in refuses one row, somebody takes a key, a privilege is missing. */

const bench = useWorkbench();
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: `${n}@example.com` }));
const plugin = { table: "contact", column: "lastname", equals: "Evil", throws: "Evil names are not welcome here." };

test("a plug-in refuses one row of 250: the others go; it is asked again on growing numbers of runs", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", plugin);
  const rows = people(250);
  rows[57]!.name = "Evil";
  bench.source("people", rows);
  const first = await bench.run();
  expect(first).toMatchObject({ received: 250, created: 249, rejected: 1, failed: 0, writes: 249 });
  expect(first.problems).toMatchObject([{ key: "57", status: "rejected", code: "refused", wake: "destination" }]);
  expect(first.problems[0]?.message).toContain(plugin.throws);
  // Three batches; the refused one again in groups, and the bad group row by row.
  expect(first.log).toHaveLength(5);

  const asked: number[] = [];
  for (let n = 0; n < 4; n++) {
    const ran = await bench.run();
    expect(ran).toMatchObject({ received: 250, unchanged: 249, rejected: 1, writes: 0 });
    expect(ran.problems).toMatchObject([{ key: "57", code: "refused" }]);
    asked.push(ran.log.length);
  }
  expect(asked).toEqual([1, 0, 1, 0]);

  await bench.control("DELETE", "plugins");
  const waits = [await bench.run(), await bench.run(), await bench.run()];
  expect(waits.map((ran) => ran.created)).toEqual([0, 0, 1]);
  expect(await bench.run()).toMatchObject({ unchanged: 250, rejected: 0, writes: 0 });
});

test("an update that is refused leaves the row's other changes waiting, and goes at once when the row changes", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", plugin);
  const rows = people(3);
  bench.source("people", rows);
  await bench.run();
  bench.source("people", [
    { ...rows[0]!, name: "Evil", email: "new@example.com" },
    { ...rows[1]!, name: "Fine" },
    rows[2]!,
  ]);
  expect(await bench.run()).toMatchObject({ updated: 1, rejected: 1, unchanged: 1, writes: 1 });
  expect((await bench.rows("contact"))[0]).toMatchObject({ lastname: "Name 0", emailaddress1: "0@example.com" });
  bench.source("people", [
    { ...rows[0]!, name: "Good", email: "new@example.com" },
    { ...rows[1]!, name: "Fine" },
    rows[2]!,
  ]);
  expect(await bench.run()).toMatchObject({ updated: 1, rejected: 0, unchanged: 2, writes: 1 });
  expect((await bench.rows("contact"))[0]).toMatchObject({ lastname: "Good", emailaddress1: "new@example.com" });
});

test("another row of the table holds the value of a key that we do not match by: refused by name, the others go", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ match: "emailaddress1" }) });
  await bench.control("POST", "seed", {
    table: "contact",
    rows: [{ externaluseridentifier: "1", lastname: "By hand" }],
  });
  bench.source("people", people(3));
  const first = await bench.run();
  expect(first).toMatchObject({ received: 3, created: 2, writes: 2 });
  expect(first.rejected + first.failed).toBe(1);
  expect(first.problems).toMatchObject([{ key: "1" }]);
  const second = await bench.run();
  expect(second).toMatchObject({ unchanged: 2, created: 0, writes: 0 });
  expect(await bench.rows("contact")).toHaveLength(3);
});

test("a missing privilege stops the run by name; what was sent before stays settled, and the rest follows", async () => {
  await bench.begin();
  bench.source("people", people(3));
  await bench.run();
  const changed = people(5);
  changed[0]!.name = "Changed";
  bench.source("people", changed);
  await bench.control("POST", "privileges", { table: "contact", privilege: "Write", allowed: false });
  await expect(bench.run()).rejects.toMatchObject({
    code: "not_allowed",
    message: expect.stringContaining("prvWriteContact"),
  });
  expect(await bench.rows("contact")).toHaveLength(5);
  await bench.control("DELETE", "privileges");
  expect(await bench.run()).toMatchObject({ created: 0, updated: 1, unchanged: 4, writes: 1 });
});

test("rows in a file: the value at fault, which is the match value where the match is, and none where Dynamics refuses", async () => {
  await bench.begin({}, { keyed: false });
  await bench.control("POST", "plugins", plugin);
  const rows = people(3);
  rows[1]!.name = "Evil";
  rows[2]!.name = "x".repeat(51);
  bench.source("people", rows);
  await bench.person("POST", "contacts", { externaluseridentifier: "0", lastname: "One" });
  await bench.person("POST", "contacts", { externaluseridentifier: "0", lastname: "Two" });
  expect(await bench.run()).toMatchObject({ rejected: 3 });
  const out = join(bench.folder, "rejected.csv");
  await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) => client.rejected({ out }));
  const lines = readFileSync(out, "utf8").split("\n").slice(1, 4);
  expect(lines.map((line) => line.split(",").slice(2, 7)).sort()).toEqual([
    ["0", "rejected", "match_ambiguous", "externaluseridentifier", "0"],
    ["1", "rejected", "refused", "", ""],
    ["2", "rejected", "too_long", "lastname", rows[2]!.name],
  ]);
});
