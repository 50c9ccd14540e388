import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { refusedSignIn } from "./aadsts.ts";
import { type Clock, patience, retryAfter } from "./clock.ts";
import { type DataverseConfig, scopeOf } from "./config.ts";
import { type Answer, closes, type Line, unreachable } from "./exchange.ts";

const granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });
const refused = z.object({
  error: z.string(),
  error_description: z.string().default(""),
  error_codes: z.array(z.number()).default([]),
});

const TRIES = 3;

export type Tokens = {
  /** A token that is good for a while. `stale` is one the service just refused: it is not given again. */
  get(stale?: string, signal?: AbortSignal): Promise<string>;
};

type Means = { clock: Clock; maxWait: number; onRequest: () => void };

/**
 * Client-credentials tokens (dataverse.md section 2): kept until shortly before their end, asked for once however many
 * requests wait. A refusal is never repeated; 429, 5xx and broken connections are, until `maxWait` milliseconds.
 * Fails with secret_wrong, host_unreachable, throttled, destination_failed, unexpected_answer.
 */
export function tokenProvider(config: DataverseConfig, line: Line, { clock, maxWait, onRequest }: Means): Tokens {
  let current: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;
  let everGranted = false;

  async function ask(): Promise<string> {
    const { pathname, search, host } = new URL(config.tokenUrl);
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: config.clientId,
      client_secret: config.clientSecret,
      scope: scopeOf(config.url),
    });
    const waiting = patience(clock, maxWait);
    let losses = 0;
    for (;;) {
      const start = clock.now();
      onRequest();
      const exchange = await line.exchange({
        method: "POST",
        path: pathname + search,
        headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
        body: form.toString(),
      });
      if (exchange.kind === "answer") {
        const { answer } = exchange;
        if (answer.status < 500 && answer.status !== 429) return keep(answer, start, host);
        if (await waiting.pause(retryAfter(answer.header("retry-after"), clock.now()) || undefined, undefined))
          continue;
        throw answer.status === 429
          ? new SluiceError("throttled", `The sign-in service ${host} kept asking us to wait.`)
          : new SluiceError("destination_failed", `The sign-in service ${host} kept failing (HTTP ${answer.status}).`);
      }
      // A host that never answered is most likely a wrong one: say so soon. One that did is worth waiting for.
      const lost = exchange.kind === "lost";
      const hopeless = lost ? !everGranted && ++losses === TRIES : !everGranted || exchange.final;
      if (!hopeless && (await waiting.pause(undefined, undefined))) continue;
      throw unreachable(line, lost ? closes(exchange) : exchange);
    }
  }

  function keep(answer: Answer, start: number, host: string): string {
    const json = parse(answer.body);
    if (answer.status === 200) {
      const ok = granted.safeParse(json);
      if (!ok.success) throw odd(host, answer.status);
      everGranted = true;
      const life = ok.data.expires_in * 1000;
      current = { token: ok.data.access_token, until: start + life - Math.min(300_000, life / 10) };
      return current.token;
    }
    const no = refused.safeParse(json);
    if (!no.success) throw odd(host, answer.status);
    throw refusedSignIn(no.data.error_codes, no.data.error, no.data.error_description);
  }

  return {
    async get(stale, signal) {
      signal?.throwIfAborted();
      if (current && (current.token === stale || current.until <= clock.now())) current = undefined;
      if (current) return current.token;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function odd(host: string, status: number): SluiceError {
  return new SluiceError("unexpected_answer", `${host} answered the sign-in with something unknown (HTTP ${status}).`, {
    remedy:
      "Check tenant and tokenUrl: the address must be the v2 token endpoint, and no proxy may answer in its place.",
  });
}
