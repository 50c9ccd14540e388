import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createClock } from "./clock.ts";
import { faultReply } from "./control/fault-reply.ts";
import type { Controlled } from "./control/operation.ts";
import { controlReply } from "./control/routes.ts";
import { applySeeds, readSeeds, type SeedFile } from "./control/seed-files.ts";
import { strikeSchema } from "./control/strike.ts";
import { callerOf, errorReply, isWebApi, isWebApiWrite, webApiReply } from "./dataverse/api.ts";
import { copyEnvironment } from "./dataverse/copy.ts";
import { createEnvironment } from "./dataverse/create-environment.ts";
import { errors } from "./dataverse/errors.ts";
import { imageCall } from "./dataverse/files/image-address.ts";
import { applySchema, readSchemaFile } from "./dataverse/metadata/schema-file.ts";
import { otherService } from "./dataverse/routes/known-names.ts";
import { createDeliveries } from "./dataverse/webhooks/deliveries.ts";
import { createHold } from "./dataverse/webhooks/hold.ts";
import { type AppState, CLIENT_ID, CLIENT_SECRET, createDirectory, TENANT_ID } from "./entra/directory.ts";
import { entraReply, isEntra } from "./entra/routes.ts";
import { selfSigned } from "./http/certificate.ts";
import type { Call, Reply } from "./http/exchange.ts";
import { createFaults, type Fault } from "./http/faults.ts";
import { createRequestLog } from "./http/log.ts";
import { type Gone, type Listener, listen } from "./http/server.ts";

import type { Profile } from "./limits/figures.ts";
import { createLimits } from "./limits/limits.ts";

/** A running sandbox. `env` is what clients need to reach it, by the names of docs/sandbox.md; empty: not built. */
export type Sandbox = { origin: string; env: Record<string, string>; close(): Promise<void> };

/**
 * Starts a local Dataverse Web API, an Entra ID token endpoint and the control API in memory, all of it on one http and
 * one https port. Port 0, the default, takes any free one. `env.CA_CERT` is a file with the certificate to trust.
 * `profile`, `servers` and `speed` set the limits (limits/figures.ts). Rejects when a port is taken, the schema file or a
 * seed does not hold, or the certificate cannot be written. `close` ends every connection and removes the file.
 */
export async function startSandbox(
  options: {
    port?: number;
    httpsPort?: number;
    host?: string;
    profile?: Profile;
    servers?: number;
    speed?: number;
    /** A YAML file of tables, columns, keys and relationships that are there from the start, and after a reset. */
    schema?: string;
    /** CSV files, read once, whose rows are there from the start, and after a reset. */
    seeds?: SeedFile[];
  } = {},
): Promise<Sandbox> {
  const faults = createFaults();
  const log = createRequestLog();
  const clock = createClock();
  const webhooks = createDeliveries();
  const hold = createHold(webhooks);
  const schema = options.schema === undefined ? undefined : readSchemaFile(options.schema);
  const seeds = readSeeds(options.seeds ?? []);
  const fresh = () => {
    const made = createEnvironment(clock);
    if (schema) applySchema(made, schema);
    applySeeds(made, seeds);
    return made;
  };
  let environment = fresh();
  const limits = createLimits(clock, { profile: options.profile, servers: options.servers, speed: options.speed });
  let directory = createDirectory();
  const origins: string[] = [];
  let tokensFrom = 0;
  const gate = {
    clock,
    app: () => directory.state,
    directory: () => directory,
    tokensFrom: () => tokensFrom,
    isOwn: (claimed: string, call: Call) => isOwn(claimed, [...origins, call.origin]),
  };
  const listeners: Listener[] = [];
  const controlled: Controlled = {
    environment: () => environment,
    reset() {
      clock.reset();
      limits.reset();
      environment = fresh();
      directory = createDirectory();
      tokensFrom = 0;
      faults.clear();
      log.clear({ bodies: false });
      webhooks.clear();
    },
    faults,
    log,
    clock,
    limits,
    webhooks,
    expireTokens() {
      // Tokens tell the second of their making: the next one must come in another.
      clock.advance(1000);
      tokensFrom = Math.floor(clock.now() / 1000);
    },
    restart() {
      for (const listener of listeners) listener.dropConnections();
    },
    snapshots: new Map(),
    save() {
      const kept = {
        environment: copyEnvironment(environment),
        directory: structuredClone(directory),
        tokensFrom,
        ahead: clock.ahead(),
      };
      return () => {
        const { metadataVersion } = environment;
        environment = copyEnvironment(kept.environment);
        // What was worked out from the schema that is left must not be taken for the restored one's.
        environment.metadataVersion = Math.max(metadataVersion, environment.metadataVersion) + 1;
        directory = structuredClone(kept.directory);
        ({ tokensFrom } = kept);
        clock.reset();
        clock.advance(kept.ahead);
      };
    },
    app: {
      get: () => directory.state,
      set(state: AppState) {
        directory.state = state;
      },
    },
    directory: () => directory,
  };
  const counted = (call: Call): Reply | Promise<Reply> => {
    if (isWebApiWrite(call) && hold.applies(environment)) return held(call);
    const reply = webApiReply(call, environment, gate);
    limits.count(call, reply);
    return reply;
  };
  const held = async (call: Call): Promise<Reply> => {
    const reply = await hold.answer(
      call,
      () => environment,
      () => webApiReply(call, environment, gate),
    );
    limits.count(call, reply);
    return reply;
  };
  const limited = (call: Call, gone: Gone) => {
    if (!limits.active()) return counted(call);
    const caller = callerOf(call, environment, gate);
    if (caller === undefined) return counted(call);
    call.caller = caller;
    return limits.limit(call, caller.user, gone, () => counted(call));
  };
  const services = {
    faults,
    log,
    now: clock.now,
    answer: (call: Call, gone: Gone) =>
      answer(
        imageCall(call, environment) ?? call,
        (api) => limited(api, gone),
        (entra) => entraReply(entra, gate),
      ),
    control: (call: Call) => controlReply(call, controlled),
    isControl: (path: string) => path === "/_sandbox" || path.startsWith("/_sandbox/"),
    isWrite: isWebApiWrite,
    tooLarge: () => errorReply(errors.tooLarge()),
    unreadable: (status: 400 | 408) => errorReply(errors.unreadable(status)),
    strike(fault: Fault) {
      if (fault.expireTokens) controlled.expireTokens();
      if (fault.restart) controlled.restart();
      strikeSchema(environment, fault);
    },
    faultReply: (call: Call, fault: Fault, right: () => Promise<Reply>) => faultReply(call, fault, right, clock.now()),
  };
  const host = options.host ?? "127.0.0.1";
  const certificate = selfSigned([...new Set(["localhost", "127.0.0.1", "::1", host])]);
  const close = async () => {
    await Promise.all([...listeners.map((listener) => listener.close()), webhooks.close()]);
  };
  let authority: string;
  try {
    listeners.push(await listen(services, host, options.port ?? 0));
    listeners.push(await listen(services, host, options.httpsPort ?? 0, certificate));
    authority = await writeAuthority(certificate.cert);
  } catch (error) {
    await close();
    throw error;
  }
  const [http = "", https = ""] = listeners.map((listener) => listener.origin);
  origins.push(http, https);
  return {
    origin: http,
    env: environmentVariables(http, https, authority),
    async close() {
      await close();
      await rm(dirname(authority), { recursive: true, force: true });
    },
  };
}

async function answer(
  call: Call,
  api: (call: Call) => Reply | Promise<Reply>,
  entra: (call: Call) => Reply,
): Promise<Reply> {
  try {
    if (isWebApi(call.path)) return await api(call);
    const service = otherService(call.path);
    if (service !== undefined) return errorReply(errors.notBuilt(service));
    if (isEntra(call.path)) return entra(call);
    return errorReply(errors.noSuchResource(`${call.origin}${call.path}`));
  } catch (error) {
    return errorReply(errors.unexpected((error as Error).message));
  }
}

/** The same port under another name of this machine is still this sandbox. */
function isOwn(claimed: string, own: string[]): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\/+$/, "").replace("//localhost", "//127.0.0.1");
  return own.some((each) => plain(each) === plain(claimed));
}

/** The file for `CA_CERT` has no place: no temporary folder, or a full disk. */
class CertificateFileError extends Error {
  override name = "CertificateFileError";
}

/** Writes the certificate into a temporary folder of its own. Throws a CertificateFileError where that is not possible. */
async function writeAuthority(certificate: string): Promise<string> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), "sluice-sandbox-"));
    const file = join(folder, "ca.pem");
    await writeFile(file, certificate);
    return file;
  } catch (cause) {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    const why = (cause as NodeJS.ErrnoException).code;
    throw new CertificateFileError(`its certificate cannot be written below ${tmpdir()} (${why})`, { cause });
  }
}

function environmentVariables(http: string, https: string, authority: string): Record<string, string> {
  return {
    BASE_URL: http,
    TOKEN_URL: `${http}/${TENANT_ID}/oauth2/v2.0/token`,
    BASE_URL_HTTPS: https,
    TOKEN_URL_HTTPS: `${https}/${TENANT_ID}/oauth2/v2.0/token`,
    TENANT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    CLEVERTAP_URL: "",
    CT_ACCOUNT: "",
    CT_PASSCODE: "",
    INFOBIP_URL: "",
    INFOBIP_KEY: "",
    CA_CERT: authority,
  };
}
