import type { Clock } from "../clock.ts";
import { type AppState, CLIENT_ID, TENANT_ID } from "../entra/directory.ts";
import { type Claims, readToken } from "../entra/jwt.ts";
import { type Call, header } from "../http/exchange.ts";
import { errors, ODataError } from "./errors.ts";

/** What the Web API needs to judge a token. */
export type Gate = {
  app: () => AppState;
  clock: Clock;
  /** Tokens made before this second are refused: a fault. */
  tokensFrom: () => number;
  isOwn: (origin: string, call: Call) => boolean;
};

/**
 * Lets a call with a good token through. Throws 401 with the WWW-Authenticate header clients discover the tenant by,
 * or the 403 that fits the state of the application user (dataverse.md section 2).
 */
export function admit(call: Call, gate: Gate): Claims {
  const token = /^Bearer\s+(\S+)$/i.exec(header(call, "authorization") ?? "")?.[1];
  const claims = token === undefined ? undefined : readToken(token);
  const good =
    claims !== undefined &&
    claims.tid === TENANT_ID &&
    isNow(claims, gate.clock.now() / 1000) &&
    claims.iat >= gate.tokensFrom() &&
    gate.isOwn(claims.aud, call);
  if (!good) throw unauthorized(call);
  if (claims.appid === CLIENT_ID) refuseBy(gate.app());
  return claims;
}

/** A token made by a clock that runs a little ahead is good all the same. */
function isNow({ nbf, exp }: Claims, seconds: number): boolean {
  return nbf - 300 <= seconds && seconds < exp;
}

/** The states the control API puts the one app in that the sandbox comes with. */
function refuseBy(state: AppState): void {
  switch (state) {
    case "noUser":
      throw errors.notMember();
    case "noRole":
      throw errors.noRoles();
    case "userDisabled":
      throw errors.disabledUser();
    case "blocked":
      throw errors.appBlocked();
    case "administrationMode":
      throw errors.administrationMode();
    default:
  }
}

/** The 401 has no body worth reading; the header is what counts. */
export function unauthorized(call: Call): ODataError {
  return new ODataError(401, "", "", {
    "WWW-Authenticate": `Bearer authorization_uri=${call.origin}/${TENANT_ID}/oauth2/authorize, resource_id=${call.origin}/`,
  });
}
