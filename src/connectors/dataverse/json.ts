import type { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { notJson, parseJson } from "./body.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import type { Call, WebApi } from "./http.ts";

/** One JSON answer, checked against `schema`. A refusal becomes the error that says so. */
export async function getJson<T>(api: WebApi, call: Call, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
  return jsonOf(await readWhole(api, call, signal), call.doing, schema);
}

const TRIES = 3;

/** A GET of JSON. A body cut short comes whole the next time; a sign-in page does not. */
export async function readWhole(api: WebApi, call: Call, signal?: AbortSignal): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await api.read(call, signal);
    const cut = answer.status === 200 && parseJson(answer) === undefined;
    if (!cut || tries === TRIES || answer.header("content-type")?.includes("html")) return answer;
  }
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
