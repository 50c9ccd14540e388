import { expect, test } from "vitest";
import type { Column, ObjectSchema } from "../core/schema.ts";
import { columnDrift, type Relied, reliedOn, tableDrift } from "./drift.ts";
import type { Shape } from "./shape.ts";

const column = (more: Partial<Column>): Column => ({
  name: "tier",
  title: "Tier",
  uid: "1",
  type: "text",
  required: false,
  create: true,
  update: true,
  ...more,
});
const object = (columns: Column[], more: Partial<ObjectSchema> = {}): ObjectSchema => ({
  name: "contact",
  title: "Contact",
  set: "contacts",
  id: "contactid",
  label: "fullname",
  columns,
  keys: [{ name: "tier_key", columns: ["tier"], active: true }],
  can: { bulk: true, deltas: true },
  ...more,
});
const shape = (of: ObjectSchema) => {
  const target = of.columns[0]!;
  return {
    object: of,
    columns: [{ name: target.name, target }],
    parties: [] as Shape["parties"],
    memberships: [] as Shape["memberships"],
    match: [{ name: "tier" }],
  } as Shape;
};
const relied = (was: Column, more: Partial<ObjectSchema> = {}): Relied => reliedOn(shape(object([was], more)), "here");

const gold = { value: 3, label: "Gold", labels: ["Gold", "Oro"] };
const cases: [what: string, was: Partial<Column>, now: Partial<Column> | null, says: string | null, more?: object][] = [
  ["nothing", {}, {}, null],
  ["a longer text", { maxLength: 20 }, { maxLength: 50 }, null],
  ["a wider range", { min: 0, max: 5 }, { min: -1, max: 9 }, null],
  [
    "a first limit",
    {},
    { maxLength: 5 },
    "contact.tier takes 5 characters now, no longer any number: longer values are refused.",
  ],
  ["another title", {}, { title: "Rank" }, null],
  ["a new option", { choices: [gold] }, { choices: [gold, { value: 4, label: "Tin" }] }, null],
  ["a removed column", {}, null, "contact.tier is not there any more.", { stops: true }],
  [
    "a column that is calculated now",
    {},
    { create: false, update: false, computed: "calculated" },
    "contact.tier cannot be written any more: it is a calculated column.",
    { stops: true },
  ],
  [
    "another type",
    {},
    { type: "integer" },
    "contact.tier was of type text and is of type integer now; its values went with it, so every record is compared once more.",
    { anew: true },
  ],
  [
    "a column of the same name",
    {},
    { uid: "2" },
    "contact.tier was removed and made anew; its values went with it, so every record is compared once more.",
    { anew: true },
  ],
  [
    "a shorter text",
    { maxLength: 50 },
    { maxLength: 20 },
    "contact.tier takes 20 characters now, no longer 50: longer values are refused.",
  ],
  [
    "a narrower range",
    { min: 0, max: 9 },
    { min: 0, max: 5 },
    "contact.tier takes 0 to 5 now, no longer 0 to 9: other values are refused.",
  ],
  ["fewer digits", { precision: 4 }, { precision: 2 }, "contact.tier keeps 2 digits after the point now, no longer 4."],
  [
    "more digits",
    { precision: 2 },
    { precision: 4 },
    "contact.tier keeps 4 digits after the point now, no longer 2: values of the source that have more than 2 are sent once more.",
  ],
  [
    "another behaviour of dates",
    { type: "datetime", behavior: "UserLocal" },
    { type: "datetime", behavior: "TimeZoneIndependent" },
    "contact.tier is TimeZoneIndependent now, no longer UserLocal.",
  ],
  [
    "a time that is a day now, with its values",
    { type: "datetime", behavior: "UserLocal" },
    { type: "date" },
    "contact.tier was of type datetime and is of type date now; every record is compared once more.",
    { anew: true },
  ],
  [
    "a time of which forms show the day alone",
    { type: "datetime", behavior: "UserLocal" },
    { type: "datetime", behavior: "UserLocal", dateOnly: true },
    "contact.tier shows days without their times now: those of the source are sent as days.",
  ],
  [
    "and with its time again",
    { type: "datetime", behavior: "UserLocal", dateOnly: true },
    { type: "datetime", behavior: "UserLocal", dateOnly: false },
    "contact.tier shows days with their times now: those of the source are sent with them.",
  ],
  [
    "a column that must be filled",
    {},
    { required: true },
    "contact.tier must be filled now: rows that leave it empty are refused.",
  ],
  [
    "a removed option",
    { choices: [gold] },
    { choices: [] },
    "contact.tier has no option 3 Gold any more: rows with it are refused.",
  ],
  [
    "a renamed option",
    { choices: [gold] },
    { choices: [{ value: 3, label: "Platinum", labels: ["Platinum", "Oro"] }] },
    'contact.tier calls option 3 "Platinum" now: rows that say "Gold" are refused.',
  ],
  [
    "a target that is gone",
    { type: "lookup", targets: [{ object: "account", set: "accounts", navigation: "tier_account" }] },
    { type: "lookup", targets: [] },
    "contact.tier cannot point at account any more.",
  ],
];

test.each(cases)("%s", (_, was, now, says, more = {}) => {
  const old = column(was);
  const found = columnDrift(relied(old), object(now === null ? [] : [{ ...old, ...now }]));
  expect(found).toEqual(says === null ? [] : [{ column: "tier", what: says, stops: false, ...more }]);
});

test("a table without a column's uid, as an older Sluice wrote it, is compared as far as it goes", () => {
  const { uid: _, ...old } = column({});
  expect(columnDrift(relied(old), object([column({})]))).toEqual([]);
});

test("a new enforced column stops whoever makes records", () => {
  const now = object([column({}), column({ name: "code", required: true })]);
  const what = "contact takes no new record without code now, and the sync does not map it.";
  const uses = (creates: boolean) => ({ mapped: new Set(["tier"]), match: ["tier"], creates });
  expect(tableDrift(relied(column({})), now, uses(true))).toEqual([{ column: "code", what, stops: true }]);
  expect(tableDrift(relied(column({})), now, uses(false))).toEqual([]);
  expect(tableDrift(reliedOn(shape(now), "here"), now, uses(true))).toEqual([]);
});

test("a lost key, lost bulk messages and lost change tracking are told", () => {
  const was = relied(column({}));
  const told = (more: Partial<ObjectSchema>) =>
    tableDrift(was, object([column({})], more), { mapped: new Set(), match: ["tier"], creates: true }).map(
      (d) => d.what,
    );
  expect(told({})).toEqual([]);
  expect(told({ keys: [] })).toEqual([
    "The key tier_key of contact is gone: nothing there guards against doubled records.",
  ]);
  expect(told({ keys: [{ name: "tier_key", columns: ["tier"], active: false }] })).toEqual([
    "The key tier_key of contact is not active: until it is, nothing there guards against doubled records.",
  ]);
  expect(told({ keys: [{ name: "other", columns: ["tier"], active: true }] })).toEqual([]);
  expect(told({ can: { bulk: false, deltas: false } })).toHaveLength(2);
});
