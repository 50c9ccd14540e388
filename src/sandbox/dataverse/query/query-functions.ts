import type { Operation } from "../../operation.ts";
import { comparable } from "../collation.ts";
import { errors } from "../errors.ts";
import { idsAbove, idsUnder, teamsOf } from "../fetchxml/hierarchy.ts";
import { GUID } from "../guids.ts";
import { isLookup, type Table } from "../model.ts";
import { isDay, toInstant } from "../records/values.ts";
import type { Cell, Row } from "../row.ts";
import { type DateRange, dateRange, dayRange, fiscalPeriodOf, isWithin, rangeParameters } from "./date-ranges.ts";
import { type Field, membership, memberValue, type Resolve, type Test } from "./evaluate.ts";
import type { Reader } from "./fields.ts";
import type { Call } from "./syntax.ts";

/** One call with its arguments checked: the property it is about, and what stands beside it. */
type Given = { reader: Reader; table: Table; name: string; field: Field<Row>; texts: string[]; numbers: number[] };
type Compile = (given: Given) => Test<Row>;
/** What a function takes beside PropertyName: nothing, whole numbers, a text, or a list. */
type Takes = "" | "number" | "two numbers" | "text" | "list";
type QueryFunction = Operation & { takes: Takes; compile: Compile | undefined };

const SOURCE = "query/filter-rows.md, Web API query function reference";

const entry = (name: string, takes: Takes, does: string, compile: Compile | undefined): QueryFunction => ({
  name,
  takes,
  does,
  source: SOURCE,
  compile,
});

const dates = (names: string, does: string): QueryFunction[] =>
  names.split(" ").map((name) => entry(name, TAKES[rangeParameters(name) ?? 0], does, relativeDate));
const TAKES = ["", "number", "two numbers"] as const;

/** Every query function of Dataverse (`Microsoft.Dynamics.CRM.Name(...)` in $filter). */
const QUERY_FUNCTIONS: QueryFunction[] = [
  entry("Above", "text", "rows above one in its table's hierarchy", hierarchy(idsAbove, false)),
  entry("AboveOrEqual", "text", "the row and those above it", hierarchy(idsAbove, true)),
  entry("Under", "text", "rows below one in its table's hierarchy", hierarchy(idsUnder, false)),
  entry("UnderOrEqual", "text", "the row and those below it", hierarchy(idsUnder, true)),
  entry("NotUnder", "text", "rows not below one", negated(hierarchy(idsUnder, false))),
  entry("Between", "list", "from the first value to the second, both included", between),
  entry("NotBetween", "list", "outside two values", negated(between)),
  entry("In", "list", "one of the values", ({ field, texts }) => membership(field, texts, false)),
  entry("NotIn", "list", "none of the values", ({ field, texts }) => membership(field, texts, true)),
  entry("ContainValues", "list", "a choices column that has any of the values", containValues),
  entry("DoesNotContainValues", "list", "a choices column that has none of the values", negated(containValues)),
  entry("Contains", "text", "full-text search: no delivered table is indexed for it", undefined),
  entry("EqualUserId", "", "the caller", isOneOf(callerOnly)),
  entry("NotEqualUserId", "", "not the caller", negated(isOneOf(callerOnly))),
  entry("EqualBusinessId", "", "the caller's business unit", isOneOf(businessUnit)),
  entry("NotEqualBusinessId", "", "not the caller's business unit", negated(isOneOf(businessUnit))),
  entry("EqualRoleBusinessId", "", "the business unit of the caller's role", undefined),
  entry("EqualUserLanguage", "", "the caller's language, which is 1033", ({ field }) =>
    when(field, (value) => value === 1033),
  ),
  entry("EqualUserTeams", "", "a team of the caller", isOneOf(teams)),
  entry("EqualUserOrUserTeams", "", "the caller or a team of theirs", isOneOf(callerOnly, teams)),
  entry("EqualUserOrUserHierarchy", "", "the caller or who reports to them", isOneOf(callerOnly, reports)),
  entry(
    "EqualUserOrUserHierarchyAndTeams",
    "",
    "the caller, who reports to them, or a team of theirs",
    isOneOf(callerOnly, reports, teams),
  ),
  entry("On", "text", "on the day", onDay),
  entry("NotOn", "text", "not on the day", negated(onDay)),
  entry("OnOrAfter", "text", "on the day or later", onDay),
  entry("OnOrBefore", "text", "on the day or earlier", onDay),
  entry("InFiscalPeriod", "number", "in the nth fiscal period of any year", inFiscalPeriod),
  ...dates("Today Yesterday Tomorrow", "by days, in UTC"),
  ...dates("LastWeek ThisWeek NextWeek", "by weeks, Sunday to Saturday"),
  ...dates("LastMonth ThisMonth NextMonth LastYear ThisYear NextYear", "by months and years"),
  ...dates("Last7Days LastXHours LastXDays LastXWeeks LastXMonths LastXYears", "from so long ago until now"),
  ...dates("Next7Days NextXHours NextXDays NextXWeeks NextXMonths NextXYears", "from now for so long"),
  ...dates(
    "OlderThanXMinutes OlderThanXHours OlderThanXDays OlderThanXWeeks OlderThanXMonths OlderThanXYears",
    "before so long ago",
  ),
  ...dates("LastFiscalPeriod ThisFiscalPeriod NextFiscalPeriod LastXFiscalPeriods NextXFiscalPeriods", "by quarters"),
  ...dates("LastFiscalYear ThisFiscalYear NextFiscalYear LastXFiscalYears NextXFiscalYears InFiscalYear", "by years"),
  ...dates("InFiscalPeriodAndYear", "in the nth fiscal period of a year"),
  ...dates("InOrAfterFiscalPeriodAndYear InOrBeforeFiscalPeriodAndYear", "from, or until the end of, such a period"),
];

/** Those that are built, for the support matrix. */
export const QUERY_FUNCTION_OPERATIONS: Operation[] = QUERY_FUNCTIONS.filter((each) => each.compile !== undefined).map(
  ({ name, does, source }) => ({ name, does, source }),
);

const BY_NAME = new Map(QUERY_FUNCTIONS.map((each) => [each.name, each]));

/** Compiles one call. Throws 400 for a name or arguments that are none, 501 for a function that is not built. */
export function compileCall(reader: Reader, table: Table, resolve: Resolve<Row>, call: Call): Test<Row> {
  const known = BY_NAME.get(call.name);
  // OData finds functions by name and parameters together: with others it is unknown.
  if (!known || !hasParameters(known.takes, call)) throw errors.unknownFunction(`Microsoft.Dynamics.CRM.${call.name}`);
  if (!known.compile) throw errors.notBuilt(`The query function Microsoft.Dynamics.CRM.${call.name}`);
  const property = call.arguments.get("PropertyName")!;
  if (property.kind !== "literal" || property.type !== "string")
    throw wrongParameter(call, "PropertyName", "Edm.String");
  const field = fieldNamed(resolve, [...call.scope, ...String(property.value).split("/")]);
  const { texts, numbers } = values(known.takes, call);
  return known.compile({ reader, table, name: call.name, field, texts, numbers });
}

const PARAMETERS: Record<Takes, string[]> = {
  "": [],
  number: ["PropertyValue"],
  "two numbers": ["PropertyValue1", "PropertyValue2"],
  text: ["PropertyValue"],
  list: ["PropertyValues"],
};

function hasParameters(takes: Takes, call: Call): boolean {
  const wanted = ["PropertyName", ...PARAMETERS[takes]];
  return call.arguments.size === wanted.length && wanted.every((name) => call.arguments.has(name));
}

function values(takes: Takes, call: Call): { texts: string[]; numbers: number[] } {
  const texts: string[] = [];
  const numbers: number[] = [];
  for (const name of PARAMETERS[takes]) {
    const value = call.arguments.get(name)!;
    if (value.kind === "list") {
      if (takes !== "list") throw wrongParameter(call, name, "Edm.String");
      texts.push(...value.values.map((each) => (typeof each === "string" ? each : JSON.stringify(each))));
    } else if (takes === "list") throw wrongParameter(call, name, "Collection(Edm.String)");
    else if (takes === "text") {
      // Days and ids are sent bare as often as quoted.
      if (value.value === null) throw wrongParameter(call, name, "Edm.String");
      texts.push(String(value.value));
    } else {
      // The samples quote numbers (web-api-query-data-sample.md: LastXHours).
      const number = typeof value.value === "string" && /^-?\d+$/.test(value.value) ? Number(value.value) : value.value;
      if (!Number.isSafeInteger(number)) throw wrongParameter(call, name, "Edm.Int64");
      numbers.push(number as number);
    }
  }
  return { texts, numbers };
}

function wrongParameter({ name }: Call, parameter: string, type: string): Error {
  return errors.badQuery(`The value of the parameter '${parameter}' of '${name}' is not of the type '${type}'.`);
}

/** Conditions name columns, so a lookup goes by its column's name as well as by its property's. */
function fieldNamed(resolve: Resolve<Row>, path: string[]): Field<Row> {
  try {
    return resolve(path);
  } catch (error) {
    try {
      return resolve([...path.slice(0, -1), `_${path.at(-1)}_value`]);
    } catch {
      throw error;
    }
  }
}

/** The opposite of a test; an empty value stays neither one nor the other. */
function negated(compile: Compile): Compile {
  return (given) => {
    const test = compile(given);
    return (row) => {
      const truth = test(row);
      return truth === null ? null : !truth;
    };
  };
}

function when(field: Field<Row>, decide: (value: string | number | boolean) => boolean): Test<Row> {
  return (row) => {
    const value = field.get(row);
    return value === null ? null : decide(value);
  };
}

function between({ field, texts, name }: Given): Test<Row> {
  if (texts.length !== 2) throw errors.badQuery(`The condition '${name}' takes two values, not ${texts.length}.`);
  const [low, high] = texts.map((text) => comparable(memberValue(field, text))) as [Cell, Cell];
  return when(field, (value) => {
    const own = comparable(value)!;
    return own >= low! && own <= high!;
  });
}

function containValues({ field, texts, name }: Given): Test<Row> {
  if (field.column?.kind !== "choices") throw unfit(name, field);
  const wanted = new Set(texts.map((text) => text.trim()));
  return when(field, (value) =>
    String(value)
      .split(",")
      .some((each) => wanted.has(each)),
  );
}

function callerOnly({ actor }: Reader): string[] {
  return [actor.user];
}

function businessUnit({ environment }: Reader): string[] {
  return [environment.businessUnit];
}

function teams({ environment, actor }: Reader): Iterable<string> {
  return teamsOf(environment, actor.user);
}

function reports({ environment, actor }: Reader): Iterable<string> {
  return idsUnder(environment.tables.get("systemuser")!, actor.user);
}

function isOneOf(...sources: ((reader: Reader) => Iterable<string>)[]): Compile {
  return ({ reader, field, name }) => {
    if (field.type !== "guid") throw unfit(name, field);
    const wanted = new Set<Cell>(sources.flatMap((source) => [...source(reader)]));
    return when(field, (value) => wanted.has(value));
  };
}

function hierarchy(ids: (table: Table, id: string) => Set<string>, orEqual: boolean): Compile {
  return ({ reader, table, name, field, texts }) => {
    const id = texts[0]!.toLowerCase();
    if (field.type !== "guid" || !field.column) throw unfit(name, field);
    if (!GUID.test(id)) throw errors.badQuery(`The value '${texts[0]}' is not of the type 'Edm.Guid'.`);
    const target = isLookup(field.column) ? reader.environment.tables.get(field.column.targets?.[0] ?? "") : table;
    const found = ids(target ?? table, id);
    if (orEqual) found.add(id);
    return when(field, (value) => found.has(String(value)));
  };
}

function inRange({ field, name }: Given, range: DateRange): Test<Row> {
  if (field.type !== "datetime" && field.type !== "date") throw unfit(name, field);
  return when(field, (value) => isWithin(range, String(value)));
}

function relativeDate(given: Given): Test<Row> {
  const { name, numbers, reader } = given;
  const x = numbers[0];
  if (x !== undefined && x < 1) throw errors.badQuery(`The value of '${name}' must be greater than 0, not ${x}.`);
  return inRange(given, dateRange(name, reader.environment.clock.now(), ...numbers));
}

function onDay(given: Given): Test<Row> {
  const text = given.texts[0]!;
  const instant = isDay(text) ? text : toInstant(text);
  if (instant === undefined) throw errors.badQuery(`The value '${text.slice(0, 100)}' is not a date.`);
  return inRange(given, dayRange(given.name === "NotOn" ? "On" : (given.name as "On"), instant));
}

function inFiscalPeriod({ field, name, numbers }: Given): Test<Row> {
  if (field.type !== "datetime" && field.type !== "date") throw unfit(name, field);
  return when(field, (value) => fiscalPeriodOf(String(value)) === numbers[0]);
}

function unfit(name: string, field: Field<Row>): Error {
  return errors.badQuery(`The operator '${name}' is not valid for a column of the type '${field.type}'.`);
}
