import type { Connector, Io, Session } from "../../core/connector.ts";
import { readCascades } from "./cascades.ts";
import { checkConnection } from "./check.ts";
import { config, type DataverseConfig } from "./config.ts";
import { expiringSecrets } from "./expiry.ts";
import { remedyOf } from "./faults.ts";
import { defaults, openWebApi, type Settings, type WebApi } from "./http.ts";
import { readLogic } from "./logic.ts";
import { readMembers } from "./members.ts";
import { findMembership } from "./membership.ts";
import { openMetadata } from "./metadata.ts";
import { MOST_IDS, readPages } from "./read.ts";
import { eachUser, roleFor } from "./role.ts";
import { requestOf } from "./rows.ts";
import { tableSize } from "./table-size.ts";
import { wire } from "./wire.ts";
import { openWriter } from "./write.ts";

export type { DataverseConfig } from "./config.ts";
export { CursorExpired } from "./read.ts";
export {
  ensureColumn,
  ensureKey,
  ensureSolution,
  type NewColumn,
  type NewKey,
  type NewSolution,
} from "./setup.ts";

/** A session that can do all a destination can, and shows its Web API to `setup.ts`. */
export type DataverseSession = Required<Omit<Session, "scan" | "prefix" | "dailyRequests">> &
  Pick<Session, "prefix" | "dailyRequests"> & { api: WebApi };

/** As `dataverse.open`, with a clock, limits and timeouts of one's own. */
export function openSession(given: DataverseConfig, io: Io, settings: Partial<Settings> = {}): DataverseSession {
  const all: Settings = {
    ...defaults,
    base: io.base,
    ...(io.onRequest && { onRequest: io.onRequest }),
    ...(io.onWait && { onWait: io.onWait }),
    ...(io.maxWait !== undefined && { maxShut: io.maxWait }),
    ...settings,
  };
  const api = openWebApi(given, all);
  const metadata = openMetadata(api, io.cache);
  return {
    api,
    wire,
    identity: metadata.identity,
    objects: metadata.objects,
    cursorLife: metadata.cursorLife,
    describe: metadata.describe,
    tableOf: metadata.tableOf,
    idsAtOnce: MOST_IDS,
    read: (object, request, signal) => readPages(api, object, request, signal),
    size: (object, signal) => tableSize(api, object, signal),
    ...openWriter(api),
    request: (object, batch, signal) => requestOf(api, new URL(given.url).origin, object, batch, signal),
    share: api.share,
    check: (needs, signal) => checkConnection(given, all, needs, signal),
    users: (signal) => eachUser(given, all, signal, (_, id) => id),
    role: (needs, signal) => roleFor(api, given, all, metadata, needs, signal),
    membership: (object, target, signal) => findMembership(api, metadata.describe, object, target, signal),
    logic: async (object, into, signal) => readLogic(await metadata.answers(signal), object, into, given, signal),
    dependents: async (object, signal) => readCascades(await metadata.answers(signal), object.name, signal),
    members: (object, into, signal) => readMembers(api, object, into, signal),
    ...(given.dailyRequests !== undefined && { dailyRequests: given.dailyRequests }),
    ...(given.prefix !== undefined && { prefix: given.prefix }),
    close: api.close,
  };
}

/**
 * Microsoft Dynamics 365 and everything else that stands on Dataverse, by its Web API, as one or several
 * application users. Nothing is sent before the first call on the session.
 */
export const dataverse = {
  id: "dataverse",
  title: "Microsoft Dynamics 365 (Dataverse)",
  config,
  secrets: ["clientSecret", "credentials.*.clientSecret"],
  warnings: expiringSecrets,
  remedy: remedyOf,
  open: (given: DataverseConfig, io: Io) => openSession(given, io),
} satisfies Connector<DataverseConfig>;
