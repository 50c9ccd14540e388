import type { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { notJson, parseJson } from "./body.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import type { Call, WebApi } from "./http.ts";

/** One JSON answer, checked against `schema`. A refusal becomes the error that says so. */
export async function getJson<T>(api: WebApi, call: Call, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
  return jsonOf(await api.read(call, signal), call.doing, schema);
}

/** The same for an answer that is here already. */
export function jsonOf<T>(answer: Answer, doing: string, schema: z.ZodType<T>): T {
  if (answer.status !== 200) throw stopping(classify(answer), doing);
  const json = parseJson(answer);
  if (json === undefined) throw notJson(answer, doing);
  const checked = schema.safeParse(json);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new SluiceError(
    "unexpected_answer",
    `Dynamics 365 answered the request to ${doing} in an unknown form: ${issue?.path.join(".")}: ${issue?.message}.`,
  );
}
