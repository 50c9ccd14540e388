import { ODataError } from "../errors.ts";

const make = (code: string, message: string) => new ODataError(400, code, message);
const cut = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}...` : text);

/** Wrong booleans of FetchXML have codes of their own. */
const FLAG_CODES: Record<string, string> = { distinct: "0x80041115", descending: "0x80041119" };

/**
 * The errors of FetchXML queries, all of them 400. Codes are those of the SDK's QueryBuilder* list (ErrorCodes.cs); texts
 * are the service's where public code quotes an answer of it, else plain words in its manner.
 */
export const fetchErrors = {
  invalidXml: (detail: string) => make("0x80040201", `Invalid XML. ${detail}`),
  root: (name: string) => make("0x80041125", `The document element of FetchXml must be 'fetch', not '${name}'.`),
  withoutEntity: () => make("0x80041102", "Entity Name was not specified in FetchXml String."),
  noEntity: (name: string) =>
    make(
      "0x80041102",
      `The entity with a name = '${name}' with namemapping = 'Logical' was not found in the MetadataCache.`,
    ),
  otherEntity: () =>
    make(
      "0x80041128",
      "The entity name specified in fetchxml does not match the entity name specified in the Entity or Query Expression.",
    ),
  noAttribute: (schema: string, name: string, table: string) =>
    make(
      "0x80041103",
      `'${schema}' entity doesn't contain attribute with Name = '${name}' and NameMapping = 'Logical' (look up attribute by name is case-sensitive). logicalName: ${table}`,
    ),
  node: (valid: string, name: string, xml: string) =>
    make("0x8004111c", `Invalid Child Node, valid nodes are ${valid}. NodeName = ${name} NodeXml = ${xml}`),
  missing: (name: string, xml: string) =>
    make("0x80041123", `The required attribute '${name}' is missing. NodeXml = ${xml}`),
  linkType: (valid: readonly string[], given: string, xml: string) =>
    make(
      "0x80041117",
      `Invalid link-type specified, valid values are: ${valid.map((each) => `'${each}'`).join(", ")}. link-type = ${given} Node Xml = ${xml}`,
    ),
  filterType: (type: string) => make("0x80041122", `Invalid filter type '${type}', valid values are: 'and', 'or'.`),
  flag: (name: string, value: string, xml: string) =>
    make(FLAG_CODES[name] ?? "0x8004111a", `Invalid value '${value}' for ${name}. NodeXml = ${xml}`),
  number: (name: string, value: string) =>
    make(name === "top" ? "0x80041127" : "0x8004110c", `The value '${value}' of ${name} must be greater than zero.`),
  topTooLarge: (limit: number) => make("0x80040203", `The top attribute can't be greater than ${limit}.`),
  topWithPaging: (name: string) =>
    make("0x80040203", `The top attribute can't be specified with paging attribute ${name}`),
  pageTooHigh: () =>
    make("0x8004e021", "Paging cookie is required when trying to retrieve a set of records on any high page number."),
  cookie: () => make("0x80040203", "Malformed XML in the Paging Cookie"),
  tooManyLinks: () => make("0x8004430d", "Number of link entities in query exceeded maximum limit."),
  tooManyConditions: () => make("0x8004430c", "Number of conditions in query exceeded maximum limit."),
  noRelationship: (a: string, b: string) =>
    make(
      "0x80041102",
      `No system many-to-many relationship exists between ${a} and ${b}.  If attempting to link through a custom many-to-many relationship ensure that you provide the from and to attributes.`,
    ),
  joinColumn: (name: string) => make("0x80041111", `The attribute '${name}' can't be used to join entities.`),
  alias: (alias: string) =>
    make("0x80041109", `Invalid Alias '${alias}': alias names can only contain A-Z, a-z, 0-9 and _.`),
  sameAlias: (alias: string) => make("0x8004111b", `There is already an alias '${alias}' in the query.`),
  noAlias: (alias: string) => make("0x8004110a", `There is no attribute or link-entity '${alias}' in the query.`),
  operator: (operator: string) => make("0x80041120", `The condition operator '${operator}' is not valid here.`),
  operatorType: (operator: string, label: string) =>
    make("0x80041106", `Condition operator ${operator} is not valid for the type of attribute '${label}'.`),
  noValue: (label: string) =>
    make(
      "0x80040203",
      `Condition for attribute '${label}': null is not a valid value for an attribute. Use 'Null' or 'NotNull' conditions instead.`,
    ),
  valueCount: (operator: string, needs: number, given: number, label: string) =>
    make(
      "0x80040203",
      `The ConditionOperator.${operator} requires ${needs} value/s, not ${given}. Parameter Name: ${label.split(".").at(-1)}`,
    ),
  value: (label: string, value: string) =>
    make(
      "0x80040203",
      `Condition for attribute '${label}': expected argument(s) of a different type but received '${cut(value)}'.`,
    ),
  guid: () => make("0x80040203", "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."),
  date: (value: string) =>
    make("0x80040239", `The date-time format for ${cut(value)} is invalid, or value is outside the supported range.`),
  columnTypes: (a: string, b: string) =>
    make("0x80041111", `The attributes '${a}' and '${b}' can't be compared: they are of different types.`),
  notHierarchical: (table: string) => make("0x80041106", `The entity ${table} has no hierarchical relationship.`),
  aggregate: (value: string, xml: string) =>
    make("0x8004111a", `The aggregate '${value}' is not valid here. NodeXml: ${xml}`),
  neitherGroupNorAggregate: (xml: string) =>
    make(
      "0x8004111e",
      `An attribute can not be requested when an aggregate operation has been specified and its neither groupby nor aggregate.  NodeXml : ${xml}`,
    ),
  aggregateWithoutAlias: (xml: string) =>
    make("0x8004110b", `An alias must be specified for every attribute in an aggregate query. NodeXml: ${xml}`),
  aggregateNotStarted: () => make("0x8004111a", "An aggregate operation was not initially specified."),
  dateGrouping: (xml: string) =>
    make("0x8004111a", `A dategrouping is needed to group by dates, and only there. NodeXml: ${xml}`),
  orderInAggregate: (name: string) =>
    make("0x8004111f", `An attribute ('${name}') can't be used to order an aggregate query. Use an alias instead.`),
  aggregateLimit: () => make("0x8004e023", "AggregateQueryRecordLimit exceeded. Cannot perform this operation."),
  queryTimeout: () => make("0x80044151", "Sql error: SQL timeout expired. The query looks at too many pairs of rows."),
} as const;
