import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A key refuses a create because somebody's record is there, which holds the very values that were sent. */

const bench = useWorkbench();
const row = (id: string) => ({ id, name: `Name ${id}`, email: `p${id}@example.com` });
const rows = ["1", "2", "3"].map(row);
const byHand = { externaluseridentifier: "2", lastname: "Name 2", emailaddress1: "p2@example.com" };
const byMara = async () =>
  (await bench.rows("contact")).filter(({ description }) => description === "Mara's").map(({ statecode }) => statecode);

/** A run that does not look whether records are there, and meets Mara's. */
async function met(more: Record<string, unknown>): Promise<void> {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mirror: "none", ...more }) });
  await bench.person("POST", "contacts", { ...byHand, description: "Mara's" });
  bench.source("people", rows);
  expect(await bench.runThroughFaults()).toMatchObject({ created: 2, failed: 1, writes: 2 });
  expect(await bench.rows("contact")).toHaveLength(3);
}

test("it counts as failed; undo leaves the record alone, also once the next run has taken it over", async () => {
  await met({});
  const first = bench.latest();
  const shown = await bench.undo({ run: first }, { deleteCreated: true, dryRun: true });
  expect(shown).toMatchObject({ received: 2, plan: { delete: 2 } });
  expect(await bench.run()).toMatchObject({ created: 0, unchanged: 3, failed: 0 });
  const undone = await bench.undo({ run: first }, { deleteCreated: true });
  expect(undone.counts).toMatchObject({ received: 2, deleted: 2 });
  expect(await byMara()).toEqual([0]);
  expect(await bench.rows("contact")).toHaveLength(1);
});

test("where what is there is left alone it is never linked, and stays when its row leaves", async () => {
  await met({ mode: "create", onLeave: "delete", allowDelete: true, leaveLimit: 10 });
  expect(await bench.run()).toMatchObject({ created: 0, failed: 0, rejected: 1 });
  bench.source("people", [row("1")]);
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  expect(await byMara()).toEqual([0]);
});

test("a state lost under `mirror: none`: a rebuild finds every record again", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mirror: "none" }) });
  bench.source("people", rows);
  await bench.run();
  rmSync(join(bench.folder, ".sluice", "default", "people", "rows.duckdb"));
  expect(await bench.rebuild("people")).toMatchObject({ linked: 3, missing: 0 });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});
