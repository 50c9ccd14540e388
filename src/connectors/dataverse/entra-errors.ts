import type { ErrorCode } from "../../core/catalogue.ts";

/** `cause` completes "Entra ID refused the sign-in: ". */
export type EntraRow = { error: ErrorCode & ("secret_wrong" | "connection_wrong"); cause: string; remedy: string };

const secrets = "Entra admin center > App registrations > your app > Certificates & secrets";
const enterprise = "Entra admin center > Enterprise applications > your app";
const delegated = "Sluice signs in as an application, never as a person: check that clientId is an app registration.";

const secret = (cause: string, remedy: string): EntraRow => ({ error: "secret_wrong", cause, remedy });
const setting = (cause: string, remedy: string): EntraRow => ({ error: "connection_wrong", cause, remedy });

/**
 * Every refusal of Entra ID that is known, by AADSTS number: what is behind it, and what the person who must act does
 * about it, by page and button. Errors, troubleshooting guide and `sluice check` are made of these rows. Sources:
 * dataverse.md section 2; entra-docs reference-error-codes.md; 700212, 700213 and 7000229 as public issue threads tell.
 */
export const entraErrors: Record<number, EntraRow> = {
  7000215: secret(
    "the client secret is wrong, or the app registration has no service principal in this tenant",
    `Copy the secret's Value, not its Secret ID, when you create it (${secrets} > New client secret), and set clientSecret to it. If it is right, look for the app under Enterprise applications of this tenant.`,
  ),
  7000222: secret(
    "the client secret has expired",
    `Create a new one (${secrets} > New client secret) and set clientSecret to its Value; set secretExpires to be warned in time.`,
  ),
  7000216: secret(
    "neither a secret nor an assertion was sent",
    "Set clientSecret, certificate, assertionFile or managedIdentity in the connection.",
  ),
  7000218: secret(
    "the app must prove itself, and no secret or assertion was sent",
    "Set clientSecret, certificate or assertionFile in the connection.",
  ),
  700025: secret(
    "the app is registered as a public client, which may hold no credential",
    "Use an app registration of your own with a secret or certificate (App registrations > New registration); sample client ids will not do.",
  ),
  7000112: secret(
    "the application is disabled",
    `Enable it: ${enterprise} > Properties > Enabled for users to sign in > Yes > Save.`,
  ),
  7000229: secret(
    "the app registration has no service principal in this tenant",
    "An administrator of the tenant adds it: az ad sp create --id CLIENT_ID, or by granting consent to the app once.",
  ),
  65001: secret(
    "nobody has consented to the application",
    "An administrator grants it: Entra admin center > App registrations > your app > API permissions > Grant admin consent.",
  ),
  700027: secret(
    "the signature of the assertion was not accepted: its certificate is not registered with the app",
    `Upload the certificate that the connection names (${secrets} > Certificates > Upload certificate), or name the one that is there.`,
  ),
  50012: secret(
    "the signature of the assertion was not accepted, or the certificate is not valid any more",
    `Compare thumbprint and dates of the certificate with ${secrets} > Certificates; upload the one the connection names.`,
  ),
  700024: secret(
    "the assertion is not valid at this time: the clock of this machine is wrong, or the assertion file is old",
    "Set the machine's clock by NTP. With assertionFile: see that its issuer renews the file.",
  ),
  700021: secret(
    "the assertion names another client than clientId",
    "Check that clientId and the certificate or assertion file belong to the same app registration.",
  ),
  50048: secret(
    "the assertion's subject is not the client",
    "Check that the assertion file holds a token meant for this app registration.",
  ),
  700023: secret(
    "the assertion is meant for another address than this sign-in service",
    "Check tokenUrl and tenant. With assertionFile: its token needs the audience api://AzureADTokenExchange.",
  ),
  50027: secret(
    "the assertion is no token that Entra ID can read",
    "Check that assertionFile names the file with the federated token, and that the file holds nothing else.",
  ),
  700211: secret(
    "no federated credential of the app has the issuer of this token",
    `Add one, or correct its Issuer: ${secrets} > Federated credentials. It must equal the token's claim iss, letter by letter.`,
  ),
  700212: secret(
    "no federated credential of the app has the audience of this token",
    `Correct the Audience: ${secrets} > Federated credentials. It must equal the token's claim aud, usually api://AzureADTokenExchange.`,
  ),
  700213: secret(
    "no federated credential of the app has the subject of this token",
    `Correct the Subject identifier: ${secrets} > Federated credentials. It must equal the token's claim sub, letter by letter.`,
  ),
  53003: secret(
    "a Conditional Access policy blocks the sign-in",
    "Ask an administrator of Entra ID to see which policy it was (Monitoring & health > Sign-in logs > Service principal sign-ins) and to let this app in from this machine's address.",
  ),
  50076: secret("a second factor is asked for, which only a person has", delegated),
  50079: secret("a second factor must be set up first, which only a person can do", delegated),
  50034: secret("the account is not in the directory", `Check tenant. ${delegated}`),
  50057: secret("the account is disabled", `Have an administrator enable it, or use another. ${delegated}`),
  50058: secret("nobody is signed in", delegated),
  50011: secret(
    "the address to return to is not registered with the app",
    "Add it: Entra admin center > App registrations > your app > Authentication > Redirect URIs.",
  ),
  54005: secret("the authorization code was used before", "Sign in again to get a new one."),
  70008: secret("the authorization code or refresh token has expired", "Sign in again."),
  700082: secret("the refresh token was not used for too long and has expired", "Sign in again."),
  50173: secret("the tokens of this account were revoked, say by a new password", "Sign in again."),
  70000: secret("the code or refresh token is unknown, or another app's", "Sign in again, with the same clientId."),
  700016: setting(
    "the tenant knows no application with this client id",
    "Check clientId (App registrations > your app > Overview > Application (client) ID) and tenant: both must be of one and the same directory.",
  ),
  90002: setting(
    "there is no such tenant in this cloud",
    "Check tenant (Entra admin center > Overview > Tenant ID); for a national cloud check the ending of the url, or tokenUrl.",
  ),
  900023: setting(
    "the tenant is neither a directory id nor a domain",
    "Set tenant to the Tenant ID of Entra admin center > Overview, a GUID, or to a verified domain of it.",
  ),
  50059: setting(
    "the request does not tell the tenant",
    "Set tenant to your own directory's id; common and organizations are for people who sign in.",
  ),
  70011: setting(
    "the scope made from the url is not valid",
    "Check url: it must be the environment's own address, such as https://contoso.crm4.dynamics.com.",
  ),
  500011: setting(
    "the tenant has no environment at this address",
    "Check the host in url (Power Platform admin center > Environments > your environment > Environment URL), and that tenant is the one the environment belongs to.",
  ),
  50001: setting(
    "the tenant has no environment at this address, or it is disabled",
    "Check the host in url (Power Platform admin center > Environments > your environment > Environment URL).",
  ),
  500014: setting(
    "Dataverse itself is disabled in this tenant",
    "Check that the subscription has not lapsed, then enable Dataverse: Entra admin center > Enterprise applications > Dataverse > Properties.",
  ),
  900144: setting(
    "a part of the request is missing",
    "Check tokenUrl: it must end in /oauth2/v2.0/token, and no proxy may shorten requests.",
  ),
  901002: setting(
    "the address of the sign-in service is not the one for this kind of request",
    "Check tokenUrl: it must end in /oauth2/v2.0/token.",
  ),
  900561: setting("the address is not that of a token endpoint", "Check tokenUrl: it must end in /oauth2/v2.0/token."),
  9002313: setting(
    "the sign-in service cannot read the request",
    "Check tokenUrl (it must end in /oauth2/v2.0/token), and that no proxy changes requests.",
  ),
  70003: setting(
    "the sign-in service does not offer sign-in for applications",
    "Check tokenUrl: it must be Entra ID's own token endpoint.",
  ),
};
