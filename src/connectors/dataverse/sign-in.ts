import { readAssertion, readCertificate, signAssertion } from "./assertion.ts";
import { type DataverseConfig, resourceOf } from "./config.ts";
import type { Credential } from "./credential.ts";
import type { Sent } from "./exchange.ts";

/**
 * Where one credential asks for its tokens, and with what request: made anew for every try, at `now` (milliseconds).
 * `again`: statuses besides 429 and 5xx that pass by themselves. `remedy`: for a refusal or silence that nothing else explains.
 */
export type SignIn = {
  origin: string;
  request(now: number): Promise<Sent>;
  again: readonly number[];
  remedy?: string;
};

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** How this credential signs in. `base`: the folder that its files are relative to. */
export function signInOf(credential: Credential, config: DataverseConfig, base: string): SignIn {
  if ("managedIdentity" in credential) return managedIdentity(credential.managedIdentity, resourceOf(config.url));
  const { origin, pathname, search } = new URL(config.tokenUrl);
  return {
    origin,
    again: [],
    async request(now) {
      const form = new URLSearchParams({
        grant_type: "client_credentials",
        client_id: credential.clientId,
        ...(await proofOf(credential, config.tokenUrl, base, now)),
        scope: `${resourceOf(config.url)}/.default`,
      });
      return {
        method: "POST",
        path: pathname + search,
        headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
        body: form.toString(),
      };
    },
  };
}

/** Client-credentials flow with secret, certificate or federated token (dataverse.md section 2). */
async function proofOf(
  credential: Exclude<Credential, { managedIdentity: unknown }>,
  tokenUrl: string,
  base: string,
  now: number,
): Promise<Record<string, string>> {
  if ("clientSecret" in credential) return { client_secret: credential.clientSecret };
  const assertion =
    "assertionFile" in credential
      ? await readAssertion(base, credential.assertionFile)
      : signAssertion(
          await readCertificate(base, credential.certificate, credential.privateKey),
          credential.clientId,
          tokenUrl,
          now,
        );
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
}

/**
 * App Service and Functions say where to ask by two variables; any other Azure machine is asked at a fixed address, which
 * the variable of Azure's own libraries can replace. Sources: Azure docs app-service/overview-managed-identity and
 * entra-docs managed-identities-azure-resources/how-to-use-vm-token.
 */
function managedIdentity(which: true | string, resource: string): SignIn {
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER, AZURE_POD_IDENTITY_AUTHORITY_HOST } = process.env;
  const app = IDENTITY_ENDPOINT && IDENTITY_HEADER ? new URL(IDENTITY_ENDPOINT) : undefined;
  const url =
    app ?? new URL("/metadata/identity/oauth2/token", AZURE_POD_IDENTITY_AUTHORITY_HOST ?? "http://169.254.169.254");
  url.searchParams.set("api-version", app ? "2019-08-01" : "2018-02-01");
  url.searchParams.set("resource", resource);
  if (which !== true) url.searchParams.set("client_id", which);
  const headers: Record<string, string> = app ? { "x-identity-header": IDENTITY_HEADER! } : { metadata: "true" };
  const sent: Sent = { method: "GET", path: url.pathname + url.search, headers };
  return {
    origin: url.origin,
    request: async () => sent,
    again: [404, 410], // the endpoint is being updated, and back within 70 seconds
    remedy:
      "Give this machine an identity (Azure portal > the virtual machine, App Service or Function App > Identity > System assigned or User assigned), or use another credential: managed identities exist on Azure only.",
  };
}
