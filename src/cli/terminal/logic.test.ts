import { expect, test } from "vitest";
import type { ExpectedLogic } from "../../core/logic.ts";
import { logicLines } from "./logic.ts";

const step = { object: "contact", op: "create", kind: "plug-in step", name: "Greet", rows: 1200 } as const;
const runs: ExpectedLogic["runs"] = [
  { ...step, atMost: false, sync: true, leftOut: false },
  { ...step, op: "update", kind: "flow", name: "Welcome", rows: 7, atMost: true, sync: false, leftOut: true },
];

test("each thing by name, when it runs, and whether the connection leaves it out; then the audit and what is not known", () => {
  const audit: ExpectedLogic["audit"] = [
    { object: "contact", op: "create", rows: 1200 },
    { object: "contact", op: "update", rows: 5 },
  ];
  expect(logicLines({ runs, audit, unknown: ["Workflows could not be looked at."] })).toEqual([
    "these run by themselves, row by row:",
    "  on         rows  starts",
    '  create    1,200  plug-in step "Greet", within the write',
    '  update  up to 7  flow "Welcome", afterwards; left out by the connection',
    "rows that go into the audit history: create 1,200, update 5",
    "Workflows could not be looked at.",
  ]);
});

test("of several tables each line has its own; of nothing nothing is said", () => {
  const both = [...runs, { ...runs[0]!, object: "account" }];
  expect(logicLines({ runs: both, audit: [], unknown: [] })).toContainEqual(
    expect.stringMatching(/^ {2}account +create/),
  );
  expect(logicLines({ runs: [], audit: [], unknown: [] })).toEqual([]);
});
