import { describe, expect, test } from "vitest";
import { config, resourceOf } from "./config.ts";

const rest = { tenant: "contoso.com", clientId: "c", clientSecret: "s" };
const issues = (given: unknown) =>
  config.safeParse(given).error?.issues.map((i) => `${i.path.join(".")}: ${i.message}`);

describe("url", () => {
  test.each([
    "contoso.crm4.dynamics.com",
    "https://contoso.crm4.dynamics.com",
    "https://Contoso.crm4.dynamics.com/",
    " contoso.crm4.dynamics.com/main.aspx?appid=1 ",
    "https://contoso.crm4.dynamics.com/api/data/v9.2/",
  ])("%s is one and the same environment", (url) => {
    const parsed = config.parse({ ...rest, url });
    expect(parsed.url).toBe("https://contoso.crm4.dynamics.com");
    expect(parsed.apiVersion).toBe(url.includes("v9.2") ? "9.2" : undefined);
    expect(config.parse(parsed)).toEqual(parsed);
  });

  test("http is for this computer only", () => {
    expect(issues({ ...rest, url: "http://contoso.crm4.dynamics.com" })?.[0]).toMatch(/^url: use https for contoso/);
    const local = { ...rest, url: "http://127.0.0.1:9000/", tokenUrl: "http://localhost:9000/t/oauth2/v2.0/token" };
    expect(config.parse(local).url).toBe("http://127.0.0.1:9000");
  });

  test.each([
    ["contoso", /whole host name/],
    ["https://u:p@contoso.crm.dynamics.com", /user name and password/],
    ["ftp://contoso.crm.dynamics.com", /use https/],
    ["https://", /not a web address/],
  ])("%s is refused in words", (url, message) => {
    expect(issues({ ...rest, url })?.[0]).toMatch(message);
  });
});

test("the version comes from apiVersion, then the path; YAML's numbers are understood", () => {
  const url = "https://contoso.crm4.dynamics.com/api/data/v9.1";
  expect(config.parse({ ...rest, url }).apiVersion).toBe("9.1");
  expect(config.parse({ ...rest, url, apiVersion: 9 }).apiVersion).toBe("9.0");
  expect(config.parse({ ...rest, url, apiVersion: "v8.2" }).apiVersion).toBe("8.2");
  expect(issues({ ...rest, url, apiVersion: "10" })?.[0]).toBe('apiVersion: "10" is not one of 8.2, 9.0, 9.1, 9.2');
});

test.each([
  ["contoso.crm4.dynamics.com", "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"],
  ["contoso.crm.microsoftdynamics.us", "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token"],
  ["contoso.crm.appsplatform.us", "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token"],
  ["contoso.crm.dynamics.cn", "https://login.partner.microsoftonline.cn/contoso.com/oauth2/v2.0/token"],
])("%s signs in at its own cloud", (url, tokenUrl) => {
  expect(config.parse({ ...rest, url }).tokenUrl).toBe(tokenUrl);
});

test("an unknown host needs a tokenUrl, and says so", () => {
  expect(issues({ ...rest, url: "crm.example.org" })?.[0]).toMatch(/^tokenUrl: say tokenUrl: where crm.example.org/);
});

test("typos and missing fields are named", () => {
  const found = issues({ url: "contoso.crm4.dynamics.com", tenant: "https://x/y", clientID: "c" });
  expect(found?.some((i) => i.startsWith("tenant: tenant must be"))).toBe(true);
  expect(found?.some((i) => i.includes('"clientID"'))).toBe(true);
  expect(issues({ tenant: "contoso.com", clientId: "c", clientSecret: "s" })).toEqual([
    "url: url is missing; or say region and name",
  ]);
});

describe("region and name make the address", () => {
  const own = { ...rest, name: "contoso" };

  test.each([
    ["crm", "https://contoso.crm.dynamics.com"],
    ["crm4", "https://contoso.crm4.dynamics.com"],
    ["crm99", "https://contoso.crm99.dynamics.com"],
    ["crm.microsoftdynamics.us", "https://contoso.crm.microsoftdynamics.us"],
    ["crm.dynamics.cn", "https://contoso.crm.dynamics.cn"],
    ["crm4.dynamics.com", "https://contoso.crm4.dynamics.com"],
  ])("%s", (region, url) => {
    expect(config.parse({ ...own, region }).url).toBe(url);
  });

  test.each([
    [{ region: "EUR" }, /^region: region is what stands between/],
    [{}, /^region: region is missing/],
    [{ region: "crm4", url: "contoso.crm4.dynamics.com" }, /^region: say either url or region and name/],
    [{ region: "crm4", name: "con/toso" }, /^name: name is the first part/],
  ])("%j is refused in words", (given, message) => {
    expect(issues({ ...own, ...given })?.[0]).toMatch(message);
  });
});

describe("credentials", () => {
  const place = { url: "contoso.crm4.dynamics.com", tenant: "contoso.com" };
  const parsed = (given: object) => config.parse({ ...place, ...given }).credentials;

  test("the short form is a list of one", () => {
    const one = { clientId: "c", clientSecret: "s", secretExpires: "2027-01-31" };
    expect(parsed(one)).toEqual([one]);
    expect(parsed({ managedIdentity: true })).toEqual([{ managedIdentity: true }]);
  });

  test("every kind, side by side", () => {
    const credentials = [
      { clientId: "a", clientSecret: "s" },
      { clientId: "b", certificate: "b.pem" },
      { clientId: "c", certificate: "c.pem", privateKey: "c.key" },
      { clientId: "d", assertionFile: "/var/run/token" },
      { managedIdentity: "e" },
    ];
    expect(parsed({ credentials })).toEqual(credentials);
  });

  test.each([
    [{}, "clientId: clientId is missing"],
    [{ clientId: "c" }, "clientSecret: clientSecret is missing; or say certificate, assertionFile or managedIdentity"],
    [{ clientId: "c", clientSecret: "s", certificate: "f" }, "certificate: say either clientSecret or certificate"],
    [
      { clientId: "c", managedIdentity: true },
      "clientId: write the identity's client id as managedIdentity: CLIENT_ID",
    ],
    [
      { clientId: "c", assertionFile: "f", privateKey: "k" },
      "privateKey: privateKey belongs to a certificate; say certificate, too",
    ],
    [
      { clientId: "c", certificate: "f", secretExpires: "2027-01-31" },
      "secretExpires: secretExpires is for a clientSecret; a certificate says itself when it ends",
    ],
    [
      { clientId: "c", clientSecret: "s", secretExpires: "31.1.2027" },
      "secretExpires: secretExpires must be a day such as 2027-01-31",
    ],
    [
      { clientId: "c", credentials: [{ managedIdentity: true }] },
      "clientId: say either credentials or clientId, not both",
    ],
    [{ credentials: [] }, "credentials: credentials is an empty list"],
    [
      { credentials: [{ managedIdentity: true }, { managedIdentity: true }] },
      "credentials.1: this is the application user of credential 1 again, and shares its limits; each needs one of its own",
    ],
    [
      { credentials: [{ managedIdentity: true }, { clientId: "c" }] },
      "credentials.1.clientSecret: clientSecret is missing; or say certificate, assertionFile or managedIdentity",
    ],
    [{ managedIdentity: false }, "managedIdentity: managedIdentity is true, or the client id of an identity"],
  ])("%j is refused in words", (given, message) => {
    expect(issues({ ...place, ...given })).toEqual([message]);
  });
});

test("a prefix has one underscore, whatever was written", () => {
  const url = "contoso.crm4.dynamics.com";
  for (const prefix of ["new", "new_", "New"]) expect(config.parse({ ...rest, url, prefix }).prefix).toBe("new_");
  expect(issues({ ...rest, url, prefix: "n" })?.[0]).toMatch(/^prefix: prefix is a publisher's/);
});

test("a secret of digits only, unquoted in YAML, is told apart from none", () => {
  const given = { ...rest, url: "contoso.crm4.dynamics.com", clientSecret: 12345 };
  expect(issues(given)).toEqual(["clientSecret: clientSecret must be text; put it in quotes"]);
});

test("a token is for the environment itself, not for its api alias", () => {
  expect(resourceOf("https://contoso.api.crm4.dynamics.com")).toBe("https://contoso.crm4.dynamics.com");
  expect(resourceOf("https://contoso.crm.dynamics.com")).toBe("https://contoso.crm.dynamics.com");
});
