import type { Operation } from "../../operation.ts";
import { own } from "../../own.ts";
import { errors } from "../errors.ts";
import type { Aliases } from "./parser.ts";

/** Dataverse's page size, and the most $top and $count give (dataverse.md section 6). */
export const PAGE_SIZE = 5000;

/** The system query options of one request, decoded; everything else in the query string is ignored. */
export type QueryOptions = {
  select: string[] | undefined;
  filter: string | undefined;
  orderby: string | undefined;
  top: number | undefined;
  count: boolean;
  skiptoken: string | undefined;
  deltatoken: string | undefined;
  expand: string | undefined;
  apply: string | undefined;
  aliases: Aliases;
};

const SOURCE = "query/overview.md";

export const QUERY_OPTIONS: Operation[] = [
  {
    name: "$select",
    does: "columns by name; the id always, a currency beside money",
    source: "query/select-columns.md",
  },
  { name: "$filter", does: "the operators and functions below", source: "query/filter-rows.md" },
  {
    name: "$orderby",
    does: "several columns, also of linked rows; a lookup by its row's name",
    source: "query/order-rows.md",
  },
  { name: "$top", does: "at most 5000 rows; ignored beside odata.maxpagesize", source: SOURCE },
  {
    name: "$count",
    does: "`@odata.count` up to 5000, with the annotations that tell of more",
    source: "query/count-rows.md",
  },
  { name: "/$count", does: "the number alone as text, up to 5000", source: "query/count-rows.md" },
  { name: "odata.maxpagesize", does: "pages of 1 to 5000 rows by `@odata.nextLink`", source: "query/page-results.md" },
  { name: "Parameter aliases", does: "values and columns by `@name`; an unassigned one is null", source: SOURCE },
  {
    name: "Refused options",
    does: "$skip, $search, $format, $compute and $levels are a 400, as in Dataverse; so are fetchXml and sql but on a whole table",
    source: SOURCE,
  },
];

/** Real options of Dataverse that the sandbox answers with 501. */
export const NOT_BUILT: ReadonlySet<string> = new Set(["savedQuery", "userQuery"]);
/** Options the service itself refuses (dataverse.md section 6). */
const REFUSED: Record<string, string> = {
  $skip: "Skip Clause is not supported in CRM",
  $search: "Search Clause is not supported in CRM",
  $format: "The query parameter $format is not supported.",
  $compute: "The query parameter $compute is not supported.",
  $levels: "The query parameter $levels is not supported.",
  // Queries of their own, which a whole table is asked before its options are read: anywhere else they have no meaning.
  fetchXml: "The query parameter fetchXml is not supported.",
  sql: "The query parameter sql is not supported.",
};

/** Parses a raw query string. Names are case-sensitive (section 3). Throws 400 or 501 as documented. */
export function parseOptions(query: string): QueryOptions {
  const options: QueryOptions = {
    select: undefined,
    filter: undefined,
    orderby: undefined,
    top: undefined,
    count: false,
    skiptoken: undefined,
    deltatoken: undefined,
    expand: undefined,
    apply: undefined,
    aliases: new Map(),
  };
  const seen = new Set<string>();
  for (const [name, value] of pairs(query)) {
    if (name.startsWith("$") && seen.has(name)) {
      throw errors.badQuery(
        `Query option '${name}' was specified more than once, but it must be specified at most once.`,
      );
    }
    seen.add(name);
    if (NOT_BUILT.has(name)) throw errors.notBuilt(`The query option ${name}`);
    const refused = own(REFUSED, name);
    if (refused !== undefined) throw errors.badQuery(refused);
    if (name.startsWith("@")) options.aliases.set(name, value);
    else if (name === "$select") options.select = columnList(value);
    else if (name === "$filter") options.filter = value;
    else if (name === "$orderby") options.orderby = value;
    else if (name === "$top") options.top = wholeNumber(name, value);
    else if (name === "$count") options.count = trueOrFalse(value);
    else if (name === "$skiptoken") options.skiptoken = value;
    else if (name === "$deltatoken") options.deltatoken = value;
    else if (name === "$expand") options.expand = value;
    else if (name === "$apply") options.apply = value;
    else if (name.startsWith("$")) throw errors.badQuery(`The query parameter '${name}' is not supported.`);
  }
  return options;
}

/** The pairs of a query string, decoded. */
export function pairs(query: string): [string, string][] {
  if (query === "") return [];
  return query.split("&").map((part) => {
    const cut = part.indexOf("=");
    return cut < 0 ? [decode(part), ""] : [decode(part.slice(0, cut)), decode(part.slice(cut + 1))];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw errors.badQuery("The request URI is not valid: it is not properly percent-encoded.");
  }
}

/** The number a query option is given. Throws the documented 400 where it is none. */
export function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) {
    throw errors.badQuery(
      `Invalid value '${value}' for ${name} query option found. The ${name} query option requires a non-negative integer value.`,
    );
  }
  return Number(value);
}

function trueOrFalse(value: string): boolean {
  if (value !== "true" && value !== "false") {
    throw errors.badQuery(
      `Invalid value '${value}' for $count query option found. Valid values are 'true' and 'false'.`,
    );
  }
  return value === "true";
}

/** A comma behind the last name means nothing (web-api-basic-operations-sample.md prints one). */
function columnList(text: string): string[] | undefined {
  const names = text.split(",").map((each) => each.trim());
  if (names.at(-1) === "") names.pop();
  return names.length === 0 ? undefined : names;
}
