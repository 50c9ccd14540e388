import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { DataverseConfig } from "../src/connectors/dataverse/config.ts";
import { entraErrors } from "../src/connectors/dataverse/entra-errors.ts";
import type { Answer } from "../src/connectors/dataverse/exchange.ts";
import { openSession } from "../src/connectors/dataverse/index.ts";
import { batchOf } from "../src/connectors/dataverse/stub.ts";
import type { CheckStep, Need } from "../src/core/check.ts";
import { selfSigned } from "../src/sandbox/http/certificate.ts";
import { clock, control, given, on, person, sent, session, untrusted } from "./sandbox-contact.ts";

/** The test of a connection against the sandbox, in every state that the sandbox can be put in. */

const { cert: certificate, key: privateKey } = selfSigned(["localhost"], "rsa");
const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const toContacts: Need = {
  memberships: [],
  object: "contact",
  creates: true,
  updates: true,
  deletes: false,
  match: ["new_number"],
  columns: ["new_number", "lastname", "parentcustomerid"],
  lookups: { parentcustomerid: [{ object: "account", creates: false }] },
};

async function check(changes: Partial<DataverseConfig> = {}, needs: Need[] = [toContacts]): Promise<CheckStep[]> {
  // Assertions say when they were made, so time is real here; nothing waits.
  const other = openSession({ ...given, ...changes }, { base: folder });
  try {
    return await other.check(needs, on);
  } finally {
    await other.close();
  }
}

const briefly = (steps: CheckStep[]) => steps.map(({ step, status }) => `${status} ${step.split(":")[0]}`);
/** The step that failed: there is one, it says why and what to do, and what needs it is skipped. */
function failure(steps: CheckStep[]): CheckStep {
  const failed = steps.filter(({ status }) => status === "failed");
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({
    cause: expect.stringMatching(/\w.*[.?]$/),
    remedy: expect.stringMatching(/\w.*[.]$/),
  });
  for (const step of steps) expect(JSON.stringify(step)).not.toContain("sandbox~development");
  return failed[0]!;
}

test("all is well: each step says what it found, and nothing is written", async () => {
  const before = await sent("contacts");
  const steps = await check();
  expect(briefly(steps)).toEqual([
    "ok name",
    "ok connection",
    "ok environment",
    "ok expiry",
    "ok sign-in",
    "ok user",
    "ok administration mode",
    "ok version",
    "ok table contact",
    "ok privileges",
    "ok bulk messages",
    "ok change tracking",
    "ok keys",
  ]);
  for (const { detail } of steps) expect(detail).toMatch(/\w/);
  expect(await sent("contacts")).toBe(before);
});

describe("the application", () => {
  test.each([
    ["secretExpired", "sign-in", /AADSTS7000222/, /Certificates & secrets/],
    ["appDisabled", "sign-in", /AADSTS7000112/, /Enabled for users to sign in/],
    ["noConsent", "sign-in", /AADSTS65001/, /Grant admin consent/],
    ["noUser", "user", /0x80072560/, /New app user/],
    ["noRole", "user", /0x80042f09/, /Edit security roles/],
    ["userDisabled", "user", /0x80040225/, /Activate/],
    ["blocked", "user", /0x80095ffc/, /Power Platform administrator/],
    ["administrationMode", "administration mode", /administration mode/, /Disabled > Save/],
  ])("is %s: the step %s fails", async (state, step, cause, remedy) => {
    await control("app", { state });
    const steps = await check();
    const failed = failure(steps);
    expect(failed.step.split(":")[0]).toBe(step);
    expect(failed.cause).toMatch(cause);
    expect(failed.remedy).toMatch(remedy);
    expect(briefly(steps).slice(-2)).toEqual(["skipped version", "skipped table contact"]);
  });

  test("is one of several: the others are tested all the same", async () => {
    const [right] = given.credentials;
    const unknown = { clientId: "00000000-0000-4000-8000-000000000009", clientSecret: "no" };
    const steps = await check({ credentials: [unknown, right!] });
    expect(failure(steps).cause).toMatch(/client id 00000000-.* no application .*AADSTS700016/);
    expect(briefly(steps)).toContain("ok privileges");
  });

  test("has a certificate that the app registration knows; then one that it does not", async () => {
    writeFileSync(join(folder, "app.pem"), certificate + privateKey);
    const clientId = (given.credentials[0] as { clientId: string }).clientId;
    const credentials = [{ clientId, certificate: "app.pem" }];
    await control("apps", { clientId, certificates: [certificate] });
    const steps = await check({ credentials });
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(["ok"]));
    expect(steps.find(({ step }) => step.startsWith("expiry"))?.detail).toContain(
      `valid until ${new X509Certificate(certificate).validToDate.toISOString().slice(0, 10)}`,
    );
    await control("apps", { clientId, certificates: [] });
    expect(failure(await check({ credentials }))).toMatchObject({
      cause: expect.stringContaining("AADSTS700027"),
      remedy: expect.stringContaining("Upload certificate"),
    });
  });
});

describe("the place", () => {
  test("another tenant is told from the environment's own", async () => {
    const steps = await check({ tenant: "5a4d0b0c-0000-4000-8000-00000000e009" });
    expect(failure(steps)).toMatchObject({
      step: "environment",
      remedy: expect.stringContaining("Set tenant to 5a4d0b0c-0000-4000-8000-00000000e001"),
    });
    expect(briefly(steps)).toContain("skipped sign-in");
  });

  test("a tenant that does not exist", async () => {
    const tokenUrl = given.tokenUrl.replace(given.tenant, "00000000-0000-4000-8000-000000000001");
    expect(failure(await check({ tokenUrl })).cause).toMatch(/AADSTS90002/);
  });

  test("nothing answers, or something that is no environment", async () => {
    const server = createServer((_, response) => response.end("<html>"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const strange = await check({ url });
    expect(strange.find(({ status }) => status === "warning")).toMatchObject({
      step: "environment",
      remedy: expect.stringContaining("proxy"),
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(failure(await check({ url }))).toMatchObject({
      step: "connection",
      cause: expect.stringMatching(/nothing answers/),
    });
  });
});

test("a certificate that nobody trusts", async () => {
  expect(failure(await check({ url: untrusted }))).toMatchObject({
    step: "connection",
    cause: expect.stringContaining("not trusted"),
    remedy: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
  });
});

/** A second application whose user has one role of its own; the answer adds privileges to it. */
async function secondApplication() {
  const clientId = "5a4d0b0c-0000-4000-8000-00000000c002";
  const call = async (method: "GET" | "POST", path: string, body?: object): Promise<Answer> => {
    const asked = { path, doing: "prepare", ...(body && { body: JSON.stringify(body) }) };
    const answer = method === "GET" ? await session.api.read(asked) : await session.api.write({ ...asked, method });
    if ("lost" in answer) throw new Error(answer.lost);
    expect(answer.status, answer.body.toString()).toBeLessThan(300);
    return answer;
  };
  await control("apps", { clientId, secrets: [{ value: "its own" }] });
  const user = { applicationid: clientId, azureactivedirectoryobjectid: clientId, firstname: "Second" };
  const { ids } = (await control("seed", { table: "systemuser", rows: [user] })) as { ids: string[] };
  const { BusinessUnitId } = JSON.parse((await call("GET", "WhoAmI")).body.toString());
  const role = { name: "Sync", "businessunitid@odata.bind": `/businessunits(${BusinessUnitId})` };
  const roleId = /\(([0-9a-f-]+)\)$/.exec((await call("POST", "roles", role)).header("odata-entityid")!)?.[1];
  const reference = { "@odata.id": `${given.url}/api/data/v9.2/roles(${roleId})` };
  await call("POST", `systemusers(${ids[0]})/systemuserroles_association/$ref`, reference);
  return {
    credentials: [{ clientId, clientSecret: "its own" }],
    async allow(names: string[], Depth = "Global") {
      const filter = names.map((name) => `name eq '${name}'`).join(" or ");
      const found = await call("GET", `privileges?$select=privilegeid&$filter=${encodeURIComponent(filter)}`);
      const { value } = JSON.parse(found.body.toString()) as { value: { privilegeid: string }[] };
      expect(value).toHaveLength(names.length);
      const Privileges = value.map(({ privilegeid }) => ({ PrivilegeId: privilegeid, Depth }));
      await call("POST", `roles(${roleId})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, { Privileges });
    },
  };
}

test("a role with the privileges named is enough to write; held for own records only, it is a warning", async () => {
  const { credentials, allow } = await secondApplication();
  const privileges = async () => (await check({ credentials })).find(({ step }) => step === "privileges: contact")!;
  await allow(["prvReadOrganization"]);
  expect(await privileges()).toMatchObject({
    status: "warning",
    detail: "cannot be told",
    remedy: expect.stringContaining("prvReadSystemUser"),
  });
  await allow(["prvReadSystemUser"]);
  const lacking = await privileges();
  expect(lacking.status).toBe("failed");
  const names = lacking.cause!.match(/prv\w+/g)!;
  expect(names.toSorted()).toEqual([
    ...["prvAppendContact", "prvAppendToAccount", "prvCreateContact", "prvReadAccount", "prvReadContact"],
    "prvWriteContact",
  ]);
  await allow(names, "Basic");
  expect(await privileges()).toMatchObject({
    status: "warning",
    cause: expect.stringContaining("part of the records"),
  });
  await allow(names);
  expect(await privileges()).toMatchObject({ status: "ok" });

  const account = await session.api.write({
    ...{ method: "POST", path: "accounts", doing: "prepare", body: JSON.stringify({ name: "Firm" }) },
  });
  const [, firm] = /(accounts\([^)]+\))$/.exec("lost" in account ? "" : account.header("odata-entityid")!)!;
  const other = openSession({ ...given, credentials }, { base: folder }, { clock });
  const rows = [person(1, { "parentcustomerid_account@odata.bind": `/${firm}` }), person(2)];
  const made = await other.write(await other.describe("contact"), batchOf("create", rows), on);
  await other.close();
  expect(made).toMatchObject({ status: "created", exceptions: [] });
});

test("the role with several application users: what one of them lacks is missing, and each is told by name", async () => {
  const { credentials, allow } = await secondApplication();
  await allow(["prvReadOrganization", "prvReadSystemUser", "prvReadContact", "prvDeleteContact"]);
  await allow(["prvWriteContact"], "Basic");
  const both = openSession(
    { ...given, credentials: [...given.credentials, ...credentials], bypass: ["customSync"] },
    { base: folder },
  );
  const role = await both.role([{ ...toContacts, columns: [], lookups: {} }], on).finally(both.close);
  const of = (name: string) => role.find((one) => one.name === name);
  const { clientId } = credentials[0]!;
  const users = [expect.stringContaining(clientId)];
  expect(of("prvReadContact")).toMatchObject({ held: "Global", needed: true });
  expect(of("prvReadContact")).not.toHaveProperty("users");
  expect(of("prvWriteContact")).toMatchObject({ held: "Basic" });
  expect(of("prvCreateContact")).toMatchObject({ held: null, needed: true, users });
  expect(of("prvBypassCustomBusinessLogic")).toMatchObject({
    held: null,
    users,
    why: "the connection's option bypass",
  });
  expect(of("prvDeleteContact")).toMatchObject({ held: "Global", needed: false });
  expect(of("prvAssignContact")).toMatchObject({ needed: false, users: [expect.not.stringContaining(clientId)] });
});

describe("the table", () => {
  const warning = (steps: CheckStep[]) => {
    const found = steps.filter(({ status }) => status !== "ok");
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ status: "warning", remedy: expect.stringMatching(/[.]$/) });
    return found[0]!;
  };

  test.each([
    ["Write", "contact", "prvWriteContact"],
    ["Append", "contact", "prvAppendContact"],
    ["AppendTo", "account", "prvAppendToAccount"],
    ["Read", "account", "prvReadAccount"],
  ])("lacks %s on %s", async (privilege, table, name) => {
    await control("privileges", { table, privilege, allowed: false });
    expect(failure(await check())).toMatchObject({ step: "privileges: contact", cause: expect.stringContaining(name) });
  });

  test("is asked for no more than the syncs do", async () => {
    for (const privilege of ["Create", "Delete", "Append", "Assign", "Share"])
      await control("privileges", { table: "contact", privilege, allowed: false });
    const need = { ...toContacts, creates: false, columns: ["new_number", "lastname"], lookups: {} };
    expect(new Set((await check({}, [need])).map(({ status }) => status))).toEqual(new Set(["ok"]));
    expect(failure(await check({}, [need, { ...need, deletes: true }])).cause).toContain("prvDeleteContact");
  });

  test("does not exist", async () => {
    expect(failure(await check({}, [{ ...toContacts, object: "kontact" }])).step).toBe("table kontact");
  });

  test("has no change tracking, no bulk messages, no key over the match columns", async () => {
    await control("change-tracking", { table: "contact", enabled: false });
    expect(warning(await check()).cause).toMatch(/Change tracking is off/);
    await control("change-tracking", { table: "contact", enabled: true });
    expect(warning(await check({ apiVersion: "9.1" })).step).toBe("bulk messages: contact");
    expect(warning(await check({}, [{ ...toContacts, match: ["lastname"] }]))).toMatchObject({
      detail: "no key over lastname",
      remedy: expect.stringContaining("New key"),
    });
  });
});

test("what Entra ID can refuse an application is in the table of errors", async () => {
  const credentials = given.credentials;
  const provoke: [number, Partial<DataverseConfig>, (() => Promise<unknown>)?][] = [
    [7000215, { credentials: [{ ...credentials[0], clientSecret: "no" } as (typeof credentials)[0]] }],
    [900023, { tokenUrl: given.tokenUrl.replace(given.tenant, "!") }],
    [50059, { tokenUrl: given.tokenUrl.replace(given.tenant, "common") }],
    [500011, { url: given.url.replace("127.0.0.1", "127.0.0.2") }],
    [900144, { tokenUrl: given.tokenUrl.replace("/v2.0", "") }],
  ];
  for (const [code, changes] of provoke) {
    const other = openSession({ ...given, ...changes }, { base: folder }, { clock });
    const error = await other.identity().catch((e) => e);
    await other.close();
    expect(error.message, String(code)).toContain(`${entraErrors[code]?.cause} (AADSTS${code})`);
    expect(error).toMatchObject({ code: entraErrors[code]!.error, remedy: entraErrors[code]!.remedy });
  }
  expect(await session.identity()).toMatch(/^[0-9a-f-]{36}$/);
});
