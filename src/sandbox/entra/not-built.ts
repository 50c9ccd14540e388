import type { Reply } from "../http/exchange.ts";
import { jsonReply } from "../http/exchange.ts";

/** Thrown for what Entra has and the sandbox does not. */
export class NotBuilt extends Error {}

/** 501 with a sentence that names it. */
export function notBuiltReply(what: string): Reply {
  return jsonReply(501, {
    error: "not_implemented",
    error_description: `${what} is part of Entra ID, but not implemented by this sandbox.`,
  });
}
