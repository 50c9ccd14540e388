import type { Operation } from "../../operation.ts";
import { comparable } from "../collation.ts";
import type { Environment } from "../environment.ts";
import { foldForLike, likeTest } from "../like.ts";
import type { Table } from "../model.ts";
import { dateRange, dayRange, fiscalPeriodOf, isWithin } from "../query/date-ranges.ts";
import type { Cell } from "../row.ts";
import { fetchErrors } from "./errors.ts";
import type { Field } from "./field.ts";
import { idsAbove, idsUnder, teamsOf } from "./hierarchy.ts";
import { conditionValue, countValue, dateValue, isText } from "./values.ts";

/** Who asks, and when: what operators such as `eq-userid` and `today` go by. */
export type Scope = { environment: Environment; user: string; now: number };

/** One condition, looked up: `label` is `table.column`, `values` the texts it was given. */
export type Asked = { scope: Scope; table: Table; field: Field; label: string; values: string[] };

/** Whether a value is in. Null is only ever in where the operator is a negation: FetchXML's `ne` keeps empty rows. */
export type ValueTest = (value: Cell) => boolean;

/** `takes`: how many values; "many" is one or more. */
type Operator = { takes: 0 | 1 | 2 | "many"; does: string; make: (asked: Asked) => ValueTest };

const not =
  (make: Operator["make"]): Operator["make"] =>
  (asked) => {
    const test = make(asked);
    return (value) => !test(value);
  };

function inSet(ids: (asked: Asked) => Set<string>): Operator["make"] {
  return (asked) => {
    const wanted = ids(asked);
    return (value) => typeof value === "string" && wanted.has(value);
  };
}

function compared(decide: (a: Exclude<Cell, null>, b: Exclude<Cell, null>) => boolean): Operator["make"] {
  return ({ field, label, values }) => {
    const wanted = conditionValue(field, label, values[0]!);
    const read = isText(field) ? comparable : (value: Cell) => value;
    return (value) => {
      const held = read(value);
      return held !== null && wanted !== null && decide(held, wanted);
    };
  };
}

function anyOf({ field, label, values }: Asked): ValueTest {
  const wanted = new Set(values.map((text) => conditionValue(field, label, text)));
  const read = isText(field) ? comparable : (value: Cell) => value;
  return (value) => value !== null && wanted.has(read(value));
}

function between({ field, label, values }: Asked): ValueTest {
  const [low, high] = values.map((text) => conditionValue(field, label, text));
  const read = isText(field) ? comparable : (value: Cell) => value;
  return (value) => {
    const held = read(value);
    return held !== null && held >= low! && held <= high!;
  };
}

function like(before: string, after: string): Operator["make"] {
  return ({ values }) => {
    const test = likeTest(before + values[0]! + after);
    return (value) => value !== null && test(foldForLike(String(value)));
  };
}

function containsAny({ field, label, values }: Asked): ValueTest {
  if (field.kind !== "choices") throw fetchErrors.operatorType("ContainValues", label);
  const wanted = new Set(values.map((text) => text.trim()));
  return (value) => typeof value === "string" && value.split(",").some((each) => wanted.has(each));
}

function ranged(name: string): Operator["make"] {
  return ({ field, label, scope, values }) => {
    requireDate(field, label, name);
    const [x, y] = values.map(countValue);
    const range = dateRange(name, scope.now, x, y);
    return (value) => typeof value === "string" && isWithin(range, value);
  };
}

function onDay(name: "On" | "OnOrAfter" | "OnOrBefore"): Operator["make"] {
  return ({ field, label, values }) => {
    requireDate(field, label, name);
    const range = dayRange(name, dateValue(values[0]!));
    return (value) => typeof value === "string" && isWithin(range, value);
  };
}

function requireDate(field: Field, label: string, name: string): void {
  if (!["date", "datetime", "zoneless"].includes(field.kind)) throw fetchErrors.operatorType(name, label);
}

function inFiscalPeriod({ field, label, values }: Asked): ValueTest {
  requireDate(field, label, "InFiscalPeriod");
  const period = countValue(values[0]!);
  return (value) => typeof value === "string" && fiscalPeriodOf(value) === period;
}

/** The table whose hierarchy a column is about: its own for the primary key, else where the lookup leads. */
function hierarchyOf({ scope, table, field, label }: Asked): Table {
  const target = field.name === table.idColumn ? table : scope.environment.tables.get(field.column.targets?.[0] ?? "");
  if (!target) throw fetchErrors.operatorType("Under", label);
  return target;
}

function hierarchy(walk: typeof idsUnder, itself: boolean): Operator["make"] {
  return inSet((asked) => {
    const id = String(conditionValue(asked.field, asked.label, asked.values[0]!));
    const found = walk(hierarchyOf(asked), id);
    return itself ? found.add(id) : found;
  });
}

const me = ({ scope }: Asked) => new Set([scope.user]);
const myTeams = ({ scope }: Asked) => teamsOf(scope.environment, scope.user);
const myPeople = ({ scope }: Asked) =>
  idsUnder(scope.environment.tables.get("systemuser")!, scope.user).add(scope.user);
const myBusiness = ({ scope }: Asked) => new Set([scope.environment.businessUnit]);

/** Relative dates: the operator, and the name the shared table of stretches knows it by. */
const RELATIVE: [takes: 0 | 1 | 2, operators: string][] = [
  [0, "today yesterday tomorrow last-seven-days next-seven-days"],
  [0, "last-week this-week next-week last-month this-month next-month last-year this-year next-year"],
  [0, "last-fiscal-period this-fiscal-period next-fiscal-period last-fiscal-year this-fiscal-year next-fiscal-year"],
  [1, "last-x-hours last-x-days last-x-weeks last-x-months last-x-years last-x-fiscal-periods last-x-fiscal-years"],
  [1, "next-x-hours next-x-days next-x-weeks next-x-months next-x-years next-x-fiscal-periods next-x-fiscal-years"],
  [1, "olderthan-x-minutes olderthan-x-hours olderthan-x-days olderthan-x-weeks olderthan-x-months olderthan-x-years"],
  [1, "in-fiscal-year"],
  [2, "in-fiscal-period-and-year in-or-before-fiscal-period-and-year in-or-after-fiscal-period-and-year"],
];

function rangeName(operator: string): string {
  const words = operator.replace("olderthan", "older-than").replace("seven", "7").split("-");
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

const relative = RELATIVE.flatMap(([takes, operators]) =>
  operators.split(" ").map((name): [string, Operator] => {
    return [name, { takes, does: "dates within the stretch, by the sandbox's clock", make: ranged(rangeName(name)) }];
  }),
);

const ne = not(compared((a, b) => a === b));

/** Every condition operator of the reference page "condition operator values". */
export const OPERATORS: Map<string, Operator> = new Map<string, Operator>([
  ["eq", { takes: 1, does: "equal; text without regard to case", make: compared((a, b) => a === b) }],
  ["ne", { takes: 1, does: "not equal, or empty", make: ne }],
  ["neq", { takes: 1, does: "the older spelling of ne", make: ne }],
  ["gt", { takes: 1, does: "greater", make: compared((a, b) => a > b) }],
  ["ge", { takes: 1, does: "greater or equal", make: compared((a, b) => a >= b) }],
  ["lt", { takes: 1, does: "less", make: compared((a, b) => a < b) }],
  ["le", { takes: 1, does: "less or equal", make: compared((a, b) => a <= b) }],
  ["null", { takes: 0, does: "empty", make: () => (value) => value === null }],
  ["not-null", { takes: 0, does: "not empty", make: () => (value) => value !== null }],
  ["in", { takes: "many", does: "one of the values", make: anyOf }],
  ["not-in", { takes: "many", does: "none of the values, or empty", make: not(anyOf) }],
  ["between", { takes: 2, does: "between two values, both included", make: between }],
  ["not-between", { takes: 2, does: "outside of two values", make: (asked) => outside(between(asked)) }],
  ["like", { takes: 1, does: "matches a pattern with % _ [ ]", make: like("", "") }],
  ["not-like", { takes: 1, does: "does not match, or empty", make: not(like("", "")) }],
  ["begins-with", { takes: 1, does: "begins with the text", make: like("", "%") }],
  ["not-begin-with", { takes: 1, does: "does not begin with it, or empty", make: not(like("", "%")) }],
  ["ends-with", { takes: 1, does: "ends with the text", make: like("%", "") }],
  ["not-end-with", { takes: 1, does: "does not end with it, or empty", make: not(like("%", "")) }],
  ["contain-values", { takes: "many", does: "a multi-select choice has one of the values", make: containsAny }],
  ["not-contain-values", { takes: "many", does: "it has none of them, or is empty", make: not(containsAny) }],
  ["eq-userid", { takes: 0, does: "the caller", make: inSet(me) }],
  ["ne-userid", { takes: 0, does: "not the caller, or empty", make: not(inSet(me)) }],
  ["eq-userteams", { takes: 0, does: "a team of the caller", make: inSet(myTeams) }],
  ["eq-useroruserteams", { takes: 0, does: "the caller or a team of theirs", make: inSet(union(me, myTeams)) }],
  ["eq-useroruserhierarchy", { takes: 0, does: "the caller or a user under them", make: inSet(myPeople) }],
  [
    "eq-useroruserhierarchyandteams",
    { takes: 0, does: "the caller, users under them, their teams", make: inSet(union(myPeople, myTeams)) },
  ],
  ["eq-businessid", { takes: 0, does: "the caller's business unit", make: inSet(myBusiness) }],
  ["ne-businessid", { takes: 0, does: "another business unit, or empty", make: not(inSet(myBusiness)) }],
  ["eq-userlanguage", { takes: 0, does: "the caller's language, 1033", make: () => (value) => value === 1033 }],
  ["under", { takes: 1, does: "below a row of the hierarchy", make: hierarchy(idsUnder, false) }],
  ["eq-or-under", { takes: 1, does: "the row or below it", make: hierarchy(idsUnder, true) }],
  ["not-under", { takes: 1, does: "not below the row", make: not(hierarchy(idsUnder, false)) }],
  ["above", { takes: 1, does: "above a row of the hierarchy", make: hierarchy(idsAbove, false) }],
  ["eq-or-above", { takes: 1, does: "the row or above it", make: hierarchy(idsAbove, true) }],
  ["on", { takes: 1, does: "on the day", make: onDay("On") }],
  ["on-or-after", { takes: 1, does: "on the day or later", make: onDay("OnOrAfter") }],
  ["on-or-before", { takes: 1, does: "on the day or earlier", make: onDay("OnOrBefore") }],
  ["in-fiscal-period", { takes: 1, does: "in that fiscal period of any year", make: inFiscalPeriod }],
  ...relative,
]);

function outside(test: ValueTest): ValueTest {
  return (value) => value !== null && !test(value);
}

function union(...sets: ((asked: Asked) => Set<string>)[]): (asked: Asked) => Set<string> {
  return (asked) => new Set(sets.flatMap((make) => [...make(asked)]));
}

/** Compiles one condition against values. Throws 400 for an unknown operator or a wrong number of values. */
export function valueTest(operator: string, asked: Asked): ValueTest {
  const found = OPERATORS.get(operator);
  if (!found) throw fetchErrors.operator(operator);
  const { takes } = found;
  const given = asked.values.length;
  if (takes === 1 && given === 0) throw fetchErrors.noValue(asked.label);
  if (takes === "many" ? given === 0 : takes !== 0 && given !== takes) {
    throw fetchErrors.valueCount(operator, takes === "many" ? 1 : takes, given, asked.label);
  }
  return found.make(asked);
}

/** The operators as the support matrix lists them: `condition eq`, `condition last-x-days`, ... */
export const CONDITION_OPERATIONS: Operation[] = [...OPERATORS].map(([name, { does }]) => ({
  name: `condition ${name}`,
  does,
  source: "fetchxml/reference/operators",
}));
