import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Ended, sluice } from "../sluice-process.ts";
import { useWorkbench, withFirms } from "../workbench.ts";

/** The last run of one sync is damaged: what is asked about all syncs is answered for the others, and the damage is told. */

const bench = useWorkbench();
const csv = () => join(bench.folder, "rejected.csv");
const rejected = (...args: string[]): Promise<Ended> => sluice(bench, "rejected", ...args).ended;
const outcomeOf = (sync: string) => {
  const runs = join(bench.folder, ".sluice/default", sync, "runs");
  return join(runs, readdirSync(runs).sort().at(-1)!, "outcome.parquet");
};

beforeAll(async () => {
  await bench.begin(withFirms);
  bench.source("firms", [{ no: "F1", title: "x".repeat(161) }]);
  bench.source("people", [{ id: "1", name: "x".repeat(51), email: null, firm: null }]);
  expect(await bench.run()).toMatchObject({ received: 2, rejected: 2 });
});

// One project through its life: each test goes on where the one before it ended.
test("nothing is damaged: all are told", async () => {
  const whole = await rejected("--json");
  expect(whole).toMatchObject({ status: 0, last: { groups: [{ sync: "firms" }, { sync: "people" }] } });
});

test("firms are damaged: people are told, in every form, and the file is named", async () => {
  truncateSync(outcomeOf("firms"), 10);
  const damage = { error: { code: "state_broken", message: expect.stringContaining(outcomeOf("firms")) } };
  const groups = await rejected("--json");
  expect(groups).toMatchObject({ status: 2, last: { ...damage, runs: [{ sync: "people" }] } });
  expect(groups.last.groups).toMatchObject([{ sync: "people", code: "too_long" }]);
  const rows = await rejected("--rows", "--json");
  expect(rows).toMatchObject({ status: 2, last: { ...damage, rows: [{ sync: "people", key: "1" }] } });
  const curl = await rejected("--curl", "--key", "1", "--json");
  expect(curl).toMatchObject({ status: 2, last: { ...damage, requests: [{ sync: "people", key: "1" }] } });
  const file = await rejected("--out", csv(), "--json");
  expect(file).toMatchObject({ status: 2, last: { ...damage, file: { path: csv(), rows: 1 } } });
  expect(readFileSync(csv(), "utf8")).toMatch(/^sync,.*\npeople,[^\n]*\n$/);
  const read = await rejected();
  expect(read).toMatchObject({ status: 2, stderr: expect.stringContaining(outcomeOf("firms")) });
  expect(read.stdout).toContain("too_long");
});

test("both are damaged: both are named, and no file is written", async () => {
  truncateSync(outcomeOf("people"), 10);
  const other = join(bench.folder, "other.csv");
  const { status, last } = await rejected("--out", other, "--json");
  expect({ status, ...last }).toMatchObject({
    status: 2,
    error: { code: "state_broken", message: expect.stringContaining(outcomeOf("firms")) },
    others: [{ code: "state_broken", message: expect.stringContaining(outcomeOf("people")) }],
  });
  expect(last.runs).toBeUndefined();
  expect(existsSync(other)).toBe(false);
});
