import type { Share } from "../../core/connector.ts";
import { delayed, writeGraceMs } from "../../core/delayed.ts";
import { SluiceError } from "../../core/errors.ts";
import { asked } from "./behaviour.ts";
import { type Clock, FIRST, LONGEST, patience, retryAfter, systemClock } from "./clock.ts";
import type { ApiVersion, DataverseConfig } from "./config.ts";
import { type Answer, closes, type Exchange, openLine, unreachable } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import { type Lane, newLane, newsOf, openGate } from "./gate.ts";
import { MOST, type News } from "./limiter.ts";
import { tokenProvider } from "./token.ts";
import { askVersion } from "./version.ts";

/** `doing` completes "Dynamics 365 refused to ..." in messages. Paths are relative to the Web API root, or start with it. */
export type Call = { path: string; headers?: Record<string, string>; doing: string };
/** `repeatable`: done twice it comes to the same, for the records and for what is told of them. */
export type WriteCall = Call & {
  method: "POST" | "PATCH" | "DELETE";
  body?: Uint8Array | string;
  repeatable?: boolean;
};

/**
 * The write may have been executed; nobody told us. `unavailable`: something in between said 503; `pause`: and how long to leave
 * it alone, in milliseconds.
 */
export type Lost = { lost: string; unavailable?: boolean; pause?: number };

/** `ms`: how long the last request took until its answer was here, or was given up. */
export type Written = (Answer | Lost) & { ms: number };

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
   * Repeated only while it is certain that nothing was executed (no connection, 429, 503 by Dataverse, database lock,
   * expired token), or likely and `repeatable`. Gives `lost` where that is not certain, also when aborted under way.
   * Fails as `read` does, and then nothing was sent; also where none was answered for `maxWait`.
   */
  write(call: WriteCall, signal?: AbortSignal): Promise<Written>;
  /** What writes of rows ask for besides. */
  asked: ReturnType<typeof asked>;
  /** Requests to have under way at this moment. */
  atOnce(): number;
  /** See `Session`. */
  share(share: Share): void;
  close(): Promise<void>;
}

/**
 * Milliseconds. `maxWait`: how long one request may wait for failures to pass, all its pauses together, before it is
 * given up. `maxShut`: how long it may be kept waiting by Retry-After; `onWait` is told until when. `connections`: at
 * most, for each application user. `base`: the folder that files of a credential are relative to.
 */
export type Settings = {
  clock: Clock;
  maxWait: number;
  maxShut: number;
  timeout: number;
  connections: number;
  base: string;
  onRequest: () => void;
  onWait: (until: number) => void;
};

export const defaults: Settings = {
  clock: systemClock,
  maxWait: 5 * 60_000,
  maxShut: 60 * 60_000,
  timeout: 4 * 60_000,
  connections: MOST,
  base: ".",
  onRequest: () => {},
  onWait: () => {},
};

type Whole = Omit<WriteCall, "method"> & { method: WriteCall["method"] | "GET" };

/** What repeats this often is no passing failure: a read is not tried for the whole of `maxWait`. */
const TRIES = 3;
/** Of the token, for one request: that many do not end by themselves one after another. */
const MOST_RENEWALS = 30;

/** Headers of every request (dataverse.md section 1). */
export const always = {
  accept: "application/json",
  "odata-version": "4.0",
  "odata-maxversion": "4.0",
  "if-none-match": "null",
};

/** The Web API of one environment. Opens nothing until the first request. */
export function openWebApi(config: DataverseConfig, settings: Settings): WebApi {
  const { clock, maxWait, timeout, connections, onRequest } = settings;
  const line = openLine(config.url, timeout, connections * config.credentials.length);
  const lanes = config.credentials.map((credential) => newLane(tokenProvider(credential, config, settings)));
  const gate = openGate(lanes, settings);
  let versionAsked: Promise<ApiVersion> | undefined;
  let answeredBefore = false;
  /** From when until when writes were lost since one was answered: that nobody writes for a while is no silence. */
  let silent: { from: number; to: number } | undefined;

  /** One request, once, by whichever user may send first. */
  async function exchange(
    { method, path, doing, headers: own, body }: Whole,
    stale: ReadonlyMap<Lane, string>,
    since: number,
    signal: AbortSignal | undefined,
  ): Promise<{ result: Exchange; ms: number; lane: Lane; token: string }> {
    const lane = await gate.enter(doing, since, signal);
    let news: News = { startedAt: clock.now() };
    // Dataverse goes on with a write whose connection is closed: it would come to pass after the run has read back, and
    // after the next one has written what is newer. So it is awaited, though the run is to stop.
    const patient = method === "GET" ? undefined : delayed(signal, writeGraceMs);
    try {
      const token = await lane.tokens.get(stale.get(lane), signal);
      const startedAt = clock.now();
      onRequest();
      const headers = {
        ...always,
        "accept-encoding": "gzip",
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...own,
      };
      const result = await line.exchange(
        { method, path, headers, ...(body !== undefined && { body }) },
        patient?.signal ?? signal,
      );
      const ms = clock.now() - startedAt;
      news = { startedAt, ...newsOf(result, ms, clock) };
      return { result, ms, lane, token };
    } finally {
      patient?.end();
      gate.leave(lane, news);
    }
  }

  async function send(given: Whole, signal?: AbortSignal): Promise<Written> {
    const waiting = patience(clock, maxWait);
    const since = clock.now();
    const { doing } = given;
    const writes = given.method !== "GET";
    const call = { ...given, path: given.path.startsWith("/") ? given.path : (await root(signal)) + given.path };
    const stale = new Map<Lane, string>();
    const refusals = { fresh: 0, all: 0 };
    let failures = 0;
    for (;;) {
      const { result, ms, lane, token } = await exchange(call, stale, since, signal);
      if (result.kind === "unreachable") {
        signal?.throwIfAborted();
        // A host that never answered is most likely a wrong one: say so now. One that did is worth waiting for.
        if (answeredBefore && !result.final && (await waiting.pause(undefined, signal))) continue;
        throw unreachable(line, result);
      }
      if (result.kind === "lost") {
        if (writes) return { lost: result.reason, ms };
        signal?.throwIfAborted();
        if (!answeredBefore && ++failures === TRIES) throw unreachable(line, closes(result));
        if (await waiting.pause(undefined, signal)) continue;
        throw new SluiceError(
          "destination_failed",
          `${new URL(line.origin).host} kept breaking off, trying to ${doing}: ${result.reason}.`,
          { cause: result.cause },
        );
      }
      const { answer } = result;
      answeredBefore = true;
      if (answer.status < 500 && answer.status !== 401) lane.good = token;
      if (answer.status < 300) return { ...answer, ms };
      const fault = classify(answer);
      const pause = retryAfter(answer.header("retry-after"), clock) || undefined; // 0 would be a busy loop
      if (fault.kind === "token") {
        // A token that was good for others has ended, and the next may, too; one never good, again and again, is wrong.
        if (token !== lane.good) refusals.fresh++;
        if (refusals.fresh === TRIES || ++refusals.all === MOST_RENEWALS) throw stopping(fault, doing);
        stale.set(lane, token);
        continue;
      }
      if (fault.kind === "throttled" && pause) continue; // the gate is shut for so long
      if (fault.kind === "down") {
        if (writes)
          return {
            lost: `${fault.code}: ${fault.message}`,
            unavailable: answer.status === 503,
            ...(pause !== undefined && { pause }),
            ms,
          };
        failures += answer.status === 500 ? 1 : 0;
        if (failures >= TRIES) throw stopping(fault, doing);
      } else if (fault.kind !== "throttled" && fault.kind !== "busy") return { ...answer, ms };
      if (!(await waiting.pause(pause, signal))) throw stopping(fault, doing);
    }
  }

  /**
   * After a write without an answer the next one waits the longer, the longer none has been answered; so does the same
   * one where it may be sent again. Then only a success says what was done: a refusal is of the second, not of the first.
   */
  async function write(call: WriteCall, signal?: AbortSignal): Promise<Written> {
    const silence = () => (silent ? silent.to - silent.from : 0);
    if (silence() > maxWait)
      throw new SluiceError(
        "destination_failed",
        `For ${Math.round(silence() / 60_000)} minutes no request to write was answered, the last one to ${call.doing}.`,
      );
    const since = clock.now();
    let answer = await send(call, signal);
    while ("lost" in answer) {
      if (signal?.aborted) return answer;
      const now = clock.now();
      const known = { from: silent && now - silent.to <= maxWait ? silent.from : now, to: now };
      silent = known;
      const pause = Math.min(Math.max(FIRST + silence() / 2, answer.pause ?? 0), LONGEST);
      await clock.sleep(pause, signal).catch(() => {}); // what is lost is told at once
      known.to = clock.now(); // another write may have been answered meanwhile
      const waited = Math.max(silence(), clock.now() - since);
      if (!call.repeatable || !answer.unavailable || waited > maxWait) return answer;
      const again = await send(call, signal).catch(() => undefined);
      if (!again) return answer;
      if ("status" in again && again.status >= 300) break;
      answer = again;
    }
    silent = undefined;
    return answer;
  }

  async function read(call: Call, signal?: AbortSignal): Promise<Answer> {
    const answer = await send({ ...call, method: "GET" }, signal);
    if ("lost" in answer) throw new SluiceError("bug", `a read was given up as lost: ${answer.lost}`);
    return answer;
  }

  async function version(signal?: AbortSignal): Promise<ApiVersion> {
    if (config.apiVersion) return config.apiVersion;
    versionAsked ??= askVersion((path, doing) => read({ path, doing }, signal)).catch((thrown: unknown) => {
      versionAsked = undefined;
      throw thrown;
    });
    return versionAsked;
  }

  async function root(signal?: AbortSignal): Promise<string> {
    return `/api/data/v${await version(signal)}/`;
  }

  return {
    version,
    root,
    clock,
    read,
    write,
    asked: asked(config),
    atOnce: gate.atOnce,
    share: gate.share,
    async close() {
      await Promise.all([line.close(), ...lanes.map(({ tokens }) => tokens.close())]);
    },
  };
}
