import { expect, test } from "vitest";
import { what } from "./history.ts";

test("a line says what became of a run, also where nothing was counted", () => {
  const of = { id: "r", environment: "default", sync: "people", started: "", finished: null, counts: null, plan: null };
  const rest = { ...of, error: null, approval: null, resolution: null };
  expect([
    what({ ...rest, kind: "run", status: "interrupted" }),
    what({ ...rest, kind: "rebuild", status: "finished" }),
    what({ ...rest, kind: "verify", status: "finished" }),
    what({ ...rest, kind: "run", status: "finished" }),
  ]).toEqual([
    "its process died; the next run takes up what it sent",
    "the state was made anew",
    "compared",
    "nothing to do",
  ]);
});
