import { accessToken } from "../test/access-token.ts";
import { KEY } from "./people.ts";
import { startServer } from "./server-process.ts";

/** From the first write to the last, in milliseconds of this machine. */
export type Span = { from: number; to: number };

export type There = {
  env: Record<string, string>;
  headers: Record<string, string>;
  /** Refused writes so far. */
  throttled(): Promise<number>;
  /** Of rows numbered from 0: how many are not there, and how many records are too many. */
  compare(rows: number): Promise<{ lost: number; doubled: number }>;
  close(): Promise<void>;
};

/** A sandbox of its own process (`file`, see `serve`), whose contacts have a key over their number. */
export async function openThere(file: URL): Promise<There> {
  const server = await startServer(file);
  const { env } = server;
  const headers = { authorization: `Bearer ${await accessToken(env)}`, "content-type": "application/json" };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(path.startsWith("http") ? path : `${env.BASE_URL}/${path}`, {
      method,
      headers: { ...headers, prefer: "odata.maxpagesize=5000" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const keys = "api/data/v9.2/EntityDefinitions(LogicalName='contact')/Keys";
  await call("POST", keys, { SchemaName: "new_NumberKey", KeyAttributes: [KEY.target] });
  await call("GET", keys); // looking makes it active
  return {
    env,
    headers,
    async throttled() {
      const { requests } = await call<{ requests: { write: boolean }[] }>("GET", "_sandbox/requests?status=429");
      return requests.filter((each) => each.write).length;
    },
    async compare(rows) {
      await call("POST", "_sandbox/limits", { profile: "instant" });
      const seen = new Set<string>();
      let count = 0;
      let next: string | undefined = `api/data/v9.2/contacts?$select=${KEY.target}`;
      while (next !== undefined) {
        type Page = { value: Record<string, string>[]; "@odata.nextLink"?: string };
        const page: Page = await call<Page>("GET", next);
        for (const row of page.value) seen.add(row[KEY.target]!);
        count += page.value.length;
        next = page["@odata.nextLink"];
      }
      return { lost: rows - seen.size, doubled: count - seen.size };
    },
    close: server.stop,
  };
}
