/** The one tenant and the one app registration of the sandbox: fixed development values, secret to nobody. */
export const TENANT_ID = "5a4d0b0c-0000-4000-8000-00000000e001";
export const TENANT_DOMAIN = "sandbox.onmicrosoft.com";
export const CLIENT_ID = "5a4d0b0c-0000-4000-8000-00000000c001";
export const CLIENT_SECRET = "sandbox~development.secret-not-a-real-one";
/** Entra's object id of the app's service principal. */
export const PRINCIPAL_ID = "5a4d0b0c-0000-4000-8000-00000000d001";

/**
 * What is wrong with the app, switched by the control API. The first group shows at the token endpoint, the second at
 * Dataverse (dataverse.md section 2).
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
