import { z } from "zod";
import type { LoggedRequest } from "../http/log.ts";
import { bodyOf, type ControlOperations, checked } from "./operation.ts";

const CLEAR = z.strictObject({ bodies: z.boolean().optional() });
const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .optional();
const FILTER = z.strictObject({
  since: number,
  path: z.string().optional(),
  method: z.string().optional(),
  status: number,
  limit: number,
});

/** The request log: what clients have sent since it was last cleared. */
export const REQUESTS: ControlOperations = {
  "GET requests": {
    does: "The requests so far, with their count and how many were writes; `?since=n`, `path`, `method`, `status` and `limit` choose among them",
    handle(controlled, { query }) {
      const filter = checked(Object.fromEntries(query), FILTER);
      const chosen = controlled.log.list().filter((each) => fits(each, filter));
      return { ...controlled.log.totals(), requests: chosen.slice(0, filter.limit) };
    },
  },
  "POST requests/clear": {
    does: "Forgets the requests so far; `bodies: true` keeps the bodies of those that follow",
    handle: (controlled, request) => controlled.log.clear({ bodies: bodyOf(request, CLEAR).bodies ?? false }),
  },
};

function fits(request: LoggedRequest, filter: z.infer<typeof FILTER>): boolean {
  const { since = 0, path, method, status } = filter;
  if (request.n <= since) return false;
  if (path !== undefined && !request.path.includes(path)) return false;
  if (method !== undefined && request.method !== method.toUpperCase()) return false;
  return status === undefined || request.status === status;
}
