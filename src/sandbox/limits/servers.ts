import { createHash } from "node:crypto";

/** The web server an affinity cookie pins a client to; undefined when there is none that is known. */
export function serverOf(cookie: string | undefined, servers: number): number | undefined {
  const value = /(?:^|;\s*)ARRAffinity(?:SameSite)?=([0-9a-f]+)/.exec(cookie ?? "")?.[1];
  if (value === undefined) return undefined;
  for (let server = 0; server < servers; server++) if (affinity(server) === value) return server;
  return undefined;
}

/**
 * The two cookies that pin a client to a web server (dataverse.md section 9), as Azure's front ends set them; `Secure`
 * only where the client came by https, else it could not send them back.
 */
export function serverCookies(server: number, origin: string): string[] {
  const value = affinity(server);
  const secure = origin.startsWith("https:") ? ";Secure" : "";
  return [
    `ARRAffinity=${value};Path=/;HttpOnly${secure}`,
    `ARRAffinitySameSite=${value};Path=/;HttpOnly;SameSite=None${secure}`,
  ];
}

const known: string[] = [];

function affinity(server: number): string {
  known[server] ??= createHash("sha256").update(`web server ${server}`).digest("hex");
  return known[server];
}
