import { z } from "zod";
import type { Operation } from "../operation.ts";

const count = z.int().min(1).max(1e9);
const ms = z.number().min(0).max(600_000);

/** Every figure of the limits and modelled times, as `POST /_sandbox/limits` may change them while it runs. */
const FIGURES = z.strictObject({
  requests: count.describe("Requests a user may send to one web server within the window: 6000"),
  windowSeconds: z.number().positive().max(86_400).describe("Length of the sliding window: 300"),
  executionMs: count.describe("Combined execution time of a user's requests within the window: 1,200,000"),
  concurrency: count.describe("Requests of a user that one web server runs at a time: 52"),
  servers: z.int().min(1).max(100).describe("Web servers, each with limits of its own"),
  speed: z.number().positive().max(1e6).describe("Divides every modelled time and the windows"),
  dopHint: count.describe("What x-ms-dop-hint recommends"),
  entitlement: count.describe("Power Platform requests a user has a day"),
  entitlementEnforced: z.boolean().describe("Whether a request beyond the entitlement is refused: Dataverse does not"),
  createdRowMs: ms.describe("Execution time of one row of CreateMultiple: 11 ms"),
  updatedRowMs: ms.describe("Execution time of one row of UpdateMultiple or UpsertMultiple: 19 ms"),
  writeMs: ms.describe("Execution time of a write of one record: 140 ms"),
  readMs: ms.describe("Execution time of a read, before its rows"),
  readRowMs: ms.describe("Execution time of each row that a read returns"),
});
export type Figures = z.infer<typeof FIGURES>;

const DOCUMENTED: Figures = {
  requests: 6000,
  windowSeconds: 300,
  executionMs: 1_200_000,
  concurrency: 52,
  servers: 1,
  speed: 1,
  dopHint: 8,
  entitlement: 500_000,
  entitlementEnforced: false,
  createdRowMs: 11,
  updatedRowMs: 19,
  writeMs: 140,
  readMs: 50,
  readRowMs: 0.1,
};

/** No latency, and limits nobody reaches. */
const INSTANT: Figures = {
  ...DOCUMENTED,
  requests: 1e9,
  executionMs: 1e9,
  concurrency: 1e9,
  createdRowMs: 0,
  updatedRowMs: 0,
  writeMs: 0,
  readMs: 0,
  readRowMs: 0,
};

const PROFILES = { instant: INSTANT, documented: DOCUMENTED };
export type Profile = keyof typeof PROFILES;
export const PROFILE_NAMES = ["instant", "documented"] as const satisfies Profile[];

/** What may be changed at once: a profile to begin from, and single figures on top. */
export const CHANGES = z.strictObject({ profile: z.enum(PROFILE_NAMES), ...FIGURES.shape }).partial();
export type Changes = z.infer<typeof CHANGES>;

export type Limited = { profile: Profile; figures: Figures };

/** What a sandbox starts with: the profile, and what is named besides it. Throws where a figure makes no sense. */
export function started(changes: Changes): Limited {
  return changed({ profile: "instant", figures: INSTANT }, CHANGES.parse(changes));
}

/** The limits after a change: single figures change where they are, a profile sets all that is not named with it. */
export function changed(before: Limited, { profile, ...rest }: Changes): Limited {
  const figures = profile === undefined ? before.figures : PROFILES[profile];
  const named = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    profile: profile ?? before.profile,
    figures: named.length === 0 ? figures : { ...figures, ...(Object.fromEntries(named) as Partial<Figures>) },
  };
}

/** Whether there is anything to limit or to wait for. */
export const isActive = ({ figures }: Limited): boolean => figures !== INSTANT;

/** The figures and profiles as the support matrix lists them. */
export const LIMIT_OPERATIONS: Operation[] = [
  { name: "profile instant", does: "No latency, no limits", source: "profile of the sandbox" },
  { name: "profile documented", does: "Documented limits, measured latencies", source: "dataverse.md section 9" },
  ...Object.entries(FIGURES.shape).map(([name, schema]) => ({
    name: `limit ${name}`,
    does: schema.description ?? "",
    source: "dataverse.md section 9",
  })),
  { name: "0x80072322", does: "429: too many requests in the window", source: "dataverse.md section 9" },
  { name: "0x80072321", does: "429: too much execution time in the window", source: "dataverse.md section 9" },
  { name: "0x80072326", does: "429: too many requests at a time", source: "dataverse.md section 9" },
  { name: "Retry-After", does: "Whole seconds to stay away; grows when pushed", source: "dataverse.md section 9" },
  {
    name: "x-ms-ratelimit-burst-remaining-xrm-requests",
    does: "Requests left in the window",
    source: "dataverse.md section 9",
  },
  {
    name: "x-ms-ratelimit-time-remaining-xrm-requests",
    does: "Seconds of execution time left in the window",
    source: "dataverse.md section 9",
  },
  { name: "x-ms-dop-hint", does: "Recommended parallelism", source: "dataverse.md section 9" },
  { name: "ARRAffinity", does: "Cookie that pins a client to a web server", source: "dataverse.md section 9" },
];
