import { createPublicKey, X509Certificate } from "node:crypto";
import { z } from "zod";
import { keepPerson } from "../dataverse/create-environment.ts";
import { GUID, namedGuid } from "../dataverse/guids.ts";
import type { App, Certificate } from "../entra/directory.ts";
import { bodyOf, type ControlOperations, Refused } from "./operation.ts";

const ID = z.string().regex(GUID, "must be a GUID").toLowerCase();
const BASE64URL = z.string().regex(/^[\w-]+$/, "must be base64url");

const APP = z.strictObject({
  clientId: ID,
  name: z.string().min(1).optional(),
  secrets: z.array(z.strictObject({ value: z.string().min(1), expires: z.iso.datetime().optional() })).optional(),
  certificates: z
    .array(z.union([z.string(), z.strictObject({ x5t: BASE64URL, x5tS256: BASE64URL, publicKey: z.string() })]))
    .optional(),
  redirectUris: z.array(z.string()).nullish(),
  consent: z.boolean().optional(),
  disabled: z.boolean().optional(),
  public: z.boolean().optional(),
});

const USER = z.strictObject({
  upn: z.string().regex(/^[^\s@]+@[^\s@]+$/, "must look like name@domain"),
  id: ID.optional(),
  name: z.string().min(1).max(64).optional(),
  disabled: z.boolean().optional(),
  blocked: z.boolean().optional(),
  mfaRequired: z.boolean().optional(),
  mfaEnrolment: z.boolean().optional(),
  revokeTokens: z.boolean().optional(),
});

/** The apps and users of Entra ID. */
export const DIRECTORY: ControlOperations = {
  "GET apps": {
    does: "The app registrations, without their secrets",
    handle: (controlled) => ({
      apps: [...controlled.directory().apps.values()].map((app) => ({
        clientId: app.id,
        name: app.name,
        objectId: app.principal,
        secrets: app.secrets.map(({ expires }) => ({ expires: expires && new Date(expires).toISOString() })),
        certificates: app.certificates.map(({ sha1, sha256 }) => ({ x5t: sha1, x5tS256: sha256 })),
        redirectUris: app.redirectUris ?? null,
        consent: app.consented,
        disabled: app.disabled,
        public: app.isPublic,
      })),
    }),
  },
  "POST apps": {
    does: "Adds an app registration, or changes the one with this clientId: secrets, certificates (PEM), redirect URIs, consent, disabled, public",
    source: "dataverse.md section 2",
    handle(controlled, request) {
      const directory = controlled.directory();
      const given = bodyOf(request, APP);
      const id = given.clientId;
      const found: App = directory.apps.get(id) ?? {
        id,
        name: `App ${id}`,
        principal: namedGuid(`service principal ${id}`),
        secrets: [],
        certificates: [],
        consented: true,
        disabled: false,
        isPublic: false,
      };
      directory.apps.set(id, {
        ...found,
        name: given.name ?? found.name,
        secrets:
          given.secrets?.map(({ value, expires }) => ({ value, expires: expires ? Date.parse(expires) : undefined })) ??
          found.secrets,
        certificates: given.certificates?.map(certificate) ?? found.certificates,
        redirectUris:
          given.redirectUris === null ? undefined : (given.redirectUris?.map(address) ?? found.redirectUris),
        consented: given.consent ?? found.consented,
        disabled: given.disabled ?? found.disabled,
        isPublic: given.public ?? found.isPublic,
      });
      if (given.consent !== false) return;
      for (const pair of directory.consents) if (pair.startsWith(`${id} `)) directory.consents.delete(pair);
    },
  },
  "GET users": {
    does: "The people who can sign in",
    handle: (controlled) => ({ users: [...controlled.directory().users.values()] }),
  },
  "POST users": {
    does: "Adds a person, together with a user of Dataverse that has the role System Administrator; or changes the one with this upn: name, disabled, blocked, mfaRequired, mfaEnrolment, revokeTokens",
    source: "dataverse.md section 2",
    handle(controlled, request) {
      const directory = controlled.directory();
      const given = bodyOf(request, USER);
      const found = [...directory.users.values()].find(({ upn }) => upn.toLowerCase() === given.upn.toLowerCase());
      const id = found?.id ?? given.id ?? namedGuid(`user ${given.upn.toLowerCase()}`);
      if (given.id !== undefined && given.id !== id) throw new Refused(`'${given.upn}' has the id ${id}`);
      const lacks = given.mfaRequired ? "mfa" : given.mfaEnrolment ? "mfaEnrolment" : undefined;
      const unchanged = given.mfaRequired === undefined && given.mfaEnrolment === undefined;
      const user = {
        id,
        upn: found?.upn ?? given.upn,
        name: given.name ?? found?.name ?? given.upn.slice(0, 64),
        disabled: given.disabled ?? found?.disabled ?? false,
        blocked: given.blocked ?? found?.blocked ?? false,
        lacks: unchanged ? found?.lacks : lacks,
        // Whatever was issued up to this very moment is revoked.
        tokensValidFrom: given.revokeTokens ? controlled.clock.now() + 1 : (found?.tokensValidFrom ?? 0),
      } as const;
      if (!found) keepPerson(controlled.environment(), user);
      directory.users.set(id, user);
      return { id };
    },
  },
};

type Bare = { x5t: string; x5tS256: string; publicKey: string };

function certificate(given: string | Bare): Certificate {
  try {
    const parsed = typeof given === "string" ? new X509Certificate(given) : undefined;
    const key = parsed?.publicKey ?? createPublicKey((given as Bare).publicKey);
    if (key.asymmetricKeyType !== "rsa") throw new Error("the key must be an RSA key");
    const prints = parsed
      ? { sha1: base64url(parsed.fingerprint), sha256: base64url(parsed.fingerprint256) }
      : { sha1: (given as Bare).x5t, sha256: (given as Bare).x5tS256 };
    return { ...prints, key: key.export({ type: "spki", format: "pem" }) as string };
  } catch (error) {
    throw new Refused(`'certificates': not a certificate or key in PEM (${(error as Error).message})`);
  }
}

function base64url(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(":", ""), "hex").toString("base64url");
}

/** What a browser runs instead of going there is no redirect URI. */
function address(text: string): string {
  const url = URL.parse(text);
  if (!url || /^(javascript|data|vbscript|blob|file):$/.test(url.protocol)) {
    throw new Refused(`'redirectUris': '${text}' is not an address`);
  }
  return text;
}
