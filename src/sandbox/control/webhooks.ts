import { z } from "zod";
import { bodyOf, type ControlOperations } from "./operation.ts";

const SETTINGS = z.strictObject({
  timeoutMs: z.int().min(1).max(3_600_000).optional(),
  duplicateEvery: z.int().min(0).optional(),
});

/** Webhooks are rows of `serviceendpoint` and `sdkmessageprocessingstep`, written through the Web API. */
export const WEBHOOKS: ControlOperations = {
  "GET webhooks": {
    does: "What was sent to webhooks, with the attempts and what came of them; the newest 1000",
    source: "dataverse.md section 13",
    handle: ({ webhooks }) => ({ deliveries: webhooks.list() }),
  },
  "POST webhooks": {
    does: "Sets how long an answer is waited for (`timeoutMs`), and that every nth asynchronous message comes twice (`duplicateEvery`, 0 for none)",
    source: "dataverse.md section 13",
    handle: ({ webhooks }, request) => webhooks.configure(bodyOf(request, SETTINGS)),
  },
  "POST webhooks/drain": {
    does: "Answers when no message to a webhook is on its way",
    handle: ({ webhooks }) => webhooks.drain(),
  },
};
