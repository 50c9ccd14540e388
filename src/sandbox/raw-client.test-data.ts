import { Pool } from "undici";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Sandbox, startSandbox } from "./index.ts";

/** One answer as it came, and its JSON where it is JSON. */
export type Answer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any;
};

export type RawClient = {
  sandbox: Sandbox;
  token: string;
  /** A Web API call below `/api/data/v9.2/`, with the token. An object body is sent as JSON, a string as it is. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A call to the control API below `/_sandbox/`. */
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Any call, exactly as given. */
  raw(method: string, path: string, body?: string | Buffer, headers?: Record<string, string>): Promise<Answer>;
};

/** A sandbox for one test file: started before it, reset before each test, closed after it. Plain HTTP only. */
export function useSandbox(): RawClient {
  const client = {} as RawClient;
  let pool: Pool;
  client.raw = async (method, path, body, headers = {}) => {
    const answer = await pool.request({ method: method as "GET", path, headers, body: body ?? null });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: jsonOrUndefined(text) };
  };
  client.api = (method, path, body, headers = {}) =>
    client.raw(method, `/api/data/v9.2/${encoded(path)}`, payload(body), {
      authorization: `Bearer ${client.token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    });
  client.control = (method, path, body) => client.raw(method, `/_sandbox/${path}`, payload(body));
  beforeAll(async () => {
    client.sandbox = await startSandbox();
    pool = new Pool(client.sandbox.origin, { connections: 8 });
    client.token = (await getToken(client)).json.access_token;
  });
  beforeEach(async () => {
    await client.control("POST", "reset");
  });
  afterAll(async () => {
    await pool.destroy();
    await client.sandbox.close();
  });
  return client;
}

/** Asks for a token with the well-known values, changed by `changes` (undefined drops a field). */
export function getToken(
  client: RawClient,
  changes: Record<string, string | undefined> = {},
  tenant?: string,
): Promise<Answer> {
  const { env } = client.sandbox;
  const fields: Record<string, string | undefined> = {
    grant_type: "client_credentials",
    client_id: env.CLIENT_ID,
    client_secret: env.CLIENT_SECRET,
    scope: `${env.BASE_URL}/.default`,
    ...changes,
  };
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return client.raw("POST", `/${tenant ?? env.TENANT_ID}/oauth2/v2.0/token`, new URLSearchParams(given).toString(), {
    "content-type": "application/x-www-form-urlencoded",
  });
}

/** Adds the publisher whose customization prefix Microsoft's examples use (`sample`, `contoso`), if it is not there. */
export async function addPublisher(client: RawClient, prefix: string): Promise<void> {
  const prefixes = { customizationprefix: prefix, customizationoptionvalueprefix: 72_700 };
  const made = await client.api("PATCH", `publishers(uniquename='${prefix}')`, { friendlyname: prefix, ...prefixes });
  if (made.status !== 204) throw new Error(made.text);
}

/** Adds the text column `new_customerno` to contact, and an active key on it. */
export async function addCustomerKey(client: RawClient): Promise<void> {
  const contact = "EntityDefinitions(LogicalName='contact')";
  const type = "Microsoft.Dynamics.CRM.StringAttributeMetadata";
  await client.api("POST", `${contact}/Attributes`, {
    "@odata.type": type,
    SchemaName: "new_CustomerNo",
    MaxLength: 50,
  });
  await client.api("POST", `${contact}/Keys`, { SchemaName: "new_CustomerKey", KeyAttributes: ["new_customerno"] });
  await client.api("GET", `${contact}/Keys`);
}

/** The id in an OData-EntityId header. */
export function idIn(answer: Answer): string {
  return /\(([0-9a-f-]{36})\)$/.exec(String(answer.headers["odata-entityid"]))?.[1] ?? "";
}

/** `Microsoft.Dynamics.CRM.contact` items for the bulk messages. */
export function targets(rows: Record<string, unknown>[], table = "contact"): { Targets: Record<string, unknown>[] } {
  return { Targets: rows.map((row) => ({ "@odata.type": `Microsoft.Dynamics.CRM.${table}`, ...row })) };
}

function encoded(path: string): string {
  return path
    .replaceAll(" ", "%20")
    .replaceAll('"', "%22")
    .replace(/[^\0-\x7f]/g, encodeURIComponent);
}

function payload(body: unknown): string | Buffer | undefined {
  return body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
