import type { z } from "zod";
import type { Progress } from "../core/run.ts";

/**
 * One thing a client can ask for. The same value gives the client its types, the server its route and checks, and the
 * documentation its page, so that they cannot drift apart.
 */
export type Operation<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> = {
  method: "GET" | "POST";
  path: `/api/${string}`;
  summary: string;
  request: Request;
  response: Response;
};

export function operation<Request extends z.ZodType, Response extends z.ZodType>(
  value: Operation<Request, Response>,
): Operation<Request, Response> {
  return value;
}

/** What a caller hears while an operation goes on. A warning is about something that somebody should see to soon. */
export type SyncEvent =
  | { type: "warning"; connection: string; message: string }
  | { type: "started"; sync: string; run: string }
  | { type: "progress"; sync: string; run: string; progress: Progress }
  | { type: "finished"; sync: string; run: string };
