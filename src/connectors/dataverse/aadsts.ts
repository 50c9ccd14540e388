import { SluiceError } from "../../core/errors.ts";

/**
 * What Entra ID refuses, by AADSTS code: cause (after "Entra ID refused the sign-in: ") and remedy, to the person who
 * must act. Source: dataverse.md section 2.
 */
export const aadsts: Record<number, { code?: "connection_wrong"; cause: string; remedy: string }> = {
  7000215: {
    cause: "the client secret is wrong, or the app registration has no service principal in this tenant",
    remedy: "Set clientSecret to the secret's value (not its id). If it is right, create the enterprise application.",
  },
  7000222: {
    cause: "the client secret has expired",
    remedy: "Create a new client secret for the app registration in Entra ID and set clientSecret to its value.",
  },
  700016: {
    code: "connection_wrong",
    cause: "the tenant knows no application with this client id",
    remedy: "Check clientId and tenant: they must be of one and the same directory.",
  },
  90002: {
    code: "connection_wrong",
    cause: "there is no such tenant in this cloud",
    remedy: "Check tenant (Entra ID > Overview > Tenant ID); for a national cloud check the url's ending or tokenUrl.",
  },
  900023: {
    code: "connection_wrong",
    cause: "the tenant is neither a directory id nor a domain",
    remedy: "Set tenant to the directory (tenant) id, a GUID, or to a verified domain of it.",
  },
  70011: {
    code: "connection_wrong",
    cause: "the scope made from the url is not valid",
    remedy: "Check url: it must be the environment's own address, such as https://contoso.crm4.dynamics.com.",
  },
  500011: {
    code: "connection_wrong",
    cause: "the tenant has no environment at this address",
    remedy: "Check the host in url, and that tenant is the one the environment belongs to.",
  },
  700027: {
    cause: "the signed assertion was not accepted: its key is not registered",
    remedy: "Upload the certificate to the app registration, or use the key of the one that is there.",
  },
  7000216: {
    cause: "neither a client secret nor an assertion was sent",
    remedy: "Set clientSecret.",
  },
  7000112: {
    cause: "the application is disabled",
    remedy: "Enable the enterprise application in Entra ID (Properties > Enabled for users to sign in).",
  },
  65001: {
    cause: "nobody has consented to the application",
    remedy:
      "An administrator must grant consent: Entra ID > App registrations > API permissions > Grant admin consent.",
  },
};

/** The error for a refused token request. `description` is Entra's own text; only its first sentence line is kept. */
export function refusedSignIn(codes: readonly number[], error: string, description: string): SluiceError {
  const fromText = Number(/AADSTS(\d+)/.exec(description)?.[1]);
  const code = [...codes, fromText].find((c) => c in aadsts) ?? codes[0] ?? (fromText || undefined);
  const known = code === undefined ? undefined : aadsts[code];
  const label = code === undefined ? error : `AADSTS${code}`;
  if (known)
    return new SluiceError(known.code ?? "secret_wrong", `Entra ID refused the sign-in: ${known.cause} (${label}).`, {
      remedy: known.remedy,
    });
  const said = description.split(/\r?\n| Trace ID:/)[0]?.replace(/^AADSTS\d+:\s*/, "") || error;
  return new SluiceError("secret_wrong", `Entra ID refused the sign-in: ${said} (${label}).`, {
    remedy: "Check tenant, clientId and clientSecret; Entra ID's own text above says what it did not accept.",
  });
}
