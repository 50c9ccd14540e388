import { escapeXml } from "../escape-xml.ts";
import type { Reply } from "../http/exchange.ts";
import type { EntraCall } from "./authority.ts";
import type { App, User } from "./directory.ts";
import type { Scope } from "./scope.ts";

/** Asks who signs in, and whether the app may. A plain form: a click, or a POST of its fields, goes on from there. */
export function consentPage({ call, fields }: EntraCall, app: App, scope: Scope, users: User[]): Reply {
  const hint = (fields.get("login_hint") ?? "").toLowerCase();
  const chosen = users.find(({ upn }) => upn.toLowerCase() === hint) ?? users[0];
  const accounts = users.map(
    (user) =>
      `<p><label><input type="radio" name="account" value="${escapeXml(user.id)}"${user === chosen ? " checked" : ""}> ${escapeXml(user.name)} (${escapeXml(user.upn)})</label></p>`,
  );
  const permissions = scope.text.split(" ").map((item) => `<li>${escapeXml(item)}</li>`);
  return page(
    200,
    `Sign in to ${app.name}`,
    `<form method="post" action="${escapeXml(call.path)}">
${hidden(fields)}
<fieldset><legend>Pick an account</legend>
${accounts.join("\n")}
</fieldset>
<p>${escapeXml(app.name)} (${escapeXml(app.id)}) asks for:</p>
<ul>
${permissions.join("\n")}
</ul>
<p><button type="submit" name="decision" value="accept">Accept</button>
<button type="submit" name="decision" value="cancel" formnovalidate>Cancel</button></p>
</form>`,
  );
}

/** The answer of `response_mode=form_post`. Entra's own page sends itself by a script; here it is a click. */
export function formPage(action: string, fields: Record<string, string>): Reply {
  return page(
    200,
    "Working...",
    `<form method="post" action="${escapeXml(action)}">
${hidden(new URLSearchParams(fields))}
<p><button type="submit">Continue</button></p>
</form>`,
  );
}

/** A page that only says something. */
export function messagePage(status: number, title: string, text: string): Reply {
  return page(status, title, `<p>${escapeXml(text)}</p>`);
}

function hidden(fields: URLSearchParams): string {
  return [...fields]
    .filter(([name]) => name !== "account")
    .map(([name, value]) => `<input type="hidden" name="${escapeXml(name)}" value="${escapeXml(value)}">`)
    .join("\n");
}

function page(status: number, title: string, body: string): Reply {
  return {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store, no-cache",
      // No form-action here: browsers would hold it against the redirect that follows the form.
      "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      "X-Content-Type-Options": "nosniff",
    },
    body: `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeXml(title)}</title></head>
<body>
<h1>${escapeXml(title)}</h1>
${body}
</body>
</html>
`,
  };
}
