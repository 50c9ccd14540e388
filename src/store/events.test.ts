import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forgetAside, noteEvent, putAside, type RunEvent } from "./events.ts";

test("what another process adds to the file while it is taken over is taken over, too", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const ended = (id: string): RunEvent => ({ type: "ended", id, status: "finished", finished: "2026-01-01T00:00:00Z" });
  noteEvent(folder, ended("a"));
  const other = openSync(join(folder, "runs.ndjson"), "a");
  const taken = putAside(folder);
  expect(taken).toEqual([ended("a")]);
  appendFileSync(other, `\n${JSON.stringify(ended("b"))}`);
  closeSync(other);
  forgetAside(folder, taken.length);
  const all = putAside(folder);
  expect(all).toEqual([ended("a"), ended("b")]);
  forgetAside(folder, all.length);
  expect(putAside(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});
