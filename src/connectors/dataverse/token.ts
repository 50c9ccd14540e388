import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { parseJson } from "./body.ts";
import { type Clock, patience, retryAfter } from "./clock.ts";
import type { DataverseConfig } from "./config.ts";
import { type Credential, titleOf } from "./credential.ts";
import { type Answer, closes, openLine, unreachable } from "./exchange.ts";
import { refusedSignIn } from "./refused-sign-in.ts";
import { signInOf } from "./sign-in.ts";

/** Entra ID says how long a token lives; App Service says until when, in seconds since 1970. */
const granted = z
  .object({
    access_token: z.string().min(1),
    expires_in: z.coerce.number().positive().optional(),
    expires_on: z.coerce.number().positive().optional(),
  })
  .refine((token) => (token.expires_in ?? token.expires_on) !== undefined);
const refused = z.object({
  error: z.string(),
  error_description: z.string().default(""),
  error_codes: z.array(z.number()).default([]),
});

const TRIES = 3;

export type Tokens = {
  /** A token that is good for a while. `stale` is one the service just refused: it is not given again. */
  get(stale?: string, signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
};

/** Milliseconds. `base`: the folder that files of a credential are relative to. */
type Means = { clock: Clock; maxWait: number; timeout: number; base: string; onRequest: () => void };

/**
 * The tokens of one credential (dataverse.md section 2): each kept until shortly before its end, asked for once however
 * many requests wait. A refusal is never repeated; 429, 5xx and broken connections are, until `maxWait`.
 * Fails with secret_wrong, connection_wrong, host_unreachable, throttled, destination_failed, unexpected_answer.
 */
export function tokenProvider(credential: Credential, config: DataverseConfig, means: Means): Tokens {
  const { clock, maxWait, onRequest } = means;
  const signIn = signInOf(credential, config, means.base);
  const line = openLine(signIn.origin, means.timeout, 1);
  const { host } = new URL(signIn.origin);
  const remedy = signIn.remedy === undefined ? undefined : { remedy: signIn.remedy };
  let current: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;
  let everGranted = false;

  async function ask(): Promise<string> {
    const waiting = patience(clock, maxWait);
    let losses = 0;
    for (;;) {
      const start = clock.now();
      const sent = await signIn.request(clock.date());
      onRequest();
      const exchange = await line.exchange(sent);
      if (exchange.kind === "answer") {
        const { answer } = exchange;
        const { status } = answer;
        const again = status >= 500 || status === 429 || signIn.again.includes(status) || busy(answer);
        if (!again) return keep(answer, start);
        if (await waiting.pause(retryAfter(answer.header("retry-after"), clock) || undefined, undefined)) continue;
        throw status === 429
          ? new SluiceError("throttled", `The sign-in service ${host} kept asking us to wait.`)
          : new SluiceError("destination_failed", `The sign-in service ${host} kept failing (HTTP ${status}).`, remedy);
      }
      // A host that never answered is most likely a wrong one: say so soon. One that did is worth waiting for.
      const lost = exchange.kind === "lost";
      const hopeless = lost ? !everGranted && ++losses === TRIES : !everGranted || exchange.final;
      if (!hopeless && (await waiting.pause(undefined, undefined))) continue;
      const error = unreachable(line, lost ? closes(exchange) : exchange);
      throw remedy ? new SluiceError(error.code, error.message, { ...remedy, cause: error.cause }) : error;
    }
  }

  function keep(answer: Answer, start: number): string {
    const json = parseJson(answer);
    if (answer.status === 200) {
      const ok = granted.safeParse(json);
      if (!ok.success) throw odd(host, answer.status, signIn.remedy);
      everGranted = true;
      const { expires_in, expires_on } = ok.data;
      const life = expires_in !== undefined ? expires_in * 1000 : (expires_on ?? 0) * 1000 - clock.date();
      current = { token: ok.data.access_token, until: start + life - Math.min(300_000, life / 10) };
      return current.token;
    }
    const no = refused.safeParse(json);
    if (!no.success) throw odd(host, answer.status, signIn.remedy);
    const { error, error_codes: codes, error_description: description } = no.data;
    throw refusedSignIn({ codes, error, description }, titleOf(credential), signIn.remedy);
  }

  return {
    async get(stale, signal) {
      signal?.throwIfAborted();
      if (current && (current.token === stale || current.until <= clock.now())) current = undefined;
      if (current) return current.token;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return signal ? unlessAborted(asking, signal) : asking;
    },
    close: line.close,
  };
}

/** OAuth's own word for it (RFC 6749, section 4.1.2.1), whatever the status. */
const busy = (answer: Answer): boolean =>
  refused.safeParse(parseJson(answer)).data?.error === "temporarily_unavailable";

/** The request for a token is everybody's: who gives up leaves it to the others. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function odd(
  host: string,
  status: number,
  remedy = "Check tenant and tokenUrl: the address must be the v2 token endpoint, and no proxy may answer in its place.",
): SluiceError {
  const message = `${host} answered the sign-in with something unknown (HTTP ${status}).`;
  return new SluiceError("unexpected_answer", message, { remedy });
}
