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
  if (token === undefined) throw unauthorized(call, "there is no header 'Authorization: Bearer <token>'");
  const claims = readToken(token);
  if (claims === undefined) throw unauthorized(call, "the token is none that this sandbox has signed");
  if (claims.tid !== TENANT_ID) throw unauthorized(call, "the token is of another tenant");
  const problem = timeProblem(claims, gate.clock.now() / 1000);
  if (problem !== undefined) throw unauthorized(call, problem);
  if (claims.iat < gate.tokensFrom()) throw unauthorized(call, "the control API or a fault has expired the token");
  if (!gate.isOwn(claims.aud, call))
    throw unauthorized(call, `the token is for ${claims.aud}, not for this organisation`);
  if (claims.appid === CLIENT_ID) refuseBy(gate.app());
  return claims;
}

/** A token made by a clock that runs a little ahead is good all the same. */
function timeProblem({ nbf, exp }: Claims, seconds: number): string | undefined {
  if (seconds >= exp) return "the token has expired by the sandbox's clock";
  return nbf - 300 > seconds ? "the token is not valid yet by the sandbox's clock" : undefined;
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

/** The 401 has no body worth reading; `WWW-Authenticate` is what counts. Why it came stands in a header of our own. */
export function unauthorized(call: Call, why?: string): ODataError {
  return new ODataError(401, "", "", {
    ...(why === undefined ? {} : { "x-sandbox-reason": why.replace(/[^\x20-\x7e]/g, "?").slice(0, 300) }),
    "WWW-Authenticate": `Bearer authorization_uri=${call.origin}/${TENANT_ID}/oauth2/authorize, resource_id=${call.origin}/`,
  });
}
