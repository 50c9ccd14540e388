import { z } from "zod";

/** What a person must say to connect. `url` is an origin without slash, `apiVersion` one of the known ones. */
export type DataverseConfig = {
  url: string;
  tenant: string;
  clientId: string;
  clientSecret: string;
  tokenUrl: string;
  apiVersion: "8.2" | "9.0" | "9.1" | "9.2";
};

const versions = ["8.2", "9.0", "9.1", "9.2"] as const;

/** Sign-in hosts by the environment's suffix: public and GCC, then the national clouds (dataverse.md sections 1 and 2). */
const authorities: [suffix: string, authority: string][] = [
  [".dynamics.com", "https://login.microsoftonline.com"],
  [".microsoftdynamics.us", "https://login.microsoftonline.us"],
  [".appsplatform.us", "https://login.microsoftonline.us"],
  [".dynamics.cn", "https://login.partner.microsoftonline.cn"],
];

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A string as a web address; a string says what is wrong with it. */
function address(text: string, example: string): URL | string {
  const trimmed = text.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (!URL.canParse(withScheme)) return `"${trimmed}" is not a web address; expected one like ${example}`;
  const url = new URL(withScheme);
  if (url.username || url.password) return "leave user name and password out of the address";
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    return `use https for ${url.host}; http is allowed for this computer (127.0.0.1, localhost) only`;
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return `"${url.protocol}//" is not possible here; use https`;
  if (!url.hostname.includes(".") && !isLoopback(url.hostname))
    return `"${url.hostname}" is not a whole host name; expected one like ${example}`;
  return url;
}

/** YAML reads an unquoted secret of digits as a number. */
const saying = (what: string) => (issue: { input: unknown }) =>
  issue.input === undefined ? `${what} is missing` : `${what} must be text; put it in quotes`;

const text = (what: string) =>
  z
    .string({ error: saying(what) })
    .trim()
    .min(1, { error: `${what} is empty` })
    .regex(/^\S*$/, { error: `${what} must not hold blanks` });

/**
 * Accepts the environment's address in any form (with or without https, path or slash; `/api/data/v9.1` also sets the
 * version) and gives it in one form. Parsing its own result again changes nothing.
 */
export const config = z
  .strictObject({
    url: text("url").describe("Web API endpoint or environment URL, such as contoso.crm4.dynamics.com"),
    tenant: text("tenant")
      .regex(/^[\w.-]+$/, { error: "tenant must be the directory (tenant) id or a domain of it, not an address" })
      .describe("Directory (tenant) id or domain"),
    clientId: text("clientId").describe("Application (client) id of the app registration"),
    clientSecret: z
      .string({ error: saying("clientSecret") })
      .min(1, { error: "clientSecret is empty" })
      .describe("The client secret's value"),
    tokenUrl: z
      .string()
      .optional()
      .describe("Whole address of the v2 token endpoint; needed only where it does not follow from the url"),
    apiVersion: z
      .union([z.string(), z.number()])
      .optional()
      .describe("8.2, 9.0, 9.1 or 9.2; 9.2 unless said otherwise"),
  })
  .transform((given, context): DataverseConfig => {
    const wrong = (path: string, message: string) => {
      context.addIssue({ code: "custom", path: [path], message });
      return z.NEVER;
    };
    const url = address(given.url, "https://contoso.crm4.dynamics.com");
    if (typeof url === "string") return wrong("url", url);
    const inPath = /\/api\/data\/v(\d+\.\d+)/i.exec(url.pathname)?.[1];
    const wanted = String(given.apiVersion ?? inPath ?? "9.2").replace(/^v/i, "");
    // YAML reads an unquoted 9.0 as the number 9.
    const apiVersion = versions.find((v) => v === wanted || v === `${wanted}.0`);
    if (!apiVersion) return wrong("apiVersion", `"${wanted}" is not one of ${versions.join(", ")}`);
    const authority = authorities.find(([suffix]) => url.hostname.endsWith(suffix))?.[1];
    const tokenUrl = given.tokenUrl ?? (authority && `${authority}/${given.tenant}/oauth2/v2.0/token`);
    if (!tokenUrl) return wrong("tokenUrl", `say tokenUrl: where ${url.host} signs in does not follow from its name`);
    const token = address(tokenUrl, "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token");
    if (typeof token === "string") return wrong("tokenUrl", token);
    return { ...given, url: url.origin, tokenUrl: token.href, apiVersion };
  });

/** The scope to ask a token for: one environment. The `.api.` alias answers requests, but is not what tokens are for. */
export function scopeOf(url: string): string {
  return `${url.replace(/^(https:\/\/[a-z0-9-]+)\.api\./, "$1.")}/.default`;
}
