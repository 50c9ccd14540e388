import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { startSandbox } from "../index.ts";
import { readBody } from "./body.ts";
import { seededRandom } from "./random.ts";

test("a body over the limit is told from one that fits", async () => {
  const request = (size: number) => Readable.from([Buffer.alloc(size / 2), Buffer.alloc(size / 2)]) as IncomingMessage;
  expect(await readBody(request(10), 10)).toHaveLength(10);
  expect(await readBody(request(12), 10)).toBe("too large");
});

test("a client that goes away while it sends ends its reading", async () => {
  const request = new Readable({ read() {} }) as IncomingMessage;
  const reading = readBody(request);
  request.emit("aborted");
  await expect(reading).rejects.toThrow("went away");
});

test("120 MB and more are a 413 with 0x8004418a (dataverse.md section 14)", async () => {
  const sandbox = await startSandbox();
  const answer = await fetch(`${sandbox.origin}/api/data/v9.2/contacts`, {
    method: "POST",
    body: Buffer.alloc(121 * 1024 * 1024, 32),
  });
  expect(answer.status).toBe(413);
  expect(((await answer.json()) as { error: { code: string } }).error.code).toBe("0x8004418a");
  await sandbox.close();
});

test("the environment names everything, empty where nothing is built yet", async () => {
  const { origin, env, close } = await startSandbox({ host: "127.0.0.1" });
  expect(env).toMatchObject({
    BASE_URL: origin,
    TOKEN_URL: `${origin}/${env.TENANT_ID}/oauth2/v2.0/token`,
    TOKEN_URL_HTTPS: `${env.BASE_URL_HTTPS}/${env.TENANT_ID}/oauth2/v2.0/token`,
    CLEVERTAP_URL: "",
  });
  expect(Object.keys(env)).toHaveLength(13);
  await close();
});

test("a port that is taken is an error at once; a closed sandbox frees its port and ends waiting requests", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const port = (other.address() as AddressInfo).port;
  await expect(startSandbox({ port })).rejects.toThrow(/EADDRINUSE/);
  await new Promise((resolve) => other.close(resolve));
  const sandbox = await startSandbox({ port });
  await fetch(`${sandbox.origin}/_sandbox/faults`, { method: "POST", body: '{"latencyMs": 600000}' });
  const waiting = fetch(`${sandbox.origin}/api/data/v9.2/WhoAmI`);
  const refused = expect(waiting).rejects.toThrow();
  await sandbox.close();
  await refused;
});

test("two sandboxes do not share anything", async () => {
  const [one, two] = await Promise.all([startSandbox(), startSandbox()]);
  await fetch(`${one.origin}/_sandbox/seed`, { method: "POST", body: '{"table":"account","rows":[{"name":"x"}]}' });
  const rows = async (origin: string) =>
    ((await (await fetch(`${origin}/_sandbox/rows/account`)).json()) as { value: unknown[] }).value.length;
  expect([await rows(one.origin), await rows(two.origin)]).toEqual([1, 0]);
  await Promise.all([one.close(), two.close()]);
});

test("seeded numbers repeat, lie in [0, 1), and differ by seed", () => {
  const draw = (seed: number) => Array.from({ length: 1000 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(3).every((each) => each >= 0 && each < 1)).toBe(true);
});

/** All that comes back for these bytes, until the server ends the connection. */
function exchanged(origin: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(new URL(origin).port), "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("close", () => resolve(text)).on("error", reject);
  });
}

test("what is no HTTP gets a 400 in the envelope, and the connection ends", async () => {
  const sandbox = await startSandbox();
  const lines = "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\nConnection: close\r\n";
  for (const bytes of [
    "\x16\x03\x01\x02\x00\x01",
    `${lines}X: a\0b\r\n\r\n`,
    `${lines}X: ${"a".repeat(300_000)}\r\n\r\n`,
    `${lines}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
    "POST /api/data/v9.2/contacts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "FOO / HTTP/1.1\r\n\r\n",
    "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
  ]) {
    const text = await exchanged(sandbox.origin, bytes);
    expect(text).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\n\{"error":\{"code":"0x80060888","message":".+"\}\}$/,
    );
  }
  await sandbox.close();
});

test("a request without Host, or with an unknown expectation, is answered as any other", async () => {
  const sandbox = await startSandbox();
  for (const header of ["", "Host: x\r\nExpect: something\r\n"]) {
    const text = await exchanged(
      sandbox.origin,
      `GET /api/data/v9.2/WhoAmI HTTP/1.1\r\nConnection: close\r\n${header}\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
  }
  await sandbox.close();
});
