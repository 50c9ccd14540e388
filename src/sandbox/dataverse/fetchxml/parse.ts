import { errors } from "../errors.ts";
import { PAGE_SIZE } from "../query/options.ts";
import { fetchErrors } from "./errors.ts";
import {
  AGGREGATES,
  type Attribute,
  type Condition,
  DATE_PARTS,
  type Fetch,
  FILTER_LINK_TYPES,
  type Filter,
  LINK_TYPES,
  type Link,
  type Order,
  type Source,
} from "./syntax.ts";
import { outerXml, parseXml, type XmlElement } from "./xml.ts";

/** Links in a query, and conditions and links together (pages join-tables and filter-rows). */
const MAX_LINKS = 15;
const MAX_CONDITIONS = 500;

type Counts = { links: number; conditions: number };

/**
 * Reads a FetchXML text. Attributes no page describes are passed over, as the service does; elements it does not know
 * are refused. Throws the query builder's 400s. Source: the FetchXML reference (fetch, entity, link-entity, ...).
 */
export function parseFetch(text: string): Fetch {
  const root = parseXml(text);
  if (root.name !== "fetch") throw fetchErrors.root(root.name);
  if (root.attributes.get("datasource") === "retained") throw errors.notBuilt("FetchXML over retained rows");
  const [entity, ...others] = root.children.filter((child) => child.name === "entity");
  const odd = root.children.find((child) => child.name !== "entity" && child.name !== "order") ?? others[0];
  if (!entity?.attributes.get("name")) throw fetchErrors.withoutEntity();
  if (odd) throw fetchErrors.node("entity", odd.name, outerXml(odd));
  const counts = { links: 0, conditions: 0 };
  const source = sourceOf(entity, counts);
  const fetch: Fetch = {
    entity: { ...source, all: source.all || !hasColumns(entity) },
    aggregate: flag(root, "aggregate"),
    aggregateLimit: wholeNumber(root, "aggregatelimit"),
    distinct: flag(root, "distinct"),
    top: wholeNumber(root, "top"),
    count: wholeNumber(root, "count"),
    page: wholeNumber(root, "page") ?? 1,
    cookie: root.attributes.get("paging-cookie"),
    total: flag(root, "returntotalrecordcount"),
    rawOrder: flag(root, "useraworderby"),
  };
  if (fetch.top !== undefined) checkTop(root, fetch.top);
  return fetch;
}

function checkTop(root: XmlElement, top: number): void {
  if (top > PAGE_SIZE) throw fetchErrors.topTooLarge(PAGE_SIZE);
  for (const name of ["page", "count", "paging-cookie"]) {
    if (root.attributes.has(name)) throw fetchErrors.topWithPaging(name);
  }
  if (flag(root, "returntotalrecordcount")) throw fetchErrors.topWithPaging("returntotalrecordcount");
}

function hasColumns(entity: XmlElement): boolean {
  return entity.children.some((child) => ["attribute", "all-attributes", "no-attrs"].includes(child.name));
}

function sourceOf(element: XmlElement, counts: Counts): Source {
  const source: Source = {
    name: element.attributes.get("name") ?? "",
    alias: aliasOf(element),
    all: false,
    attributes: [],
    orders: [],
    filters: [],
    links: [],
  };
  for (const child of element.children) {
    if (child.name === "attribute") source.attributes.push(attributeOf(child));
    else if (child.name === "all-attributes") source.all = true;
    else if (child.name === "order") source.orders.push(orderOf(child));
    else if (child.name === "filter") source.filters.push(filterOf(child, counts));
    else if (child.name === "link-entity") {
      if (++counts.links > MAX_LINKS) throw fetchErrors.tooManyLinks();
      source.links.push(linkOf(child, LINK_TYPES, counts));
    } else if (child.name !== "no-attrs") {
      const valid = "filter, order, link-entity, attribute, all-attributes, no-attrs";
      throw fetchErrors.node(valid, child.name, outerXml(child));
    }
  }
  return source;
}

function linkOf(element: XmlElement, types: readonly Link["type"][], counts: Counts): Link {
  countCondition(counts);
  const given = element.attributes.get("link-type") ?? types[0]!;
  const type = types.find((each) => each === (given === "natural" ? "inner" : given));
  if (type === undefined) throw fetchErrors.linkType(types, given, outerXml(element));
  const source = sourceOf(element, counts);
  if (source.name === "") throw fetchErrors.withoutEntity();
  return { ...source, from: textOf(element, "from"), to: textOf(element, "to"), type };
}

function textOf(element: XmlElement, name: string): string | undefined {
  const value = element.attributes.get(name);
  return value === "" ? undefined : value;
}

function countCondition(counts: Counts): void {
  if (++counts.conditions > MAX_CONDITIONS) throw fetchErrors.tooManyConditions();
}

function attributeOf(element: XmlElement): Attribute {
  const name = textOf(element, "name");
  const xml = outerXml(element);
  if (name === undefined) throw fetchErrors.missing("name", xml);
  const rowAggregate = element.attributes.get("rowaggregate");
  if (rowAggregate !== undefined && rowAggregate !== "CountChildren") throw fetchErrors.aggregate(rowAggregate, xml);
  return {
    name,
    alias: aliasOf(element),
    aggregate: oneOf(element, "aggregate", AGGREGATES),
    distinct: flag(element, "distinct"),
    groupBy: flag(element, "groupby"),
    datePart: oneOf(element, "dategrouping", DATE_PARTS),
    children: rowAggregate !== undefined,
    xml,
  };
}

function oneOf<T extends string>(element: XmlElement, name: string, known: readonly T[]): T | undefined {
  const value = element.attributes.get(name);
  const found = known.find((each) => each === value);
  if (value !== undefined && found === undefined) throw fetchErrors.aggregate(value, outerXml(element));
  return found;
}

function orderOf(element: XmlElement): Order {
  const order = {
    attribute: textOf(element, "attribute"),
    alias: textOf(element, "alias"),
    entityName: textOf(element, "entityname"),
    descending: flag(element, "descending"),
  };
  if ((order.attribute ?? order.alias) === undefined) throw fetchErrors.missing("attribute", outerXml(element));
  return order;
}

function filterOf(element: XmlElement, counts: Counts): Filter {
  const type = element.attributes.get("type") ?? "and";
  if (type !== "and" && type !== "or") throw fetchErrors.filterType(type);
  const filter: Filter = { any: type === "or", conditions: [], filters: [], links: [] };
  for (const child of element.children) {
    if (child.name === "condition") {
      countCondition(counts);
      filter.conditions.push(conditionOf(child));
    } else if (child.name === "filter") filter.filters.push(filterOf(child, counts));
    else if (child.name === "link-entity") filter.links.push(linkOf(child, FILTER_LINK_TYPES, counts));
    else throw fetchErrors.node("condition, filter, link-entity", child.name, outerXml(child));
  }
  return filter;
}

function conditionOf(element: XmlElement): Condition {
  const attribute = textOf(element, "attribute");
  const operator = textOf(element, "operator");
  if (attribute === undefined) throw fetchErrors.missing("attribute", outerXml(element));
  if (operator === undefined) throw fetchErrors.missing("operator", outerXml(element));
  const value = element.attributes.get("value");
  const odd = element.children.find((child) => child.name !== "value");
  if (odd) throw fetchErrors.node("value", odd.name, outerXml(odd));
  const values = element.children.map((child) => child.text);
  return {
    attribute,
    operator,
    entityName: textOf(element, "entityname"),
    values: value === undefined ? values : [value, ...values],
    valueOf: textOf(element, "valueof"),
  };
}

const ALIAS = /^[A-Za-z_][A-Za-z0-9_]*$/;

function aliasOf(element: XmlElement): string | undefined {
  const alias = textOf(element, "alias");
  if (alias !== undefined && !ALIAS.test(alias)) throw fetchErrors.alias(alias);
  return alias;
}

function flag(element: XmlElement, name: string): boolean {
  const value = element.attributes.get(name)?.toLowerCase() ?? "false";
  if (!["true", "false", "1", "0"].includes(value)) throw fetchErrors.flag(name, value, outerXml(element));
  return value === "true" || value === "1";
}

function wholeNumber(element: XmlElement, name: string): number | undefined {
  const value = element.attributes.get(name)?.trim();
  if (value === undefined || value === "") return undefined;
  if (!/^\d{1,9}$/.test(value) || Number(value) === 0) throw fetchErrors.number(name, value);
  return Number(value);
}
