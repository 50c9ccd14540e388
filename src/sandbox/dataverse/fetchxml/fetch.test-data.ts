import type { Answer, RawClient } from "../../raw-client.test-data.ts";

/** Sends a FetchXML query, with all annotations unless other headers are given. */
export function sendFetch(
  client: RawClient,
  set: string,
  xml: string,
  headers: Record<string, string> = { Prefer: 'odata.include-annotations="*"' },
): Promise<Answer> {
  return client.api("GET", `${set}?fetchXml=${encodeURIComponent(xml)}`, undefined, headers);
}

/** The values of one key in the rows of an answer. Fails loudly when it is none. */
export function valuesIn(answer: Answer, key: string): unknown[] {
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json.value.map((row: Record<string, unknown>) => row[key] ?? null);
}
