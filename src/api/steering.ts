import { z } from "zod";
import { operation } from "./operation.ts";

const request = z.object({ sync: z.string() });
const response = z.object({
  sync: z.string(),
  paused: z.boolean().describe("It does not run until it is continued"),
  running: z.boolean().describe("A run is under way"),
});

export const pause = operation({
  method: "POST",
  path: "/api/syncs/pause",
  summary: "Have a run under way settle what it has sent and end, and let none begin",
  request,
  response,
});

/** Exported under a name of its own, since `continue` is a word of the language. */
export const continued = operation({
  method: "POST",
  path: "/api/syncs/continue",
  summary: "Let a paused sync run again",
  request,
  response,
});

export const stop = operation({
  method: "POST",
  path: "/api/syncs/stop",
  summary: "Have a run under way settle what it has sent and end",
  request,
  response,
});
