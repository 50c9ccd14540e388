import { SluiceError } from "../../core/errors.ts";
import { type Clock, patience, retryAfter, systemClock } from "./clock.ts";
import type { ApiVersion, DataverseConfig } from "./config.ts";
import { type Answer, closes, openLine, unreachable } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import { tokenProvider } from "./token.ts";
import { askVersion } from "./version.ts";

/** `doing` completes "Dynamics 365 refused to ..." in messages. Paths are relative to the Web API root, or start with it. */
export type Call = { path: string; headers?: Record<string, string>; doing: string };
export type WriteCall = Call & { method: "POST" | "PATCH" | "DELETE"; body?: Uint8Array | string };

/** The write may have been executed; nobody told us. */
export type Lost = { lost: string };

export interface WebApi {
  /** The version whose paths are used: as configured, else the newest that the server offers, asked for once. */
  version(signal?: AbortSignal): Promise<ApiVersion>;
  /** Such as /api/data/v9.2/ */
  root(signal?: AbortSignal): Promise<string>;
  clock: Clock;
  /**
   * GET, repeated until there is an answer that says something: a success, or a refusal for good. Fails with
   * host_unreachable, throttled, destination_failed, secret_wrong; with the signal's reason when aborted.
   */
  read(call: Call, signal?: AbortSignal): Promise<Answer>;
  /**
   * Repeated only while it is certain that nothing was executed (no connection, 429, 503, database lock, expired token).
   * Gives `lost` where that is not certain, also when aborted under way. Fails as `read` does, and then nothing was sent.
   */
  write(call: WriteCall, signal?: AbortSignal): Promise<Answer | Lost>;
  close(): Promise<void>;
}

/**
 * Milliseconds. `maxWait`: how long one request may wait, all its pauses together, before it is given up. `base`: the
 * folder that files of a credential are relative to.
 */
export type Settings = {
  clock: Clock;
  maxWait: number;
  timeout: number;
  connections: number;
  base: string;
  onRequest: () => void;
};

export const defaults: Settings = {
  clock: systemClock,
  maxWait: 5 * 60_000,
  timeout: 4 * 60_000,
  connections: 52, // what Dataverse allows at once (dataverse.md section 9)
  base: ".",
  onRequest: () => {},
};

/** What repeats this often is no passing failure: a read is not tried for the whole of `maxWait`. */
const TRIES = 3;

/** Headers of every request (dataverse.md section 1). */
const always = {
  accept: "application/json",
  "odata-version": "4.0",
  "odata-maxversion": "4.0",
  "if-none-match": "null",
  "accept-encoding": "gzip",
};

/** The Web API of one environment. Opens nothing until the first request. */
export function openWebApi(config: DataverseConfig, settings: Settings): WebApi {
  const { clock, maxWait, timeout, connections, onRequest } = settings;
  const line = openLine(config.url, timeout, connections);
  const tokens = tokenProvider(config.credentials[0]!, config, settings);
  let asked: Promise<ApiVersion> | undefined;
  let answeredBefore = false;
  /** No request of this session starts before this moment: Dataverse's limits are per user, not per request. */
  let openAt = 0;

  async function send(call: WriteCall | (Call & { method: "GET" }), signal?: AbortSignal): Promise<Answer | Lost> {
    const waiting = patience(clock, maxWait);
    const writes = call.method !== "GET";
    const { method, doing } = call;
    const path = call.path.startsWith("/") ? call.path : (await root(signal)) + call.path;
    let stale: string | undefined;
    let failures = 0;
    for (;;) {
      while (openAt > clock.now()) {
        const rest = openAt - clock.now();
        if (!(await waiting.pause(rest, signal)))
          throw new SluiceError(
            "throttled",
            `Dynamics 365 asks us to wait ${Math.ceil(rest / 1000)} s, trying to ${doing}.`,
            {
              retryAfterMs: rest,
            },
          );
      }
      const token = await tokens.get(stale, signal);
      onRequest();
      const body = "body" in call && call.body !== undefined ? { body: call.body } : {};
      const exchange = await line.exchange(
        {
          method,
          path,
          headers: {
            ...always,
            authorization: `Bearer ${token}`,
            ...("body" in body && { "content-type": "application/json" }),
            ...call.headers,
          },
          ...body,
        },
        signal,
      );
      if (exchange.kind === "unreachable") {
        signal?.throwIfAborted();
        // A host that never answered is most likely a wrong one: say so now. One that did is worth waiting for.
        if (answeredBefore && !exchange.final && (await waiting.pause(undefined, signal))) continue;
        throw unreachable(line, exchange);
      }
      if (exchange.kind === "lost") {
        if (writes) return { lost: exchange.reason };
        signal?.throwIfAborted();
        if (!answeredBefore && ++failures === TRIES) throw unreachable(line, closes(exchange));
        if (await waiting.pause(undefined, signal)) continue;
        throw new SluiceError(
          "destination_failed",
          `${new URL(line.origin).host} kept breaking off, trying to ${doing}: ${exchange.reason}.`,
          {
            cause: exchange.cause,
          },
        );
      }
      const { answer } = exchange;
      answeredBefore = true;
      if (answer.status < 300) return answer;
      const fault = classify(answer);
      const asked = retryAfter(answer.header("retry-after"), clock.now()) || undefined; // 0 would be a busy loop
      if (fault.kind === "token") {
        if (stale !== undefined) throw stopping(fault, doing);
        stale = token;
        continue;
      }
      if (fault.kind === "throttled" && asked) {
        openAt = Math.max(openAt, clock.now() + asked);
        continue;
      }
      if (fault.kind === "down") {
        if (writes) return { lost: `${fault.code}: ${fault.message}` };
        failures += answer.status === 500 ? 1 : 0;
        if (failures >= TRIES) throw stopping(fault, doing);
      } else if (fault.kind !== "throttled" && fault.kind !== "busy") return answer;
      if (!(await waiting.pause(asked, signal))) throw stopping(fault, doing);
    }
  }

  async function read(call: Call, signal?: AbortSignal): Promise<Answer> {
    const answer = await send({ ...call, method: "GET" }, signal);
    if ("lost" in answer) throw new SluiceError("bug", `a read was given up as lost: ${answer.lost}`);
    return answer;
  }

  async function version(signal?: AbortSignal): Promise<ApiVersion> {
    if (config.apiVersion) return config.apiVersion;
    asked ??= askVersion((path, doing) => read({ path, doing }, signal)).catch((thrown: unknown) => {
      asked = undefined;
      throw thrown;
    });
    return asked;
  }

  async function root(signal?: AbortSignal): Promise<string> {
    return `/api/data/v${await version(signal)}/`;
  }

  return {
    version,
    root,
    clock,
    read,
    write: send,
    async close() {
      await Promise.all([line.close(), tokens.close()]);
    },
  };
}
