import { DynamicsWebApi } from "dynamics-web-api";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { accessToken } from "../access-token.ts";

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
