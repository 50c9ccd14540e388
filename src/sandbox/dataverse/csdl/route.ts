import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { pairs } from "../query/options.ts";
import type { ApiRequest } from "../request.ts";
import type { Segment } from "../wire/address.ts";
import { csdl } from "./document.ts";

/**
 * `GET $metadata`: the schema as CSDL XML; with `annotations=true` or `odata.include-annotations="*"` also what the
 * vocabularies say (change tracking, alternate keys, labels). Source: web-api-service-documents.md.
 */
export function csdlRoute(request: ApiRequest, segments: Segment[]): Reply {
  if (segments.length > 1) throw errors.noSuchSegment(segments[1]!.name);
  if (request.call.method !== "GET") throw errors.wrongVerb(request.call.method);
  let annotated = request.prefer.annotations === "*";
  for (const [name, value] of pairs(request.call.query)) {
    if (name === "annotations") annotated = value === "true";
  }
  return {
    status: 200,
    headers: { "Content-Type": "application/xml", "OData-Version": "4.0" },
    body: csdl(request.environment, annotated),
  };
}
