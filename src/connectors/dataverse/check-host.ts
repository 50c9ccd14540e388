import { SluiceError } from "../../core/errors.ts";
import type { Steps } from "./check-step.ts";
import type { DataverseConfig } from "./config.ts";
import { type Answer, closes, openLine, unreachable } from "./exchange.ts";
import type { Settings } from "./http.ts";

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * One request without a token tells three things: whether the name resolves, whether a trusted connection comes about,
 * and, by the 401 that Dataverse answers with, that it is an environment and of which tenant (dataverse.md section 2).
 * True when there is something to sign in to.
 */
export async function checkHost(
  { url, tenant }: DataverseConfig,
  { timeout }: Settings,
  { step, skip }: Steps,
  signal?: AbortSignal,
): Promise<boolean> {
  const { host, hostname, protocol } = new URL(url);
  const line = openLine(url, timeout, 1);
  try {
    const exchange = await line.exchange({ method: "GET", path: "/api/data/v9.0/WhoAmI", headers: {} }, signal);
    const code = exchange.kind === "answer" ? "" : String(Object(exchange.cause).code);
    const resolved = await step("name", async () => {
      if (exchange.kind !== "answer" && ["ENOTFOUND", "EAI_AGAIN"].includes(code)) throw unreachable(line, exchange);
      return { detail: `${hostname} is known`, value: true };
    });
    const connected = resolved
      ? await step("connection", async () => {
          if (exchange.kind !== "answer")
            throw unreachable(line, exchange.kind === "lost" ? closes(exchange) : exchange);
          const how =
            protocol === "https:" ? "TLS, the certificate is trusted" : "without encryption, on this computer";
          return { detail: `${host} answers (${how})`, value: exchange.answer };
        })
      : skip("connection", "the name");
    if (!connected) return skip("environment", "the connection") ?? false;
    return (await step("environment", async () => environment(connected, host, tenant))) ?? false;
  } finally {
    await line.close();
  }
}

/** Where the answer names no tenant, signing in will show what is wrong. */
function environment(answer: Answer, host: string, tenant: string) {
  const challenge = answer.header("www-authenticate") ?? "";
  const theirs = /authorization_uri="?https?:\/\/[^/\s,]+\/([^/\s,"]+)/i.exec(challenge)?.[1];
  if (answer.status !== 401 || theirs === undefined)
    return {
      detail: `${host} answered HTTP ${answer.status}`,
      cause: "An environment of Dataverse would ask for a sign-in and name its tenant.",
      remedy: "Check that url is an environment, and that no proxy or firewall answers in its place.",
      value: true,
    };
  if (guid.test(theirs) && guid.test(tenant) && theirs.toLowerCase() !== tenant.toLowerCase())
    throw new SluiceError("connection_wrong", `${host} belongs to tenant ${theirs}, the connection names ${tenant}.`, {
      remedy: `Set tenant to ${theirs}, or correct url; the app registration must be known in that tenant.`,
    });
  return { detail: `${host} is an environment of tenant ${theirs}`, value: true };
}
