import { errors } from "../errors.ts";

/**
 * One thing of the schema as the Web API shows it: plain properties, and navigations worked out when they are asked
 * for. `typed` are properties of the derived type, seen only through a cast.
 */
export type MetadataNode = {
  type: string;
  properties: Record<string, unknown>;
  typed: Record<string, unknown>;
  navigations: Record<string, () => MetadataNode | MetadataNode[] | null>;
  /** Navigations of the derived type. */
  typedNavigations: Record<string, () => MetadataNode | MetadataNode[] | null>;
};

export type Expand = { name: string; select: string[] | undefined; expand: Expand[]; filter: string | undefined };

/** The JSON of a node. `cast`: the client named the derived type, so its own properties are there too. */
export function renderNode(
  node: MetadataNode,
  select: string[] | undefined,
  expand: Expand[],
  cast: boolean,
): Record<string, unknown> {
  const known = cast ? { ...node.properties, ...node.typed } : node.properties;
  const shown: Record<string, unknown> = {};
  if (!cast && Object.keys(node.typed).length > 0) shown["@odata.type"] = `#Microsoft.Dynamics.CRM.${node.type}`;
  for (const name of select ?? Object.keys(known)) {
    if (!(name in known)) throw errors.noSuchProperty(name, cast ? node.type : baseType(node.type));
    shown[name] = known[name];
  }
  if ("MetadataId" in known) shown.MetadataId = known.MetadataId;
  for (const part of expand) {
    const navigation = node.navigations[part.name] ?? (cast ? node.typedNavigations[part.name] : undefined);
    if (!navigation) throw errors.noSuchProperty(part.name, cast ? node.type : baseType(node.type));
    const inner = navigation();
    const render = (each: MetadataNode) => renderNode(each, part.select, part.expand, false);
    shown[part.name] = Array.isArray(inner) ? inner.map(render) : inner && render(inner);
  }
  return shown;
}

function baseType(type: string): string {
  return type.endsWith("AttributeMetadata") ? "AttributeMetadata" : type;
}

/** `A($select=x,y;$expand=B),C` as a tree. Throws the 400 of a syntax error. */
export function parseExpand(text: string | undefined): Expand[] {
  if (text === undefined || text === "") return [];
  return splitOutside(text, ",").map((part) => {
    const match = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/s.exec(part);
    if (!match) throw errors.badQuery(`Syntax error in the $expand expression '${part}'.`);
    const options = new Map<string, string>();
    for (const option of match[2] === undefined ? [] : splitOutside(match[2], ";")) {
      const cut = option.indexOf("=");
      options.set(option.slice(0, cut).trim(), option.slice(cut + 1));
    }
    return {
      name: match[1]!,
      select: options
        .get("$select")
        ?.split(",")
        .map((each) => each.trim()),
      expand: parseExpand(options.get("$expand")),
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
