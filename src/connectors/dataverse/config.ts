import { z } from "zod";
import { type Behaviour, behaviourFields } from "./behaviour.ts";
import { type Credential, credentialFields, credentialOf, givenFields, titleOf, word } from "./credential.ts";

export const versions = ["8.2", "9.0", "9.1", "9.2"] as const;
export type ApiVersion = (typeof versions)[number];

/** What a person must say to connect. `url` is an origin without slash; `tokenUrl` is where the tenant signs in. */
export type DataverseConfig = {
  url: string;
  tenant: string;
  tokenUrl: string;
  /** At least one: each is an application user of its own, and they share the load. */
  credentials: Credential[];
  /** Undefined: the newest that the server offers. */
  apiVersion?: ApiVersion | undefined;
  /** Of the publisher whose columns are meant, with its underscore: `new_`. */
  prefix?: string | undefined;
  dailyRequests?: number | undefined;
} & Behaviour;

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

/** The settings as a person writes them. `docs/project-files.md` is made from the descriptions. */
export const settings = z.strictObject({
  url: word("url").optional().describe("Web API endpoint or environment URL, such as contoso.crm4.dynamics.com"),
  region: word("region")
    .regex(/^(crm[a-z0-9]*|[a-z0-9-]+(\.[a-z0-9-]+)+)$/i, {
      error:
        "region is what stands between the environment's name and dynamics.com in its address, such as crm4; for a national cloud all that follows the name, such as crm.microsoftdynamics.us",
    })
    .optional()
    .describe("Instead of url, with name: the region in the environment's address, such as crm4"),
  name: word("name")
    .regex(/^[a-z0-9-]+$/i, { error: "name is the first part of the environment's address, such as contoso" })
    .optional()
    .describe("Instead of url, with region: the environment's name in its address, such as contoso"),
  tenant: word("tenant")
    .regex(/^[\w.-]+$/, { error: "tenant must be the directory (tenant) id or a domain of it, not an address" })
    .describe("Directory (tenant) id or domain"),
  ...credentialFields,
  credentials: z
    .array(z.strictObject(credentialFields), { error: "credentials must be a list" })
    .min(1, { error: "credentials is an empty list" })
    .optional()
    .describe("Instead of one credential: a list of them, one application user each, to share the load"),
  prefix: word("prefix")
    .regex(/^[a-z][a-z0-9]{1,7}_?$/i, {
      error: "prefix is a publisher's customization prefix: two to eight letters and digits, such as new",
    })
    .optional()
    .describe("Customization Prefix: completes column names of audiences that lack it"),
  dailyRequests: z
    .int()
    .min(1)
    .optional()
    .describe("Power Platform requests that all application users of the tenant share in a day, for the forecast"),
  tokenUrl: z
    .string()
    .optional()
    .describe("Whole address of the v2 token endpoint; needed only where it does not follow from the url"),
  apiVersion: z
    .union([z.string(), z.number()])
    .optional()
    .describe("8.2, 9.0, 9.1 or 9.2; the newest of them that the server offers unless said otherwise"),
  ...behaviourFields,
});

/**
 * Accepts the environment's address in any form (with or without https, path or slash; `/api/data/v9.1` also sets the
 * version), or its region and name, and gives it in one form. Parsing its own result again changes nothing.
 */
export const config = settings.transform((given, context): DataverseConfig => {
  const wrong = (path: (string | number)[], message: string) => {
    context.addIssue({ code: "custom", path, message });
    return z.NEVER;
  };
  const place = placeOf(given);
  if (typeof place !== "string") return wrong([place.at], place.message);
  const url = address(place, "https://contoso.crm4.dynamics.com");
  if (typeof url === "string") return wrong([given.url === undefined ? "region" : "url"], url);
  const inPath = /\/api\/data\/v(\d+\.\d+)/i.exec(url.pathname)?.[1];
  const wanted = given.apiVersion ?? inPath;
  // YAML reads an unquoted 9.0 as the number 9.
  const plain = String(wanted).replace(/^v/i, "");
  const apiVersion = versions.find((v) => v === plain || v === `${plain}.0`);
  if (wanted !== undefined && !apiVersion)
    return wrong(["apiVersion"], `"${plain}" is not one of ${versions.join(", ")}`);
  const authority = authorities.find(([suffix]) => url.hostname.endsWith(suffix))?.[1];
  const tokenUrl = given.tokenUrl ?? (authority && `${authority}/${given.tenant}/oauth2/v2.0/token`);
  if (!tokenUrl) return wrong(["tokenUrl"], `say tokenUrl: where ${url.host} signs in does not follow from its name`);
  const token = address(tokenUrl, "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token");
  if (typeof token === "string") return wrong(["tokenUrl"], token);
  const own = givenFields(given);
  if (given.credentials && own[0]) return wrong([own[0]], `say either credentials or ${own.join(" and ")}, not both`);
  const credentials: Credential[] = [];
  for (const [i, one] of (given.credentials ?? [given]).entries()) {
    const credential = credentialOf(one);
    if ("message" in credential)
      return wrong([...(given.credentials ? ["credentials", i] : []), credential.at], credential.message);
    const twin = credentials.findIndex((other) => titleOf(other) === titleOf(credential));
    if (twin >= 0)
      return wrong(
        ["credentials", i],
        `this is the application user of credential ${twin + 1} again, and shares its limits; each needs one of its own`,
      );
    credentials.push(credential);
  }
  return {
    url: url.origin,
    tenant: given.tenant,
    tokenUrl: token.href,
    credentials,
    ...(apiVersion && { apiVersion }),
    ...Object.fromEntries(
      Object.keys(behaviourFields).flatMap((name) => {
        const value = given[name as keyof Behaviour];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    ...(given.dailyRequests !== undefined && { dailyRequests: given.dailyRequests }),
    ...(given.prefix !== undefined && { prefix: `${given.prefix.toLowerCase().replace(/_$/, "")}_` }),
  };
});

type Misfit = { at: string; message: string };

/** The address as given, or made from region and name. */
function placeOf({ url, region, name }: z.output<typeof settings>): string | Misfit {
  if (url !== undefined) {
    if (region === undefined && name === undefined) return url;
    return { at: region === undefined ? "name" : "region", message: "say either url or region and name, not both" };
  }
  if (region === undefined && name === undefined)
    return { at: "url", message: "url is missing; or say region and name" };
  if (region === undefined) return { at: "region", message: "region is missing, such as crm4" };
  if (name === undefined) return { at: "name", message: "name is missing: the environment's, as in its address" };
  return `${name}.${region.includes(".") ? region : `${region}.dynamics.com`}`;
}

/** What tokens are asked for: one environment. The `.api.` alias answers requests, but is not what tokens are for. */
export function resourceOf(url: string): string {
  return url.replace(/^(https:\/\/[a-z0-9-]+)\.api\./, "$1.");
}
