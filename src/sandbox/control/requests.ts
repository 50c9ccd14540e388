import { z } from "zod";
import { bodyOf, type ControlOperations } from "./operation.ts";

const CLEAR = z.strictObject({ bodies: z.boolean().optional() });

/** The request log: what clients have sent since it was last cleared. */
export const REQUESTS: ControlOperations = {
  "GET requests": {
    does: "The requests so far, with their count and how many were writes",
    handle(controlled) {
      const requests = controlled.log.list();
      return { count: requests.length, writes: requests.filter((each) => each.write).length, requests };
    },
  },
  "POST requests/clear": {
    does: "Forgets the requests so far; `bodies: true` keeps the bodies of those that follow",
    handle: (controlled, request) => controlled.log.clear({ bodies: bodyOf(request, CLEAR).bodies ?? false }),
  },
};
