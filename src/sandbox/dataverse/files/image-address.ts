import type { Call } from "../../http/exchange.ts";
import type { Environment } from "../environment.ts";
import { pairs } from "../query/options.ts";

/**
 * The Web API call for the same image as an address out of `<name>_url`, or undefined where there is no such image
 * (image-column-data.md, "Download URL"): `/Image/download.aspx?Entity=..&Attribute=..&Id=..&Timestamp=..&Full=true`.
 */
export function imageCall(call: Call, environment: Environment): Call | undefined {
  if (call.path.toLowerCase() !== "/image/download.aspx" || !["GET", "HEAD"].includes(call.method)) return undefined;
  const query = new Map(readable(call.query).map(([name, value]) => [name.toLowerCase(), value]));
  const { place } = environment.files.contents.get((query.get("id") ?? "").toLowerCase()) ?? {};
  const table = environment.tables.get(place?.table ?? "");
  if (!place || !table || table.name !== query.get("entity") || place.column !== query.get("attribute"))
    return undefined;
  const path = `/api/data/v9.2/${table.set}(${place.row})/${place.column}/$value`;
  return { ...call, path, query: query.get("full")?.toLowerCase() === "true" ? "size=full" : "" };
}

function readable(query: string): [string, string][] {
  try {
    return pairs(query);
  } catch {
    return [];
  }
}
