import { z } from "zod";

/** How one application user proves who it is (dataverse.md section 2). Paths of files are as the person wrote them. */
export type Credential =
  | { clientId: string; clientSecret: string; secretExpires?: string | undefined }
  | { clientId: string; certificate: string; privateKey?: string | undefined }
  | { clientId: string; assertionFile: string }
  /** `true`: the identity of the machine itself; else the client id of one that was assigned to it. */
  | { managedIdentity: true | string };

/** YAML reads an unquoted secret of digits as a number. */
const string = (what: string) =>
  z.string({
    error: ({ input }) => (input === undefined ? `${what} is missing` : `${what} must be text; put it in quotes`),
  });

const text = (what: string) =>
  string(what)
    .min(1, { error: `${what} is empty` })
    .optional();

/** Text without blanks, such as a name or an id. */
export const word = (what: string) =>
  string(what)
    .trim()
    .min(1, { error: `${what} is empty` })
    .regex(/^\S*$/, { error: `${what} must not hold blanks` });

/** The keys of a credential, in the connection itself or in its list `credentials`. */
export const credentialFields = {
  clientId: word("clientId").optional().describe("Application (client) id of the app registration"),
  clientSecret: text("clientSecret").describe("The client secret's value"),
  secretExpires: z.iso
    .date({ error: "secretExpires must be a day such as 2027-01-31" })
    .optional()
    .describe("The day the client secret expires; Sluice warns from 30 days before"),
  certificate: text("certificate").describe(
    "Instead of a secret: a PEM file, relative to the project, with the certificate and its private key",
  ),
  privateKey: text("privateKey").describe("The private key's PEM file, where it is not in the certificate's"),
  assertionFile: text("assertionFile").describe(
    "Instead of a secret: a file with a federated token (workload identity), read anew for every sign-in",
  ),
  managedIdentity: z
    .union([z.literal(true), z.string().min(1)], { error: "managedIdentity is true, or the client id of an identity" })
    .optional()
    .describe(
      "Instead of a client id and secret: true for the machine's own identity, or the client id of one assigned",
    ),
};

type Given = { [Name in keyof typeof credentialFields]?: z.output<(typeof credentialFields)[Name]> };
type Misfit = { at: string; message: string };

/** The names of the keys that say something about a credential. */
export function givenFields(given: Given): string[] {
  return Object.keys(credentialFields).filter((name) => given[name as keyof Given] !== undefined);
}

const proofs = ["clientSecret", "certificate", "assertionFile", "managedIdentity"] as const;

/** One credential out of the keys given; else which key is at fault, and why. */
export function credentialOf(given: Given): Credential | Misfit {
  const { clientId, clientSecret, certificate, assertionFile, managedIdentity } = given;
  const [proof, ...others] = proofs.filter((name) => given[name] !== undefined);
  if (others[0]) return { at: others[0], message: `say either ${proof} or ${others.join(" or ")}` };
  const stranger = strangers(given, proof);
  if (stranger) return stranger;
  if (managedIdentity !== undefined) return { managedIdentity };
  if (clientId === undefined) return { at: "clientId", message: "clientId is missing" };
  if (certificate !== undefined) {
    const { privateKey } = given;
    return { clientId, certificate, ...(privateKey !== undefined && { privateKey }) };
  }
  if (assertionFile !== undefined) return { clientId, assertionFile };
  if (clientSecret === undefined)
    return {
      at: "clientSecret",
      message: "clientSecret is missing; or say certificate, assertionFile or managedIdentity",
    };
  return { clientId, clientSecret, ...(given.secretExpires !== undefined && { secretExpires: given.secretExpires }) };
}

/** Keys that mean nothing beside this proof: whoever wrote them expects something of them. */
function strangers(given: Given, proof: (typeof proofs)[number] | undefined): Misfit | undefined {
  if (given.privateKey !== undefined && proof !== "certificate")
    return { at: "privateKey", message: "privateKey belongs to a certificate; say certificate, too" };
  if (given.secretExpires !== undefined && proof !== undefined && proof !== "clientSecret")
    return {
      at: "secretExpires",
      message: "secretExpires is for a clientSecret; a certificate says itself when it ends",
    };
  if (given.clientId !== undefined && proof === "managedIdentity")
    return { at: "clientId", message: "write the identity's client id as managedIdentity: CLIENT_ID" };
  return undefined;
}

/** A credential in words, without what is secret. */
export function titleOf(credential: Credential): string {
  if ("clientId" in credential) return `client id ${credential.clientId}`;
  const { managedIdentity } = credential;
  return managedIdentity === true ? "the machine's managed identity" : `managed identity ${managedIdentity}`;
}
