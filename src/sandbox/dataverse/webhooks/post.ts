import { type Agent, request } from "undici";
import type { Message } from "./context.ts";
import type { Endpoint } from "./steps.ts";

/** The `authtype` of a webhook (dataverse.md section 13). */
const HTTP_HEADER = 5;
const HTTP_QUERY_STRING = 6;

/** One try: the status that came, or why none did. */
export type Attempt = { status: number } | { error: string };

/** Statuses after which one more try is made (use-webhooks.md). */
const TRIED_AGAIN = new Set([502, 503, 504]);

/**
 * Posts to a webhook; a 502, 503 or 504 is tried once more. The body of the answer counts for nothing. Never throws.
 */
export async function post(
  endpoint: Endpoint,
  message: Message,
  options: { agent: Agent; timeoutMs: number; stop: AbortSignal },
): Promise<Attempt[]> {
  const attempts = [await once(endpoint, message, options)];
  const [first] = attempts;
  if (first && "status" in first && TRIED_AGAIN.has(first.status)) {
    attempts.push(await once(endpoint, message, options));
  }
  return attempts;
}

/** Whether the last attempt was answered with 2xx. */
export function succeeded(attempts: Attempt[]): boolean {
  const last = attempts.at(-1);
  return last !== undefined && "status" in last && last.status >= 200 && last.status < 300;
}

async function once(
  endpoint: Endpoint,
  message: Message,
  { agent, timeoutMs, stop }: { agent: Agent; timeoutMs: number; stop: AbortSignal },
): Promise<Attempt> {
  try {
    const { url, headers } = authorised(endpoint);
    const answer = await request(url, {
      method: "POST",
      headers: { ...headers, ...message.headers },
      body: message.body,
      dispatcher: agent,
      signal: AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body.dump();
    return { status: answer.statusCode };
  } catch (error) {
    const { name, message: text } = error as Error;
    return { error: name === "TimeoutError" ? `no answer within ${timeoutMs} ms` : text };
  }
}

/** The address and headers with what the endpoint wants to be shown: `?code=`, headers, or pairs in the query. */
function authorised({ url, authType, authValue }: Endpoint): { url: URL; headers: Record<string, string> } {
  const address = new URL(url);
  if (authType === HTTP_HEADER) return { url: address, headers: Object.fromEntries(authPairs(authValue)) };
  if (authType === HTTP_QUERY_STRING) {
    for (const [name, value] of authPairs(authValue)) address.searchParams.append(name, value);
  } else if (authValue !== "") address.searchParams.append("code", authValue);
  return { url: address, headers: {} };
}

/** `<settings><setting name="a" value="b" /></settings>` as the registration tool writes it, else `a: b` by line or `a=b&c=d`. */
export function authPairs(text: string): [string, string][] {
  const settings = [...text.matchAll(/<setting\s+name="([^"]*)"\s+value="([^"]*)"/g)];
  if (settings.length > 0) return settings.map(([, name, value]) => [unescaped(name!), unescaped(value!)]);
  return text
    .split(/[\r\n&]+/)
    .map((part): [string, string] => {
      const [, name = "", value = ""] = /^\s*([^:=]*?)\s*[:=]\s*(.*?)\s*$/.exec(part) ?? [];
      return [name, value];
    })
    .filter(([name]) => name !== "");
}

function unescaped(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
