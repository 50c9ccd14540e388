import { expect, test } from "vitest";
import { mostRows } from "./limit.ts";
import { type Figures, judge, type Says } from "./rules.ts";

const calm: Figures = {
  received: 1000,
  known: 1000,
  audiences: [{ name: "vip", before: 10, now: 9 }],
  leaves: { all: 50, deleted: 50, changed: 0, exits: 0 },
  changes: { known: 1000, first: 50, met: 900 },
  moved: [],
  requests: 5000,
  undone: undefined,
};
const says: Says = { onLeave: "delete" };
const moved = ["The mapping is another."];

test.each<[string, Partial<Figures>, Partial<Says>, string[]]>([
  ["a calm day", {}, {}, []],
  ["a first run into an empty table", { known: 0, changes: { known: 0, first: 0, met: 0 }, leaves: none() }, {}, []],
  [
    "a first run that finds ten to change",
    { known: 0, changes: { known: 0, first: 10, met: 500 }, leaves: none() },
    {},
    [],
  ],
  ["an empty source", { received: 0 }, {}, ["source_empty"]],
  [
    "an empty source that never had rows",
    { received: 0, known: 0, leaves: none(), changes: { known: 0, first: 0, met: 0 } },
    {},
    [],
  ],
  ["an audience that lost all", { audiences: [{ name: "vip", before: 1, now: 0 }] }, {}, ["audience_empty"]],
  ["an audience that never had any", { audiences: [{ name: "vip", before: 0, now: 0 }] }, {}, []],
  [
    "one leaver more than the share",
    { leaves: { all: 51, deleted: 0, changed: 51, exits: 0 } },
    {},
    ["too_many_leaves"],
  ],
  [
    "one delete more",
    { leaves: { all: 51, deleted: 51, changed: 0, exits: 0 } },
    {},
    ["too_many_leaves", "too_many_deletes"],
  ],
  [
    "deletes within the leave limit",
    { leaves: { all: 90, deleted: 90, changed: 0, exits: 0 } },
    { leaveLimit: "10 %" },
    [],
  ],
  ["deletes beyond their own limit", {}, { deleteLimit: 49 }, ["too_many_deletes"]],
  [
    "no delete allowed at all",
    { leaves: { all: 1, deleted: 1, changed: 0, exits: 0 } },
    { deleteLimit: 0 },
    ["too_many_deletes"],
  ],
  ["more met records to change than a few", { changes: { known: 0, first: 51, met: 60 } }, {}, ["first_contact"]],
  ["as many changes as the limit says", {}, { changeLimit: 1050 }, []],
  ["more changes than the limit says", {}, { changeLimit: 1049 }, ["too_many_changes"]],
  ["a share of known and met records", {}, { changeLimit: "55 %" }, ["too_many_changes"]],
  [
    "all may be changed, first contact included",
    { changes: { known: 0, first: 900, met: 900 } },
    { changeLimit: "100 %" },
    [],
  ],
  ["a mapping that is another", { moved }, {}, ["too_many_changes"]],
  ["one that changes few", { moved, changes: { known: 50, first: 0, met: 0 } }, {}, []],
  ["requests as many as allowed", {}, { requestLimit: 5000 }, []],
  ["one request more", {}, { requestLimit: 4999 }, ["request_budget"]],
  ["a sync that was undone", { undone: { run: "r1", at: "2026-01-01T00:00:00Z", by: "Ana" } }, {}, ["undone"]],
])("%s", (_, change, more, codes) => {
  const found = judge({ ...calm, ...change }, { ...says, ...more }, { sync: "people", model: "persons" });
  expect(found.map((f) => f.code)).toEqual(codes);
});

function none(): Figures["leaves"] {
  return { all: 0, deleted: 0, changed: 0, exits: 0 };
}

test("figures and reasons are in the words", () => {
  const told = (change: Partial<Figures>, more: Partial<Says> = {}) =>
    judge({ ...calm, ...change }, { ...says, ...more }, { sync: "people", model: "persons" }).map((f) => f.message);
  expect(told({ leaves: { all: 60, deleted: 0, changed: 20, exits: 45 } }, { onLeave: "clear" })).toEqual([
    "60 of 1000 known rows would leave (20 cleared, 45 taken out of an audience); this sync lets 50 leave in one run.",
  ]);
  expect(told({ moved })).toEqual([
    "1000 of 1000 records would be changed; this sync lets 50 be changed in one run. The mapping is another.",
  ]);
  expect(told({ received: 0 })).toEqual(["The model persons came back empty, though 1000 of its rows are known."]);
});

test("a limit is a number of rows, or a share of them, rounded down; unless said, a share and always a few", () => {
  expect(mostRows(7, 1000)).toBe(7);
  expect(mostRows(0, 1000)).toBe(0);
  // Exactly so many, whatever a computer makes of 4.6 / 100.
  for (let tenths = 0; tenths <= 1000; tenths++)
    for (const of of [1000, 1500, 100_000, 10_000_000])
      expect(mostRows(`${tenths / 10} %`, of), `${tenths / 10} % of ${of}`).toBe(
        Number((BigInt(tenths) * BigInt(of)) / 1000n),
      );
  expect(mostRows("5 %", 1000)).toBe(50);
  expect(mostRows("2.5%", 199)).toBe(4);
  expect(mostRows("100 %", 0)).toBe(0);
  expect(mostRows(undefined, 100)).toBe(10);
  expect(mostRows(undefined, 1000)).toBe(50);
});
