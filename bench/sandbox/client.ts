import { Pool } from "undici";
import { accessToken } from "../../test/access-token.ts";
import { ACCOUNT } from "./contacts.ts";

export type Client = {
  post(path: string, body: string | Buffer): Promise<Buffer>;
  get(path: string): Promise<Buffer>;
  close(): Promise<void>;
};

const CONNECTIONS = 8;

/** A plain client of the Web API: a token where the server gives one, bodies as they are, any refusal an error. */
export async function connect(env: Record<string, string>): Promise<Client> {
  const pool = new Pool(env.BASE_URL!, { connections: CONNECTIONS });
  const headers = {
    authorization: env.TOKEN_URL ? `Bearer ${await accessToken(env)}` : "",
    "content-type": "application/json",
    prefer: "odata.maxpagesize=5000",
  };
  const call = async (method: "GET" | "POST", path: string, body?: string | Buffer) => {
    const answer = await pool.request({ method, path: `/api/data/v9.2/${path}`, headers, body: body ?? null });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${bytes}`);
    return bytes;
  };
  return {
    post: (path, body) => call("POST", path, body),
    get: (path) => call("GET", path),
    close: () => pool.destroy(),
  };
}

/** What the rows need: a text column with an active alternate key, and the account they all belong to. */
export async function prepare(client: Client): Promise<void> {
  const contact = "EntityDefinitions(LogicalName='contact')";
  const column = { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", SchemaName: "new_CustomerNo" };
  await client.post(`${contact}/Attributes`, JSON.stringify({ ...column, MaxLength: 50 }));
  const key = { SchemaName: "new_CustomerKey", KeyAttributes: ["new_customerno"] };
  await client.post(`${contact}/Keys`, JSON.stringify(key));
  await client.get(`${contact}/Keys`);
  await client.post("accounts", JSON.stringify({ accountid: ACCOUNT, name: "Contoso" }));
}

/** Sends `bodies` in bulk creates, eight in flight. */
export async function createAll(client: Client, bodies: Iterator<Buffer>): Promise<void> {
  const worker = async () => {
    for (let each = bodies.next(); !each.done; each = bodies.next()) {
      await client.post("contacts/Microsoft.Dynamics.CRM.CreateMultiple", each.value);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** The address of the page after this one, found in its last bytes: parsing megabytes would be the client's time. */
export function nextPage(page: Buffer): string | undefined {
  const end = page.subarray(-2000).toString();
  return /"@odata\.nextLink":"(?:[^"]*\/)?(contacts\?[^"]+)"/.exec(end)?.[1];
}
