import fc from "fast-check";
import { columns, ids, literals, mutated, navigations } from "./text.ts";

const operators = fc.constantFrom("eq", "ne", "gt", "ge", "lt", "le");
const queryFunctions = fc.constantFrom(
  ..."In NotIn Between NotBetween ContainValues LastXDays NextXHours On OnOrAfter OnOrBefore Today ThisMonth".split(
    " ",
  ),
  ..."EqualUserId NotEqualUserId EqualBusinessId Under Above EqualUserTeams Last7Days OlderThanXMonths NoSuch".split(
    " ",
  ),
  ..."InFiscalPeriodAndYear LastFiscalYear ThisFiscalPeriod NextYear Yesterday".split(" "),
);
const paths = fc.oneof(
  { weight: 5, arbitrary: columns },
  { weight: 1, arbitrary: fc.tuple(navigations, columns).map((parts) => parts.join("/")) },
);

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: "filter" },
    fc.tuple(paths, operators, literals).map((parts) => parts.join(" ")),
    fc
      .tuple(fc.constantFrom("contains", "startswith", "endswith", "tolower", "year"), paths, literals)
      .map(([name, path, value]) => `${name}(${path},${value})`),
    fc
      .tuple(queryFunctions, columns, fc.array(literals, { maxLength: 3 }))
      .map(
        ([name, column, values]) =>
          `Microsoft.Dynamics.CRM.${name}(PropertyName='${column}'${values.length === 0 ? "" : `,PropertyValues=[${values.map((each) => `"${each.replaceAll(/['"]/g, "")}"`).join(",")}]`})`,
      ),
    fc.tuple(tie("expression"), fc.constantFrom("and", "or"), tie("expression")).map((parts) => parts.join(" ")),
    tie("expression").map((inner) => `not (${inner})`),
    tie("expression").map((inner) => `(${inner})`),
    fc
      .tuple(navigations, fc.constantFrom("any", "all"), paths, operators, literals)
      .map(([nav, kind, path, operator, value]) => `${nav}/${kind}(o:o/${path} ${operator} ${value})`),
    navigations.map((nav) => `${nav}/any()`),
  ),
}));
export const filters = mutated(expression);

const orders = fc
  .array(
    fc.tuple(paths, fc.constantFrom("", " asc", " desc")).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.join(","));
const selects = fc.array(columns, { minLength: 1, maxLength: 5 }).map((all) => all.join(","));

const { expands } = fc.letrec<{ expands: string }>((tie) => ({
  expands: fc.oneof(
    { maxDepth: 3, depthIdentifier: "expand" },
    navigations,
    navigations.map((nav) => `${nav}/$ref`),
    fc
      .tuple(
        navigations,
        fc.array(
          fc.oneof(
            selects.map((text) => `$select=${text}`),
            expression.map((text) => `$filter=${text}`),
            orders.map((text) => `$orderby=${text}`),
            fc.integer({ min: -1, max: 6000 }).map((n) => `$top=${n}`),
            tie("expands").map((text) => `$expand=${text}`),
            fc.constantFrom("$count=true", "$skip=1", "$levels=max"),
          ),
          { maxLength: 3 },
        ),
      )
      .map(([nav, options]) => `${nav}(${options.join(";")})`),
  ),
}));

const applies = fc.oneof(
  fc.tuple(columns, columns).map(([by, sum]) => `groupby((${by}),aggregate(${sum} with sum as total))`),
  fc
    .tuple(columns, fc.constantFrom("sum", "min", "max", "average", "countdistinct", "nosuch"))
    .map(([column, kind]) => `aggregate(${column} with ${kind} as x)`),
  fc.tuple(expression, columns).map(([filter, by]) => `filter(${filter})/groupby((${by}),aggregate($count as n))`),
);

const option: fc.Arbitrary<[string, string]> = fc.oneof(
  { weight: 4, arbitrary: filters.map((text): [string, string] => ["$filter", text]) },
  { weight: 3, arbitrary: mutated(selects).map((text): [string, string] => ["$select", text]) },
  { weight: 2, arbitrary: mutated(orders).map((text): [string, string] => ["$orderby", text]) },
  {
    weight: 2,
    arbitrary: mutated(fc.array(expands, { minLength: 1, maxLength: 3 }).map((all) => all.join(","))).map(
      (text): [string, string] => ["$expand", text],
    ),
  },
  { weight: 1, arbitrary: mutated(applies).map((text): [string, string] => ["$apply", text]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<[string, string][]>(
      ["$top", "3"],
      ["$top", "-1"],
      ["$top", "x"],
      ["$count", "true"],
      ["$count", "maybe"],
      ["$skip", "2"],
      ["$search", "x"],
      ["$format", "json"],
      ["$skiptoken", "<cookie pagenumber='2'/>"],
      ["$deltatoken", "1!x"],
      ["$deltatoken", "1000000!01/01/2020 00:00:00"],
      ["@p1", "'Ann'"],
      ["savedQuery", "00000000-0000-0000-0000-000000000001"],
      ["tag", "x"],
      ["$select", ""],
      ["annotations", "true"],
    ),
  },
);

/** A query as it stands behind the `?`, encoded. */
export const queries: fc.Arbitrary<string> = fc
  .array(option, { maxLength: 4 })
  .map((options) => options.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&"));

const tables = fc.constantFrom(
  "contact",
  "contact",
  "contact",
  "account",
  "account",
  "task",
  "listmember",
  "systemuser",
  "nosuch",
);
const attributes = fc
  .array(
    fc.tuple(
      columns,
      fc.constantFrom(
        "",
        " alias='a'",
        " aggregate='sum' alias='s'",
        " groupby='true' alias='g'",
        " aggregate='count' alias='n'",
      ),
    ),
    { maxLength: 3 },
  )
  .map((all) => all.map(([name, more]) => `<attribute name='${name}'${more}/>`).join(""));
const conditionOperators = fc.constantFrom(
  ..."eq ne gt like not-like in not-in between null not-null last-x-days this-month on eq-userid under contain-values nosuch".split(
    " ",
  ),
  ..."begins-with ends-with eq-or-null older-than-x-years in-fiscal-period tomorrow above not-between".split(" "),
);
const conditions = fc
  .array(
    fc
      .tuple(
        columns,
        conditionOperators,
        fc.oneof(fc.constantFrom("Ann", "%a%", "5", "2020-01-01", ""), ids),
        fc.boolean(),
      )
      .map(([column, operator, value, inner]) =>
        inner
          ? `<condition attribute='${column}' operator='${operator}'><value>${value}</value><value>9</value></condition>`
          : `<condition attribute='${column}' operator='${operator}' value='${value}'/>`,
      ),
    { maxLength: 3 },
  )
  .map((all) => `<filter type='or'>${all.join("")}</filter>`);
const links = fc
  .tuple(
    tables,
    columns,
    columns,
    fc.constantFrom("inner", "outer", "any", "not any", "exists", "all", "in", "x"),
    attributes,
    conditions,
  )
  .map(
    ([table, from, to, kind, attributesOf, filter]) =>
      `<link-entity name='${table}' from='${from}' to='${to}' link-type='${kind}' alias='l'>${attributesOf}${filter}</link-entity>`,
  );

/** FetchXML, mostly well formed. */
export const fetchXml: fc.Arbitrary<string> = mutated(
  fc
    .tuple(
      fc.constantFrom(
        "",
        " top='3'",
        " count='2' page='1'",
        " aggregate='true'",
        " distinct='true'",
        " page='9' count='x'",
        " returntotalrecordcount='true'",
      ),
      tables,
      attributes,
      conditions,
      fc.array(links, { maxLength: 2 }),
      fc.oneof(
        fc.constant(""),
        columns.map((column) => `<order attribute='${column}' descending='true'/>`),
      ),
    )
    .map(
      ([head, table, attributesOf, filter, linked, order]) =>
        `<fetch${head}><entity name='${table}'>${attributesOf}${order}${filter}${linked.join("")}</entity></fetch>`,
    ),
);
