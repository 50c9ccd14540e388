/** The one tenant and the app registration the sandbox comes with: fixed development values, secret to nobody. */
export const TENANT_ID = "5a4d0b0c-0000-4000-8000-00000000e001";
export const TENANT_DOMAIN = "sandbox.onmicrosoft.com";
export const CLIENT_ID = "5a4d0b0c-0000-4000-8000-00000000c001";
export const CLIENT_SECRET = "sandbox~development.secret-not-a-real-one";
/** Entra's object id of the app's service principal. */
export const PRINCIPAL_ID = "5a4d0b0c-0000-4000-8000-00000000d001";
/** The public client that Microsoft's quick starts for Dataverse use (webapi/quick-start-console-app-csharp.md). */
const QUICK_START_CLIENT_ID = "51f81489-12ee-4a9e-aaae-a2591f45987d";
/** The person who can sign in from the start. */
export const FIRST_USER: User = {
  id: "5a4d0b0c-0000-4000-8000-00000000d002",
  upn: `user@${TENANT_DOMAIN}`,
  name: "Sandbox User",
  disabled: false,
  blocked: false,
  tokensValidFrom: 0,
};

/**
 * What is wrong with the first app, switched by the control API. The first group shows at the token endpoint, the
 * second at Dataverse (dataverse.md section 2).
 */
export const APP_STATES = [
  "active",
  "secretExpired",
  "appDisabled",
  "noConsent",
  "noUser",
  "noRole",
  "userDisabled",
  "blocked",
  "administrationMode",
] as const;

export type AppState = (typeof APP_STATES)[number];

/** An app registration together with its service principal. Times are milliseconds since 1970. */
export type App = {
  id: string;
  name: string;
  /** Object id of the service principal. */
  principal: string;
  secrets: { value: string; expires?: number | undefined }[];
  certificates: Certificate[];
  /** Undefined: any address of this machine. */
  redirectUris?: string[] | undefined;
  /** By an administrator, for everybody. */
  consented: boolean;
  disabled: boolean;
  /** A public client holds no credential. */
  isPublic: boolean;
};

/** Thumbprints as base64url, and the public key as PEM. */
export type Certificate = { sha1: string; sha256: string; key: string };

export type User = {
  id: string;
  upn: string;
  name: string;
  disabled: boolean;
  /** By a conditional access policy. */
  blocked: boolean;
  /** What a refresh token no longer suffices for: multi-factor authentication, or enrolling in it. */
  lacks?: "mfa" | "mfaEnrolment" | undefined;
  /** Refresh tokens from before are revoked. */
  tokensValidFrom: number;
};

/** What an app was given to act for a user, by code or by refresh token. */
export type Grant = { app: string; user: string; scope: string; issued: number; v1: boolean };
export type Code = Grant & {
  redirectUri: string;
  challenge?: { value: string; method: "plain" | "S256" } | undefined;
  nonce?: string | undefined;
  redeemed: boolean;
};

/** All state of Entra: plain data, so that a snapshot is a structured clone. */
export type Directory = {
  state: AppState;
  apps: Map<string, App>;
  users: Map<string, User>;
  /** `app user`: who has consented for himself. */
  consents: Set<string>;
  codes: Map<string, Code>;
  refreshTokens: Map<string, Grant>;
};

/** The directory every sandbox starts with: two apps and one person. */
export function createDirectory(): Directory {
  const app = (id: string, name: string, principal: string, more: Partial<App>): [string, App] => [
    id,
    { id, name, principal, secrets: [], certificates: [], consented: true, disabled: false, isPublic: false, ...more },
  ];
  return {
    state: "active",
    apps: new Map([
      app(CLIENT_ID, "Sandbox Application", PRINCIPAL_ID, { secrets: [{ value: CLIENT_SECRET }] }),
      app(QUICK_START_CLIENT_ID, "Dataverse quick start", "5a4d0b0c-0000-4000-8000-00000000d003", { isPublic: true }),
    ]),
    users: new Map([[FIRST_USER.id, { ...FIRST_USER }]]),
    consents: new Set(),
    codes: new Map(),
    refreshTokens: new Map(),
  };
}
