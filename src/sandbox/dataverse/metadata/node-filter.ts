import { errors } from "../errors.ts";
import { compileFilter, type Field } from "../query/evaluate.ts";
import { type Aliases, parseFilter } from "../query/parser.ts";
import type { MetadataNode } from "./node.ts";

/**
 * $filter on metadata: primitive and enum properties, also inside managed ones (`RequiredLevel/Value`; dataverse.md
 * section 3). `nodes` are those it will be used on. Throws "Could not find a property named ..."
 */
export function nodeFilter(
  text: string,
  aliases: Aliases,
  nodes: MetadataNode[],
  cast: boolean,
): (node: MetadataNode) => boolean {
  const valueAt = (node: MetadataNode, path: string[]): unknown => {
    let value: unknown = node.properties;
    for (const [n, name] of path.entries()) {
      const holder = n === 0 && cast && Object.hasOwn(node.typed, name) ? node.typed : value;
      if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, name)) return undefined;
      value = (holder as Record<string, unknown>)[name];
    }
    return value;
  };
  return compileFilter<MetadataNode>(parseFilter(text, aliases), (path) => {
    // The first node that has a value tells the type; none has one: it compares as text.
    let found: unknown;
    for (const node of nodes) {
      const value = valueAt(node, path);
      found ??= value;
      if (value !== undefined && value !== null) break;
    }
    const type = nodes[0]?.type ?? "MetadataBase";
    if ((nodes.length > 0 && found === undefined) || (typeof found === "object" && found !== null)) {
      throw errors.noSuchProperty(path.join("/"), type);
    }
    return {
      type: fieldType(path, found),
      get: (node) => (valueAt(node, path) ?? null) as string | number | boolean | null,
    };
  });
}

function fieldType(path: string[], found: unknown): Field<MetadataNode>["type"] {
  if (path.at(-1) === "MetadataId") return "guid";
  if (typeof found === "number") return "number";
  return typeof found === "boolean" ? "boolean" : "string";
}
