import { SluiceError } from "../../core/errors.ts";
import type { Answer } from "./exchange.ts";

/** undefined where the body is no JSON. */
export function parseJson({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** A 2xx answer that is not JSON, such as a sign-in page or a proxy's notice. */
export function notJson(answer: Answer, doing: string): SluiceError {
  const type = answer.header("content-type")?.split(";")[0] ?? "no content type";
  return new SluiceError(
    "unexpected_answer",
    `The answer to the request to ${doing} is not JSON but ${type}, ${answer.body.length} bytes (HTTP ${answer.status}).`,
  );
}
