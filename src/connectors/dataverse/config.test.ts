import { describe, expect, test } from "vitest";
import { config, scopeOf } from "./config.ts";

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
    expect(parsed.apiVersion).toBe("9.2");
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
  expect(found).toContain("clientId: clientId is missing");
  expect(found).toContain("clientSecret: clientSecret is missing");
  expect(found?.some((i) => i.startsWith("tenant: tenant must be"))).toBe(true);
  expect(found?.some((i) => i.includes('"clientID"'))).toBe(true);
});

test("a secret of digits only, unquoted in YAML, is told apart from none", () => {
  const given = { ...rest, url: "contoso.crm4.dynamics.com", clientSecret: 12345 };
  expect(issues(given)).toEqual(["clientSecret: clientSecret must be text; put it in quotes"]);
});

test("a token is for the environment itself, not for its api alias", () => {
  expect(scopeOf("https://contoso.api.crm4.dynamics.com")).toBe("https://contoso.crm4.dynamics.com/.default");
  expect(scopeOf("https://contoso.crm.dynamics.com")).toBe("https://contoso.crm.dynamics.com/.default");
});
