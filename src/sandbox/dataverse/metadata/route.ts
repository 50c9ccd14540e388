import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { type ApiRequest, jsonBody, noContent } from "../request.ts";
import type { Segment } from "../wire/address.ts";
import { createColumn, dropColumn } from "./create-column.ts";
import { createKey, dropKey } from "./create-key.ts";
import { createTable } from "./create-table.ts";
import type { MetadataNode } from "./node.ts";
import { one, readMetadata, tableByKey } from "./read.ts";
import { tableNode } from "./table-node.ts";

/** Everything under `EntityDefinitions` (dataverse.md section 3). */
export function metadataRoute(request: ApiRequest, segments: Segment[]): Reply {
  const { method } = request.call;
  if (method === "GET") return readMetadata(request, segments);
  const [root, part, ...more] = segments;
  if (method === "POST" && root!.key === undefined && !part) {
    const table = createTable(request, jsonBody(request, "EntityDefinitions"));
    return noContent(1, { "OData-EntityId": `${request.base}/EntityDefinitions(${table.id})` });
  }
  const table = root!.key === undefined ? undefined : tableByKey(request.environment, root!.key);
  if (!table || !part || more.length > 0) throw errors.notBuilt(`${method} of this part of EntityDefinitions`);
  if (method === "POST" && part.key === undefined && (part.name === "Attributes" || part.name === "Keys")) {
    const body = jsonBody(request, "EntityDefinitions");
    const made = part.name === "Keys" ? createKey(request, table, body) : createColumn(request, table, body);
    return noContent(1, {
      "OData-EntityId": `${request.base}/EntityDefinitions(${table.id})/${part.name}(${made.id})`,
    });
  }
  if (method === "DELETE" && part.key !== undefined && (part.name === "Attributes" || part.name === "Keys")) {
    const node = one(
      tableNode(request.environment, table).navigations[part.name]!() as MetadataNode[],
      part.key,
      part.name,
    );
    const name = String(node.properties.LogicalName);
    if (part.name === "Keys") dropKey(request, table, name);
    else dropColumn(request, table, name);
    return noContent(1);
  }
  throw errors.notBuilt(`${method} of '${part.name}' of EntityDefinitions`);
}
