import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { register, useReceiver } from "./receiver.test-data.ts";

// Synchronous steps: dataverse.md section 13; register-web-hook.md, "Synchronous mode".
const client = useSandbox();
const hook = useReceiver();
const create = (body: Record<string, unknown>) => client.api("POST", "contacts", body);
const count = async () => Number((await client.api("GET", "contacts/$count")).text);

test("Webhook synchronous: the row counts only after the webhook agreed; a refusal undoes it with the documented error", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  let seen = -1;
  hook.answers.push(async () => {
    seen = await count();
    return 200;
  }, 400);
  const made = await create({ lastname: "a" });
  expect([made.status, seen, await count()]).toEqual([204, 0, 1]);
  expect(hook.received[0]!.json.PrimaryEntityId).toBe(/\(([^)]+)\)/.exec(String(made.headers["odata-entityid"]))![1]);
  const refused = await create({ lastname: "b" });
  // Section 14: a plug-in's own error.
  expect([refused.status, refused.json.error.code]).toEqual([400, "0x80040265"]);
  expect(refused.json.error.message).toContain("400");
  expect(await count()).toBe(1);
  expect(hook.received[0]!.json).toMatchObject({ Mode: 0, IsInTransaction: true });
});

test("Webhook synchronous: in a batch only the refused request fails, and ids and rows are as told", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  hook.answers.push(200, 500, 200);
  const part = (name: string) =>
    `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"lastname":"${name}"}\r\n`;
  const answer = await client.api("POST", "$batch", `${part("a")}${part("b")}${part("c")}--b--\r\n`, {
    "content-type": "multipart/mixed; boundary=b",
    Prefer: "odata.continue-on-error",
  });
  expect([...answer.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((each) => each[1])).toEqual(["204", "400", "204"]);
  const rows = (await client.api("GET", "contacts?$select=lastname")).json.value;
  expect(rows.map((each: { lastname: string }) => each.lastname)).toEqual(["a", "c"]);
  expect(hook.received).toHaveLength(3);
  const told = hook.received.map((each) => each.json.PrimaryEntityId);
  expect(rows.map((each: { contactid: string }) => each.contactid)).toEqual([told[0], told[2]]);
});

test("Webhook synchronous: writes wait their turn while one is held, reads do not", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  let release = (_status: number) => {};
  const asked = new Promise<void>((arrived) => {
    hook.answers.push(() => {
      arrived();
      return new Promise<number>((resolve) => {
        release = resolve;
      });
    });
  });
  const first = create({ lastname: "a" });
  await asked;
  const second = client.api("POST", "accounts", { name: "later" });
  expect((await client.api("GET", "accounts")).json.value).toEqual([]);
  release(500);
  expect((await first).status).toBe(400);
  expect((await second).status).toBe(204);
});

test("Webhook synchronous: no answer in time is a refusal; a dead address too", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  await client.control("POST", "webhooks", { timeoutMs: 30 });
  hook.answers.push(() => new Promise(() => {}));
  const late = await create({ lastname: "a" });
  expect([late.status, late.json.error.message]).toEqual([400, expect.stringContaining("no answer within 30 ms")]);
  await client.control("POST", "reset");
  await register(client, { url: "http://127.0.0.1:1/" }, "Create", "contact");
  expect((await create({ lastname: "a" })).status).toBe(400);
  await client.control("POST", "reset");
  await register(client, { url: "no address" }, "Create", "contact");
  expect((await create({ lastname: "a" })).status).toBe(400);
  expect(await count()).toBe(0);
});

test("Webhook synchronous: plug-ins that count are not counted twice by the second run", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  await client.control("POST", "plugins", { table: "contact", column: "lastname", throws: "No.", nth: 3 });
  const statuses: number[] = [];
  for (const lastname of ["a", "b", "c"]) statuses.push((await create({ lastname })).status);
  expect([statuses, hook.received.length]).toEqual([[204, 204, 400], 2]);
});

test("Webhook synchronous: an update, a deletion and a bulk message are undone whole", async () => {
  const id = "11111111-1111-1111-1111-111111111111";
  await create({ contactid: id, lastname: "a" });
  await register(client, { url: hook.origin }, "Update", "contact");
  await register(client, { url: hook.origin }, "Delete", "contact");
  const row = () => client.api("GET", `contacts(${id})?$select=lastname`);
  const before = (await row()).json;
  hook.answers.push(500, 500, 200, 500);
  expect((await client.api("PATCH", `contacts(${id})`, { lastname: "b" })).status).toBe(400);
  expect((await client.api("DELETE", `contacts(${id})`)).status).toBe(400);
  expect((await row()).json).toEqual(before);
  await client.control("POST", "seed", {
    table: "contact",
    rows: [{ contactid: id.replaceAll("1", "2"), lastname: "c" }],
  });
  const bulk = await client.api("POST", "contacts/Microsoft.Dynamics.CRM.UpdateMultiple", {
    Targets: [id, id.replaceAll("1", "2")].map((contactid) => ({
      "@odata.type": "Microsoft.Dynamics.CRM.contact",
      contactid,
      lastname: "bulk",
    })),
  });
  expect([bulk.status, (await row()).json]).toEqual([400, before]);
});

test("Webhook synchronous: many writes at once are all answered, in turn", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => create({ lastname: `n${n}` })));
  expect(answers.map((each) => each.status)).toEqual(Array(30).fill(204));
  expect([await count(), hook.received.length]).toEqual([30, 30]);
});

test("Webhook synchronous: bypassed by the headers of section 12, which asynchronous ones have of their own", async () => {
  const first = await register(client, { url: `${hook.origin}/sync` }, "Create", "contact");
  await register(client, { url: `${hook.origin}/async` }, "Create", "contact", { mode: 1 });
  const told = async (name: string, value: string) => {
    hook.received = [];
    const answer = await client.api("POST", "contacts", { lastname: "a" }, { [name]: value });
    await client.control("POST", "webhooks/drain");
    return [answer.status, ...hook.received.map((each) => each.url)];
  };
  expect(await told("MSCRM.BypassBusinessLogicExecution", "CustomSync")).toEqual([204, "/async"]);
  expect(await told("MSCRM.BypassBusinessLogicExecution", "CustomAsync")).toEqual([204, "/sync"]);
  expect(await told("MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync")).toEqual([204]);
  expect(await told("MSCRM.BypassBusinessLogicExecutionStepIds", first.step)).toEqual([204, "/async"]);
  expect(await told("MSCRM.BypassCustomPluginExecution", "true")).toEqual([204, "/async"]);
});
