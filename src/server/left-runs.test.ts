import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { statePlaces } from "../store/folder.ts";
import { isRunId, latestLeft, leftRun } from "./left-runs.ts";
import { newRunId } from "./run-id.ts";

const ids = Array.from({ length: 3 }, () => newRunId());
let state: string;

beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "sluice-left-"));
  for (const id of ids) mkdirSync(join(state, "default", "people", "runs", id), { recursive: true });
  mkdirSync(join(state, "default", "people", "runs", "lost+found"));
  mkdirSync(join(state, "default", "firms"));
  writeFileSync(join(state, "default", "people", "runs", ids[1]!, "outcome.parquet"), "");
});
afterAll(() => rmSync(state, { recursive: true }));

test("the latest run is the one that last told what became of its rows", () => {
  const places = statePlaces(state);
  expect(latestLeft(places, "default", "people")).toMatchObject({ sync: "people", run: ids[1] });
  expect(latestLeft(places, "default", "firms")).toBeUndefined();
  expect(latestLeft(statePlaces(join(state, "none")), "default", "people")).toBeUndefined();
});

test("a run is found by its id, in its own environment alone", () => {
  const places = statePlaces(state);
  expect(ids.every(isRunId)).toBe(true);
  expect(isRunId("people")).toBe(false);
  expect(leftRun(places, "default", ids[2]!)).toMatchObject({ sync: "people", run: ids[2] });
  expect(() => leftRun(places, "production", ids[2]!)).toThrow("There is no run");
  for (const way of ["..", "lost+found", "../../firms"])
    expect(() => leftRun(places, "default", way)).toThrow("There is no run");
});

test("a folder of a newer Sluice is not read", () => {
  writeFileSync(join(state, "format"), "99\n");
  expect(() => statePlaces(state)).toThrow("newer");
});
