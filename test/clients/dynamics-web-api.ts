import { DynamicsWebApi } from "dynamics-web-api";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";

export type Client = {
  sandbox: Sandbox;
  api: DynamicsWebApi;
  /** What the client has no call for, or spells its own way: a plain POST. */
  post(path: string, body: unknown): Promise<Response>;
};

/** The npm client dynamics-web-api, as its users set it up, against a sandbox of this test file, reset before each test. */
export function useDynamicsWebApi(): Client {
  const client = {} as Client;
  beforeAll(async () => {
    client.sandbox = await startSandbox();
    const { env } = client.sandbox;
    const token = await accessToken(env);
    client.api = new DynamicsWebApi({
      serverUrl: env.BASE_URL!,
      dataApi: { version: "9.2" },
      onTokenRefresh: async () => token,
    });
    client.post = (path, body) =>
      fetch(`${env.BASE_URL}/api/data/v9.2/${path}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
  });
  beforeEach(async () => {
    await fetch(`${client.sandbox.origin}/_sandbox/reset`, { method: "POST" });
  });
  afterAll(() => client.sandbox.close());
  return client;
}

async function accessToken(env: Record<string, string>): Promise<string> {
  const answer = await fetch(env.TOKEN_URL!, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: env.CLIENT_ID!,
      client_secret: env.CLIENT_SECRET!,
      scope: `${env.BASE_URL}/.default`,
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
