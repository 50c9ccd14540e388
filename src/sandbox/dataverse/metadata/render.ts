import { own } from "../../own.ts";
import { errors } from "../errors.ts";
import { splitOutside } from "../query/expand-syntax.ts";
import { baseType, isExact, type MetadataNode } from "./node.ts";
import { nodeFilter } from "./node-filter.ts";

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

/** What is selected and expanded, as the context shows it: `(SchemaName,OptionSet())`. Empty when nothing is named. */
export function shownText(select: string[] | undefined, expand: Expand[]): string {
  const inner = expand.map((part) => `${part.name}${shownText(part.select, part.expand) || "()"}`);
  const shown = [...(select ?? []), ...inner];
  return shown.length === 0 ? "" : `(${shown.join(",")})`;
}
