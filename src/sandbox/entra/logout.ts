import type { Reply } from "../http/exchange.ts";
import { type EntraCall, requireTenant } from "./authority.ts";
import { messagePage } from "./page.ts";

/**
 * v2-protocols-oidc.md, "Send a sign-out request". There is no session to end; what a client sees is the page, or where
 * it named an address of this machine the way back there, with its `state`.
 */
export function logoutReply({ tenant, fields }: EntraCall): Reply {
  requireTenant(tenant, { forAny: true });
  const target = URL.parse(fields.get("post_logout_redirect_uri") ?? "");
  const local =
    target && /^https?:$/.test(target.protocol) && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(target.hostname);
  if (!local) return messagePage(200, "Sign out", "You signed out of your account.");
  const state = fields.get("state");
  if (state !== null) target.searchParams.append("state", state);
  return { status: 302, headers: { Location: target.href, "Cache-Control": "no-store, no-cache" } };
}
