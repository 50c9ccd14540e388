import { errors } from "../errors.ts";
import { nodeFilter } from "./node-filter.ts";

/**
 * One thing of the schema as the Web API shows it: plain properties, and navigations worked out when they are asked
 * for. `typed` are properties of the derived type: to select or filter by them a client must cast.
 */
export type MetadataNode = {
  type: string;
  properties: Record<string, unknown>;
  typed: Record<string, unknown>;
  navigations: Record<string, () => MetadataNode | MetadataNode[] | null>;
  /** Navigations of the derived type. */
  typedNavigations: Record<string, () => MetadataNode | MetadataNode[] | null>;
};

/** A node without a derived type and without navigations. */
export function plainNode(type: string, properties: Record<string, unknown>): MetadataNode {
  return { type, properties, typed: {}, navigations: {}, typedNavigations: {} };
}

/** The types of metadata that others derive from (web-api-metadata type reference). */
export const FAMILIES: Record<string, string[]> = {
  AttributeMetadata: [
    "StringAttributeMetadata",
    "MemoAttributeMetadata",
    "IntegerAttributeMetadata",
    "BigIntAttributeMetadata",
    "DecimalAttributeMetadata",
    "DoubleAttributeMetadata",
    "MoneyAttributeMetadata",
    "BooleanAttributeMetadata",
    "DateTimeAttributeMetadata",
    "PicklistAttributeMetadata",
    "MultiSelectPicklistAttributeMetadata",
    "StateAttributeMetadata",
    "StatusAttributeMetadata",
    "LookupAttributeMetadata",
    "UniqueIdentifierAttributeMetadata",
    "EntityNameAttributeMetadata",
    "ImageAttributeMetadata",
    "FileAttributeMetadata",
    "ManagedPropertyAttributeMetadata",
  ],
  RelationshipMetadataBase: ["OneToManyRelationshipMetadata", "ManyToManyRelationshipMetadata"],
  OptionSetMetadataBase: ["OptionSetMetadata", "BooleanOptionSetMetadata"],
};

/** The declared type of a list that holds such nodes. */
export function baseType(type: string): string {
  for (const base in FAMILIES) if (FAMILIES[base]!.includes(type)) return base;
  return type;
}

/** These navigations are declared with a type that nothing derives from, so nothing needs a cast. */
export function isExact(navigation: string): boolean {
  return navigation.endsWith("Relationships") || navigation === "OptionSet" || navigation === "GlobalOptionSet";
}

export type Expand = {
  name: string;
  select: string[] | undefined;
  expand: Expand[];
  filter: string | undefined;
};

/**
 * The JSON of a node. `cast`: the client named the derived type. Without a cast and without $select the properties of
 * the derived type are there as well, since they belong to the value; within $expand only the common ones.
 */
export function renderNode(
  node: MetadataNode,
  select: string[] | undefined,
  expand: Expand[],
  cast: boolean,
  inner = false,
): Record<string, unknown> {
  const declared = cast ? node.type : baseType(node.type);
  const known = cast || (select === undefined && !inner) ? { ...node.properties, ...node.typed } : node.properties;
  const shown: Record<string, unknown> = {};
  if (declared !== node.type) shown["@odata.type"] = `#Microsoft.Dynamics.CRM.${node.type}`;
  if (select === undefined) Object.assign(shown, known);
  else {
    for (const name of select) {
      if (!Object.hasOwn(known, name)) throw errors.noSuchProperty(name, declared);
      shown[name] = known[name];
    }
  }
  if ("MetadataId" in known) shown.MetadataId = known.MetadataId;
  for (const part of expand) {
    const navigation = own(node.navigations, part.name) ?? (cast ? own(node.typedNavigations, part.name) : undefined);
    if (!navigation) throw errors.noSuchProperty(part.name, declared);
    shown[part.name] = renderInner(navigation(), part);
  }
  return shown;
}

function renderInner(value: MetadataNode | MetadataNode[] | null, part: Expand): unknown {
  if (value === null) return null;
  const cast = isExact(part.name);
  if (!Array.isArray(value)) return renderNode(value, part.select, part.expand, cast, true);
  const nodes = part.filter === undefined ? value : value.filter(nodeFilter(part.filter, new Map(), value, cast));
  return nodes.map((node) => renderNode(node, part.select, part.expand, cast, true));
}

/** What is really there under this name, not inherited from Object. */
export function own<T>(record: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** `A($select=x,y;$expand=B),C` as a tree. Throws the 400 of a syntax error. */
export function parseExpand(text: string | undefined, depth = 0): Expand[] {
  if (text === undefined || text === "") return [];
  if (depth > 10) throw errors.badQuery("The $expand is nested too deeply.");
  return splitOutside(text, ",").map((part) => {
    const match = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/s.exec(part);
    if (!match) throw errors.badQuery(`Syntax error in the $expand expression '${part}'.`);
    const options = new Map<string, string>();
    for (const option of match[2] === undefined ? [] : splitOutside(match[2], ";")) {
      const cut = option.indexOf("=");
      const name = option.slice(0, cut).trim();
      if (!["$select", "$filter", "$expand"].includes(name)) {
        throw errors.badQuery(`The query option '${name}' is not supported in $expand of metadata.`);
      }
      options.set(name, option.slice(cut + 1));
    }
    return {
      name: match[1]!,
      select: options
        .get("$select")
        ?.split(",")
        .map((each) => each.trim()),
      expand: parseExpand(options.get("$expand"), depth + 1),
      filter: options.get("$filter"),
    };
  });
}

/** Splits at a mark that stands outside brackets and quotes. */
function splitOutside(text: string, mark: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "'") quoted = !quoted;
    if (quoted) continue;
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === mark && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
