import type { ObjectSchema } from "../../core/schema.ts";
import { parseJson } from "./body.ts";
import type { WebApi } from "./http.ts";

type Counts = { EntityRecordCountCollection?: { Keys?: unknown[]; Values?: unknown[] } };

/**
 * How many rows the table has, as the server last counted, which may be a day ago (dataverse.md section 6); undefined
 * where it does not say.
 */
export async function tableSize(api: WebApi, object: ObjectSchema, signal: AbortSignal): Promise<number | undefined> {
  const path = `RetrieveTotalRecordCount(EntityNames=['${object.name}'])`;
  const answer = await api.read({ path, headers: {}, doing: `count ${object.name}` }, signal);
  if (answer.status !== 200) return undefined;
  const counts = (parseJson(answer) as Counts | undefined)?.EntityRecordCountCollection;
  const size = counts?.Values?.[counts.Keys?.indexOf(object.name) ?? -1];
  return typeof size === "number" ? size : undefined;
}
