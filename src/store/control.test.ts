import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Control, openControl } from "./control.ts";
import { migrations } from "./migrate.ts";
import { endRun, insertRun, latestRun, listRuns, saveProgress, transitions } from "./runs.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
let control: Control;
beforeAll(async () => {
  control = await openControl(folder);
});
afterAll(async () => {
  await control.destroy();
  rmSync(folder, { recursive: true });
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const begin = (id: string, second: number, kind: "run" | "plan" = "run", environment = "default") =>
  insertRun(control, { id, environment, sync: "people", kind, started: at(second) });

const counts = {
  received: 3,
  created: 2,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  excluded: 0,
  rejected: 1,
  failed: 0,
  writes: 2,
  requests: 7,
  seconds: 0.25,
};

test("a run comes back as it was written", async () => {
  await begin("a", 1);
  await saveProgress(control, "a", { phase: "deliver", done: 1, total: 2 });
  await endRun(control, "a", "finished", { finished: at(2), counts });
  const [run] = await listRuns(control, { environment: "default", sync: "people", limit: 5 });
  expect(run).toEqual({
    id: "a",
    environment: "default",
    sync: "people",
    kind: "run",
    status: "finished",
    started: at(1),
    finished: at(2),
    counts,
    plan: null,
    error: null,
  });
});

test("the latest run is the newest that ended in its own way; plans and other environments are none", async () => {
  await begin("b", 3);
  await endRun(control, "b", "failed", {
    finished: at(4),
    error: { kind: "auth", code: "secret_wrong", message: "no", remedy: "yes" },
  });
  await begin("c", 5, "plan");
  await endRun(control, "c", "finished", { finished: at(6) });
  await begin("d", 7, "run", "production");
  await endRun(control, "d", "finished", { finished: at(8), counts });
  expect(await latestRun(control, "default", "people")).toBe("a");
  expect(await latestRun(control, "production", "people")).toBe("d");
  expect(await latestRun(control, "default", "nobody")).toBeUndefined();
  const listed = await listRuns(control, { environment: "default", limit: 2 });
  expect(listed.map((run) => run.id)).toEqual(["c", "b"]);
  expect(listed[1]?.error).toMatchObject({ code: "secret_wrong" });
});

test("what has ended cannot end again, in whatever way", async () => {
  for (const { to } of transitions)
    await expect(endRun(control, "a", to, { finished: at(9) })).rejects.toThrow(/run a is not in a state/);
  const final = new Set(transitions.map((arrow) => arrow.to));
  for (const { from } of transitions) expect(final).not.toContain(from);
});

test("reopening keeps everything and marks what its process left running", async () => {
  await begin("e", 10);
  await control.destroy();
  control = await openControl(folder);
  const [run] = await listRuns(control, { environment: "default", limit: 1 });
  expect(run).toMatchObject({ id: "e", status: "interrupted", finished: expect.any(Date) });
  expect(await latestRun(control, "default", "people")).toBe("a");
});

test("migrations are numbered without a gap, and a database from the future is refused", async () => {
  expect(migrations().map(({ id }) => id)).toEqual(migrations().map((_, i) => i + 1));
  await control.insertInto("migration").values({ id: 9999, file: "9999_future.sql" }).execute();
  await control.destroy();
  await expect(openControl(folder)).rejects.toMatchObject({ code: "state_newer" });
});

test("a folder in whose place a file lies is named", async () => {
  const other = mkdtempSync(join(tmpdir(), "sluice-test-"));
  writeFileSync(join(other, "control"), "");
  await expect(openControl(other)).rejects.toMatchObject({
    code: "state_unwritable",
    message: expect.stringContaining(other),
  });
  rmSync(other, { recursive: true });
});
