import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { environment } from "./environment.test-data.ts";
import { type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-schema-"));
});
const stubs: Stub[] = [];
afterEach(async () => {
  await Promise.all(stubs.splice(0).map((stub) => stub.close()));
  await rm(folder, { recursive: true });
});

const active = (reply: Reply): Reply => {
  const { Keys, ...body } = reply.body as { Keys?: object[] };
  return Keys ? { body: { ...body, Keys: Keys.slice(0, 1) } } : reply;
};

/** An environment at a version of its metadata, whose keys are all active unless said otherwise. */
const at =
  (version: string | undefined, keys: (reply: Reply) => Reply = active) =>
  (request: Seen): Reply => {
    const reply = keys(environment(request));
    if (!/organizations|transactioncurrencies/.test(request.path) || version === undefined) return reply;
    return { body: { ...(reply.body as object), "@Microsoft.Dynamics.CRM.globalmetadataversion": version } };
  };

/** Describes the table in a session of its own: what it is, and by how many requests. */
async function described(answer: (request: Seen) => Reply, table = "contact") {
  const stub = await startStub(answer, { cache: folder });
  stubs.push(stub);
  const schema = await stub.session.describe(table);
  return { schema, requests: stub.seen.length };
}

const files = async () => (await readdir(folder, { recursive: true })).filter((f) => f.endsWith(".json"));

test("with an unchanged version three requests stand for all tables", async () => {
  const first = await described(at("7"));
  expect(first.requests).toBeGreaterThan(15);
  const again = await described(at("7"));
  expect(again.requests).toBe(3);
  expect(again.schema).toEqual(first.schema);
});

test("another version, user, organisation or API throws everything away", async () => {
  await described(at("7"));
  const before = await files();
  expect((await described(at("8"))).requests).toBeGreaterThan(15);
  expect((await files()).filter((f) => before.includes(f))).toEqual([]);
  const other = (who: object) => (request: Seen) =>
    request.path.endsWith("WhoAmI") ? { body: { OrganizationId: "0rg", UserId: "1", ...who } } : at("8")(request);
  expect((await described(other({}))).requests).toBe(3);
  expect((await described(other({ UserId: "2" }))).requests).toBeGreaterThan(15);
  expect((await described(other({ OrganizationId: "x" }))).requests).toBeGreaterThan(15);
});

test("a key that is being built is looked at each time", async () => {
  await described(at("7", (reply) => reply));
  expect((await described(at("7", (reply) => reply))).requests).toBe(4);
  const { schema } = await described(at("7"));
  expect(schema.keys).toEqual([{ name: "new_number", columns: ["new_no"], active: true }]);
});

test("who may not see the version reads everything each time; a refusal is not kept", async () => {
  await described(at(undefined));
  expect((await described(at(undefined))).requests).toBeGreaterThan(15);
  expect(await files()).toEqual([]);
  const blind = (r: Seen) =>
    r.path.includes("sdkmessagefilters") ? refusal(403, "0x80040220", "prvRead") : at("7")(r);
  expect((await described(blind)).schema.can.bulk).toBe(false);
  expect((await described(at("7"))).schema.can.bulk).toBe(true);
});

test("a damaged or a day-old answer counts as absent", async () => {
  await described(at("7"));
  const [one, two, three] = (await files()).map((f) => join(folder, f));
  await writeFile(one!, "{");
  await writeFile(two!, '{"value": 1}');
  await utimes(three!, new Date(), new Date(Date.now() - 25 * 3600_000));
  expect((await described(at("7"))).requests).toBe(6);
  expect((await described(at("7"))).requests).toBe(3);
});

test("what is kept is for the owner's eyes", async () => {
  await described(at("7"));
  const modes = await Promise.all((await files()).map(async (f) => (await stat(join(folder, f))).mode & 0o777));
  expect(new Set(modes)).toEqual(new Set([0o600]));
});

test("many that keep the same answers at once are in nobody's way, whatever the version each of them saw", async () => {
  const same = await Promise.all(Array.from({ length: 20 }, () => described(at("7"))));
  expect(new Set(same.map(({ schema }) => JSON.stringify(schema))).size).toBe(1);
  expect((await described(at("7"))).requests).toBe(3);
  await Promise.all(Array.from({ length: 20 }, (_, n) => described(at(`${8 + (n % 3)}`))));
  await described(at("7"));
  expect((await described(at("7"))).requests).toBe(3);
});

test("the draft of one who died is cleared away", async () => {
  await described(at("7"));
  const left = await readdir(folder);
  expect(left).toHaveLength(1);
  await writeFile(join(folder, "dead.new"), "{");
  await described(at("7"));
  expect(await readdir(folder)).toEqual(left);
});
