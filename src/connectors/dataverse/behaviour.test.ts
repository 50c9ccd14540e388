import { afterEach, expect, test } from "vitest";
import { asked } from "./behaviour.ts";
import { config } from "./config.ts";
import { openSession } from "./index.ts";
import { batchOf, batchReply, contact, guid, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub | undefined;
afterEach(() => stub?.close());

const on = new AbortController().signal;
const all = {
  bypass: ["customSync", "customAsync"],
  suppressFlows: true,
  duplicateDetection: true,
  tag: "from Sluice",
} as const;
const wanted = {
  "mscrm.bypassbusinesslogicexecution": "CustomSync,CustomAsync",
  "mscrm.suppresscallbackregistrationexpanderjob": "true",
  "mscrm.suppressduplicatedetection": "false",
};
const row = { "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: guid(1), lastname: "A" };

test("nothing is asked for unless said", () => {
  expect(asked({})).toEqual({ headers: {}, query: "" });
  expect(asked({ suppressFlows: false, duplicateDetection: false })).toEqual({ headers: {}, query: "" });
});

test("the connection says what is wanted, and words that are none are refused", () => {
  const said = { url: "contoso.crm4.dynamics.com", tenant: "t", clientId: "c", clientSecret: "s" };
  expect(config.parse({ ...said, ...all })).toMatchObject(all);
  expect(config.parse(said)).not.toHaveProperty("bypass");
  for (const wrong of [{ bypass: ["everything"] }, { bypass: [] }, { tag: "a&b=c" }, { duplicateDetection: "yes" }])
    expect(config.safeParse({ ...said, ...wrong }).success).toBe(false);
});

test("bulk messages carry it, and in a batch each part does; reading does not", async () => {
  const writes: Seen[] = [];
  stub = await startStub((r) => {
    if (r.path.includes("$batch")) return batchReply(r, (part) => void writes.push(part));
    if (r.method === "GET") return { body: { value: [] } };
    writes.push(r);
    return { status: 204 };
  });
  const session = openSession({ ...stub.config, ...all, bypass: [...all.bypass] }, { base: "." });
  await session.write(contact, batchOf("update", [row, row]), on);
  await session.write({ ...contact, can: { bulk: false, deltas: false } }, batchOf("update", [row]), on);
  await session.write(contact, batchOf("delete", [row]), on);
  expect(writes.map((w) => w.method)).toEqual(["POST", "PATCH", "DELETE"]);
  for (const { path, headers } of writes) {
    expect(headers).toMatchObject(wanted);
    expect(path).toMatch(/\?tag=from(%20| )Sluice$/);
  }
  expect(
    stub.seen.filter((r) => r.path.includes("$batch")).every((r) => !("mscrm.suppressduplicatedetection" in r.headers)),
  ).toBe(true);
  await session.api.read({ path: "contacts", doing: "read" });
  expect(stub.seen.at(-1)?.headers).not.toHaveProperty("mscrm.bypassbusinesslogicexecution");
  await session.close();
});

test("members that are added and removed carry it, too", async () => {
  const writes: Seen[] = [];
  stub = await startStub((r) => {
    if (r.path.includes("$batch")) return batchReply(r, (part) => void writes.push(part));
    writes.push(r);
    return { status: 204 };
  });
  const session = openSession({ ...stub.config, ...all, bypass: [...all.bypass] }, { base: "." });
  const list = { object: "list", set: "lists", id: guid(9), navigation: "members", title: "VIP" };
  for (const into of ["listcontact_association", "new_members"].map((relationship) => ({ ...list, relationship })))
    for (const op of ["add", "remove"] as const) await session.write(contact, batchOf(op, [row, row], 0, into), on);
  const tagged = writes.map(({ method, path }) => `${method} ${/([^/]+)\?tag=from(?:%20| )Sluice$/.exec(path)?.[1]}`);
  const [byOne, remove] = ["POST $ref", "POST Microsoft.Dynamics.CRM.RemoveMemberList"];
  const requests = ["POST AddListMembersList", remove, remove, byOne, byOne, "DELETE $ref", "DELETE $ref"];
  expect(tagged).toEqual(requests);
  for (const { headers } of writes) expect(headers).toMatchObject(wanted);
  await session.close();
});

test("a hit of duplicate detection rejects the row and nobody else; a privilege that lacks is named", async () => {
  const hit = refusal(
    412,
    "0x80040333",
    "A record was not created or updated because a duplicate of the current record already exists.",
  );
  stub = await startStub((r) => {
    if (!r.path.includes("$batch")) return hit;
    return batchReply(r, (part) =>
      part.body.includes('"BAD"') ? hit : { status: 204, headers: { "odata-entityid": `x(${guid(1)})` } },
    );
  });
  const outcome = await stub.session.write(contact, batchOf("create", [{ ...row, lastname: "BAD" }, row]), on);
  expect(outcome.exceptions).toMatchObject([
    { n: 0, status: "rejected", code: "0x80040333", message: expect.stringContaining("duplicate") },
    { n: 1, status: "created" },
  ]);
  await stub.close();
  stub = await startStub(() => refusal(403, "0x80040220", "is missing prvBypassCustomBusinessLogic privilege (Id=1)"));
  await expect(stub.session.write(contact, batchOf("create", [row]), on)).rejects.toMatchObject({
    code: "not_allowed",
    message: expect.stringContaining("prvBypassCustomBusinessLogic"),
  });
});
