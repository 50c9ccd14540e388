import { header } from "../http/exchange.ts";
import { ASSERTION_TYPE, checkAssertion } from "./assertion.ts";
import { type EntraCall, required } from "./authority.ts";
import { type App, CLIENT_ID } from "./directory.ts";
import { EntraError } from "./errors.ts";

/** The claim `appidacr`: how the app has proved itself (access-token-claims-reference.md). */
export type Proof = "none" | "secret" | "certificate";

/** The app of this client id. Throws where there is none, or where it is disabled. */
export function appOf(entra: EntraCall, id: string): App {
  const { apps, state } = entra.authority.directory();
  const app = apps.get(id.toLowerCase());
  if (!app) throw new EntraError("unknownApp", id, entra.tenant);
  if (app.disabled || (app.id === CLIENT_ID && state === "appDisabled")) throw new EntraError("disabledApp", id);
  return app;
}

/**
 * Who calls the token endpoint, proved by secret (in the form, or as HTTP Basic) or by certificate. Source: dataverse.md
 * section 2, certificate-credentials.md. Throws the documented error for a wrong proof; none at all is for the caller
 * to judge.
 */
export function authenticate(entra: EntraCall): { app: App; proof: Proof } {
  const { fields } = entra;
  const basic = basicCredential(entra);
  const app = appOf(entra, basic && !fields.get("client_id") ? basic.id : required(fields, "client_id"));
  const assertion = fields.get("client_assertion");
  const secret = fields.get("client_secret") || basic?.secret;
  if (app.isPublic && (assertion || secret)) throw new EntraError("publicWithCredential");
  if (assertion) {
    if (fields.get("client_assertion_type") !== ASSERTION_TYPE) {
      throw new EntraError("missingParameter", "client_assertion_type");
    }
    checkAssertion(entra, app, assertion);
    return { app, proof: "certificate" };
  }
  if (!secret) return { app, proof: "none" };
  const known = app.secrets.find(({ value }) => value === secret);
  if (!known) throw new EntraError("wrongSecret", app.id);
  const { directory, clock } = entra.authority;
  const expired = known.expires !== undefined && known.expires <= clock.now();
  if (expired || (app.id === CLIENT_ID && directory().state === "secretExpired")) {
    throw new EntraError("expiredSecret", app.id);
  }
  return { app, proof: "secret" };
}

function basicCredential({ call }: EntraCall): { id: string; secret: string } | undefined {
  const match = /^Basic\s+(\S+)$/i.exec(header(call, "authorization") ?? "");
  if (!match) return undefined;
  const [id, ...secret] = Buffer.from(match[1]!, "base64").toString().split(":");
  try {
    // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
    return { id: decodeURIComponent(id ?? ""), secret: decodeURIComponent(secret.join(":")) };
  } catch {
    return { id: id ?? "", secret: secret.join(":") };
  }
}
