import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { getJson } from "./json.ts";
import { batchOf, batchReply, contact, guid, type Reply, refusal, type Stub, startStub } from "./stub.ts";

/** Answers that do not say enough, or only to a part of what was asked. */

let stub: Stub;
afterEach(() => stub.close());

const on = new AbortController().signal;
const slow = { ...contact, can: { ...contact.can, bulk: false } };
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ contactid: guid(n), lastname: `L${n}` }));
const create = (count: number, object = contact) => stub.session.write(object, batchOf("create", rows(count)), on);
const made = (n: number): Reply => ({ status: 204, headers: { "OData-EntityId": `https://x/contacts(${guid(n)})` } });

test("while no write is answered each next one waits longer, and after five minutes nothing more is sent", async () => {
  let answers = false;
  stub = await startStub(() => (answers ? { body: { Ids: [guid(0)] } } : { cut: true }));
  expect(await create(1)).toMatchObject({ status: "unknown" });
  expect(await create(1)).toMatchObject({ status: "unknown" });
  expect(stub.clock.pauses).toEqual([500, 750]);
  answers = true;
  expect(await create(1)).toMatchObject({ status: "created" });
  answers = false;
  let sent = 0;
  const silence = async () => {
    for (;;) {
      await create(1);
      sent++;
    }
  };
  await expect(silence()).rejects.toMatchObject({
    code: "destination_failed",
    message: "For 5 minutes no request to write was answered, the last one to create contact records.",
  });
  expect(stub.seen).toHaveLength(3 + sent);
  expect(sent).toBeLessThan(30);
});

test("that nothing was written for a while is no silence: the next write is sent, however long ago the last was lost", async () => {
  let answers = false;
  stub = await startStub(() => (answers ? { body: { Ids: [guid(0)] } } : { cut: true }));
  for (let time = 0; time < 2; time++) {
    expect(await create(1)).toMatchObject({ status: "unknown" });
    await stub.clock.sleep(6 * 60_000);
  }
  answers = true;
  expect(await create(1)).toMatchObject({ status: "created" });
});

test("JSON that ends too early in a complete answer is asked for again, an HTML page is not", async () => {
  const html = { "content-type": "text/html" };
  let type: Record<string, string> = {};
  stub = await startStub((_, n) => (n === 1 ? { body: '{"a"', headers: type } : { body: { a: 1 } }));
  const ask = () => getJson(stub.session.api, { path: "x", doing: "ask" }, z.object({ a: z.number() }));
  expect(await ask()).toEqual({ a: 1 });
  await stub.close();
  type = html;
  stub = await startStub(() => ({ body: "<html>", headers: type }));
  await expect(ask()).rejects.toMatchObject({ code: "unexpected_answer" });
  expect(stub.seen).toHaveLength(1);
});

test("a sign-in service that is busy for the moment is asked again, whatever status it says so with", async () => {
  const busy = {
    status: 400,
    body: { error: "temporarily_unavailable", error_description: "AADSTS90033: Try again." },
  };
  stub = await startStub(() => ({ body: { Ids: [guid(0)] } }), {
    token: (_, n) => (n === 1 ? busy : { body: { expires_in: 3599, access_token: "t" } }),
  });
  expect(await create(1)).toMatchObject({ status: "created" });
  expect(stub.signIns).toHaveLength(2);
});

test("a page of a proxy instead of an answer is told as that", async () => {
  stub = await startStub(() => ({
    status: 403,
    body: "<html>Blocked</html>",
    headers: { "content-type": "text/html" },
  }));
  const error = await create(1).catch((e) => e);
  expect(error).toMatchObject({ code: "unexpected_answer" });
  expect(error.message).toMatch(/^Something that is not Dynamics 365 refused to create contact records: HTTP 403/);
  expect(error.remedy).toMatch(/proxy or firewall/);
});

test("a $batch some of whose parts were asked to wait, and whose repetition is refused: the others stay created", async () => {
  const busy = refusal(429, "0x80072322");
  stub = await startStub((request, n) =>
    n === 1
      ? batchReply(request, (part) =>
          part.body.includes("L1") ? { ...busy, headers: { "retry-after": "1" } } : made(0),
        )
      : refusal(403, "0x80040220", "missing prvCreateContact privilege for entity 'contact'"),
  );
  const outcome = await create(2, slow);
  expect(outcome.exceptions).toMatchObject([
    { n: 0, status: "created", id: guid(0) },
    { n: 1, status: "failed", code: "not_allowed" },
  ]);
});

test("a $batch too large whose second half is refused: the first half stays created", async () => {
  stub = await startStub((request, n) => {
    if (n === 1) return refusal(413, "0x8004418a");
    return n === 2 ? batchReply(request, () => made(0)) : refusal(403, "0x80040220");
  });
  expect((await create(2, slow)).exceptions).toMatchObject([
    { n: 0, status: "created" },
    { n: 1, status: "failed", code: "not_allowed" },
  ]);
});

/** The answer of a batch, each row made under its number, with its pieces changed: before the first part, the parts, the end. */
const changed = (change: (pieces: string[]) => string[]) =>
  startStub((request) => {
    const reply = batchReply(request, (part) => made(Number(/L(\d)/.exec(part.body)![1])));
    return { ...reply, body: change(String(reply.body).split("--answer")).join("--answer") };
  });
const unknown = (...rows: number[]) => rows.map((n) => ({ n, status: "unknown" }));

test.each([
  ["the first", 1],
  ["one in the middle", 3],
  ["the last", 4],
])("a $batch that is answered to the end, but without %s: nobody knows whose each answer is", async (_, missing) => {
  stub = await changed((pieces) => pieces.toSpliced(missing, 1));
  expect(await create(4, slow)).toMatchObject({ status: "created", exceptions: unknown(0, 1, 2, 3) });
  expect(stub.seen).toHaveLength(1);
});

test("a $batch answered with one too many, or with nothing: nobody knows, either", async () => {
  stub = await changed((pieces) => pieces.toSpliced(1, 0, pieces[1]!));
  expect((await create(2, slow)).exceptions).toMatchObject(unknown(0, 1));
  await stub.close();
  stub = await changed((pieces) => [pieces[0]!, pieces.at(-1)!]);
  expect((await create(2, slow)).exceptions).toMatchObject(unknown(0, 1));
});

test("a $batch's answer that ends before its end: what was told until then counts", async () => {
  stub = await changed((pieces) => [...pieces.slice(0, 3), "\r\nContent-"]);
  expect((await create(3, slow)).exceptions).toMatchObject([
    { n: 0, status: "created", id: guid(0) },
    { n: 1, status: "created", id: guid(1) },
    ...unknown(2),
  ]);
});

test("members of a list are in it only where the answer is the service's own, which says nothing", async () => {
  const list = { relationship: "listcontact_association", object: "list", set: "lists", id: guid(9) };
  const into = { ...list, navigation: "listcontact_association", title: "The list" };
  const add = () => stub.session.write(contact, batchOf("add", rows(2), 0, into), on);
  stub = await startStub(() => ({ status: 204 }));
  expect(await add()).toEqual({ status: "updated", exceptions: [] });
  await stub.close();
  stub = await startStub(() => ({ body: "<html>", headers: { "content-type": "text/html" } }));
  expect(await add()).toEqual({ status: "unknown", exceptions: [] });
  expect(stub.seen).toHaveLength(1);
});
