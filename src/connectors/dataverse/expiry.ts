import type { DataverseConfig } from "./config.ts";
import { titleOf } from "./credential.ts";

const DAY = 24 * 60 * 60_000;
const WARN_DAYS = 30;

/** What is to be said of something that ends on the day of `end` (milliseconds, UTC); undefined while that is far off. */
export function expiryWarning(what: string, end: number, now: number): string | undefined {
  const days = Math.floor(end / DAY) - Math.floor(now / DAY);
  if (days > WARN_DAYS) return undefined;
  const on = new Date(end).toISOString().slice(0, 10);
  if (days < 0) return `${what} expired on ${on}.`;
  return `${what} expires on ${on}, ${days === 0 ? "today" : days === 1 ? "tomorrow" : `in ${days} days`}.`;
}

/** Client secrets that have expired or soon will, as far as the connection says when. */
export function expiringSecrets(config: DataverseConfig, now: number): string[] {
  return config.credentials.flatMap((credential) => {
    if (!("clientSecret" in credential) || credential.secretExpires === undefined) return [];
    const end = Date.parse(credential.secretExpires);
    return expiryWarning(`The client secret of ${titleOf(credential)}`, end, now) ?? [];
  });
}
