import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { config, type DataverseConfig } from "../src/connectors/dataverse/config.ts";
import { type DataverseSession, ensureColumn, ensureKey, openSession } from "../src/connectors/dataverse/index.ts";
import { batchOf, fakeClock } from "../src/connectors/dataverse/stub.ts";
import type { Page, ReadRequest } from "../src/core/connector.ts";
import type { ObjectSchema } from "../src/core/schema.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/index.ts";

/** What the tests of the connector against the sandbox start from: contact with a number of its own, in a sandbox set back before each test. */

let sandbox: Sandbox;
export let given: DataverseConfig;
/** The same environment by https, whose certificate nobody trusts. */
export let untrusted: string;
export let session: DataverseSession;
export let contact: ObjectSchema;
export const clock = fakeClock();
export const on = new AbortController().signal;

export const control = async (path: string, body?: unknown, method = "POST"): Promise<unknown> => {
  const answer = await fetch(`${sandbox.origin}/_sandbox/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await answer.text();
  expect(answer.ok, `${method} ${path}: ${text}`).toBe(true);
  return text === "" ? undefined : JSON.parse(text);
};

/** Requests of the Web API so far whose address holds `part`. */
export const sent = async (part: string): Promise<number> => {
  const { requests } = (await control("requests", undefined, "GET")) as { requests: { path: string }[] };
  return requests.filter((r) => r.path.includes(part)).length;
};

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  const { BASE_URL, TENANT_ID, CLIENT_ID, CLIENT_SECRET, TOKEN_URL } = sandbox.env;
  untrusted = sandbox.env.BASE_URL_HTTPS!;
  given = config.parse({
    url: BASE_URL,
    tenant: TENANT_ID,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    tokenUrl: TOKEN_URL,
  });
});
afterAll(() => sandbox.close());

beforeEach(async () => {
  await session?.close();
  await control("reset");
  session = openSession(given, { base: "." }, { clock });
  await ensureColumn(session, "contact", { name: "new_Number", title: "Number", type: "text", maxLength: 20 });
  await ensureKey(session, "contact", { name: "new_NumberKey", title: "Number", columns: ["new_number"] });
  contact = await session.describe("contact");
});
afterAll(() => session.close());

export type Row = Record<string, unknown>;
export const person = (n: number, more: Row = {}): Row => ({
  "@odata.type": "Microsoft.Dynamics.CRM.contact",
  lastname: `Last ${n}`,
  new_number: `C-${n}`,
  ...more,
});
export const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));

export async function read(request: Partial<ReadRequest> = {}): Promise<{ rows: Row[]; pages: Page[] }> {
  const pages: Page[] = [];
  const wanted = { columns: ["lastname", "new_number"], track: false, ...request };
  for await (const page of session.read(contact, wanted, on)) pages.push(page);
  const rows = pages.flatMap((p) => JSON.parse(Buffer.from(p.rows as Uint8Array).toString()) as Row[]);
  return { rows, pages };
}

export async function create(rows: Row[]): Promise<string[]> {
  const outcome = await session.write(contact, batchOf("create", rows), on);
  expect(outcome).toMatchObject({ status: "created", exceptions: [] });
  return outcome.ids!.map((i) => i.id);
}

/** An update of the given records; numbers are positions. */
export function updateOf(ids: string[], columns: (i: number) => Row) {
  const rows = ids.map((contactid, i) => ({
    "@odata.type": "Microsoft.Dynamics.CRM.contact",
    contactid,
    ...columns(i),
  }));
  const batch = batchOf("update", rows);
  return withIds(batch, ids);
}

export function withIds(batch: ReturnType<typeof batchOf>, ids: string[]): ReturnType<typeof batchOf> {
  return {
    ...batch,
    ...(batch.op === "delete" && { elements: identities(ids.slice(batch.from, batch.to)) }),
    keys: async () => (await batch.keys()).map((k) => ({ ...k, id: ids[k.n]! })),
    split: async (parts) => (await batch.split(parts)).map((part) => withIds(part, ids)),
  };
}

/** What the engine gives of rows to be deleted. */
const identities = (ids: string[]) =>
  Buffer.from(
    ids.map((id) => JSON.stringify({ "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: id })).join(),
  );
