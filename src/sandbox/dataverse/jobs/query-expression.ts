import { escapeXml } from "../../escape-xml.ts";
import { own } from "../../own.ts";
import { errors } from "../errors.ts";

type Json = Record<string, unknown>;

/** ConditionOperator members whose FetchXML name is not simply theirs with hyphens. */
const NAMES: Record<string, string> = {
  Equal: "eq",
  NotEqual: "ne",
  GreaterThan: "gt",
  GreaterEqual: "ge",
  LessThan: "lt",
  LessEqual: "le",
  BeginsWith: "begins-with",
  DoesNotBeginWith: "not-begin-with",
  EndsWith: "ends-with",
  DoesNotEndWith: "not-end-with",
  DoesNotContainValues: "not-contain-values",
  EqualUserId: "eq-userid",
  NotEqualUserId: "ne-userid",
  EqualBusinessId: "eq-businessid",
  NotEqualBusinessId: "ne-businessid",
  EqualUserTeams: "eq-userteams",
  EqualUserOrUserTeams: "eq-useroruserteams",
  UnderOrEqual: "eq-or-under",
  AboveOrEqual: "eq-or-above",
  Last7Days: "last-seven-days",
  Next7Days: "next-seven-days",
};
const DEEPEST = 50;

/** A QueryExpression, as the actions that take queries spell it in JSON, as FetchXML. Throws 400 where it does not hold. */
export function toFetchXml(value: unknown): string {
  const query = objectIn(value, "A query");
  const name = query.EntityName;
  if (typeof name !== "string" || name === "") throw errors.badSchema("EntityName of a query is missing.");
  if (Array.isArray(query.LinkEntities) && query.LinkEntities.length > 0) {
    throw errors.notBuilt("A QueryExpression with LinkEntities");
  }
  for (const [part, given] of [
    ["TopCount", query.TopCount],
    ["PageInfo", (query.PageInfo as Json | null | undefined)?.Count],
    ["SubQueryExpression", query.SubQueryExpression],
    ["DataSource", query.DataSource],
  ] as const) {
    // Passed over, they would make a query find more than was meant.
    if (given) throw errors.notBuilt(`A QueryExpression with ${part}`);
  }
  const criteria = query.Criteria === undefined || query.Criteria === null ? "" : filter(query.Criteria, 0);
  return `<fetch><entity name="${escapeXml(name)}">${criteria}</entity></fetch>`;
}

function filter(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw errors.badSchema("The filters of a query are nested too deeply.");
  const { FilterOperator: operator = "And", Conditions: conditions, Filters: filters } = objectIn(value, "Criteria");
  if (operator !== "And" && operator !== "Or") throw errors.badSchema("FilterOperator must be And or Or.");
  const inner = [
    ...listIn(conditions, "Conditions").map(condition),
    ...listIn(filters, "Filters").map((each) => filter(each, depth + 1)),
  ].join("");
  return inner === "" ? "" : `<filter type="${operator.toLowerCase()}">${inner}</filter>`;
}

function condition(value: unknown): string {
  const {
    AttributeName: attribute,
    Operator: operator,
    Values: values,
    CompareColumns: compare,
  } = objectIn(value, "A condition");
  if (compare === true) throw errors.notBuilt("A condition with CompareColumns");
  if (typeof attribute !== "string" || typeof operator !== "string") {
    throw errors.badSchema("A condition needs AttributeName and Operator.");
  }
  const name = own(NAMES, operator) ?? hyphened(operator);
  const texts = listIn(values, "Values").map(textOf);
  const head = `<condition attribute="${escapeXml(attribute)}" operator="${escapeXml(name)}"`;
  const several = /^(not-)?(in|between)$|contain-values$/.test(name);
  if (texts.length === 0) return `${head}/>`;
  if (!several && texts.length === 1) return `${head} value="${texts[0]}"/>`;
  return `${head}>${texts.map((each) => `<value>${each}</value>`).join("")}</condition>`;
}

/** `LastXDays` as `last-x-days`, `OlderThanXDays` as `olderthan-x-days`. */
function hyphened(operator: string): string {
  return operator
    .replace("OlderThan", "Olderthan")
    .replace(/(?<=[A-Za-z])(?=[A-Z])/g, "-")
    .toLowerCase();
}

/** A value is sent as `{"Value": ..., "Type": "System.Guid"}` or plainly. */
function textOf(value: unknown): string {
  const plain = typeof value === "object" && value !== null ? (value as Json).Value : value;
  if (typeof plain === "boolean") return plain ? "1" : "0";
  if (typeof plain !== "string" && typeof plain !== "number")
    throw errors.badSchema("A value of a condition is missing.");
  return escapeXml(String(plain));
}

function objectIn(value: unknown, what: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw errors.badSchema(`${what} must be an object.`);
  return value as Json;
}

function listIn(value: unknown, what: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw errors.badSchema(`${what} must be a list.`);
  return value;
}
