import fc from "fast-check";
import { encodePath, rows, type Shot } from "./requests.ts";
import { anyText, mutated } from "./text.ts";

const fields = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ..."grant_type client_id client_secret scope resource code refresh_token code_verifier redirect_uri response_type state code_challenge client_assertion client_assertion_type prompt response_mode".split(
          " ",
        ),
      ),
      fc.oneof(
        anyText,
        fc.constantFrom(
          "client_credentials",
          "authorization_code",
          "refresh_token",
          "code",
          "S256",
          "openid offline_access",
          "https://127.0.0.1/.default",
          "http://localhost/x",
          "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          "a.b.c",
        ),
      ),
    ),
    { maxLength: 6 },
  )
  .map((all) =>
    new URLSearchParams(all.map(([name, value]): [string, string] => [name, value.toWellFormed()])).toString(),
  );

/** Requests to the token, authorize and discovery endpoints. */
export const entraShots: fc.Arbitrary<Shot> = fc
  .tuple(
    fc.constantFrom("GET", "POST", "POST", "PUT"),
    fc.constantFrom(
      "common",
      "organizations",
      "aaaaaaaa-0000-4000-8000-000000000001",
      "x",
      "%zz",
      "nosuch.onmicrosoft.com",
    ),
    fc.constantFrom(
      "oauth2/v2.0/token",
      "oauth2/token",
      "oauth2/v2.0/authorize",
      "oauth2/authorize",
      "v2.0/.well-known/openid-configuration",
      "discovery/v2.0/keys",
      "oauth2/v2.0/logout",
      "oauth2/v2.0/devicecode",
      "x",
    ),
    mutated(fields),
  )
  .map(([method, tenant, path, form]) => ({
    kind: "entra" as const,
    method,
    path: `/${tenant}/${path}${method === "GET" ? `?${encodePath(form)}` : ""}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    ...(method !== "GET" && { body: form }),
  }));

/** Requests to the control API. What they inject must not be in force when other requests are judged. */
export const controlShots: fc.Arbitrary<Shot> = fc
  .tuple(
    fc.constantFrom("GET", "POST", "DELETE", "PUT"),
    mutated(
      fc.constantFrom(
        ..."reset requests requests/clear faults plugins privileges app change-tracking seed rows/contact clock snapshots".split(
          " ",
        ),
        ..."snapshots/a/restore snapshots/a tokens/expire webhooks apps users limits nosuch".split(" "),
      ),
    ).map((path) => encodePath(path)),
    mutated(
      fc.oneof(
        rows,
        fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
        fc.constantFrom(
          '[{"status":503,"times":1}]',
          '{"name":"a"}',
          '{"advance":"3h"}',
          '{"advanceMs":1e300}',
          '{"contact":[{"firstname":"Ann"}]}',
          '[{"latencyMs":"x"}]',
          '{"state":"disabled"}',
        ),
      ),
    ),
  )
  .map(([method, path, body]) => ({
    kind: "control" as const,
    method,
    path: `/_sandbox/${path}`,
    headers: {},
    ...(method !== "GET" && { body }),
  }));
