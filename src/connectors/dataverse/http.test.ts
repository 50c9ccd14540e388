import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { openSession } from "./index.ts";
import { fakeClock, type Reply, refusal, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const fine: Reply = { body: { value: [] } };
const read = () => stub.session.api.read({ path: "contacts", doing: "read contact" });
const write = (signal?: AbortSignal) =>
  stub.session.api.write({ method: "POST", path: "contacts", body: "{}", doing: "create contact" }, signal);
const after = (n: number, first: Reply, then: Reply = fine) => startStub((_, i) => (i <= n ? first : then));
const page = (status: number): Reply => ({ status, body: "<html>", headers: { "content-type": "text/html" } });
const busy = (seconds: number) => ({ ...refusal(429, "0x80072322"), headers: { "retry-after": String(seconds) } });

test("every request carries the documented headers, and no cookie", async () => {
  stub = await startStub(() => ({ ...fine, headers: { "set-cookie": "ARRAffinity=1" } }));
  await read();
  await write();
  for (const { headers } of stub.seen)
    expect(headers).toMatchObject({
      accept: "application/json",
      "odata-version": "4.0",
      "odata-maxversion": "4.0",
      "if-none-match": "null",
    });
  expect(stub.seen[1]?.headers["content-type"]).toBe("application/json");
  expect(stub.seen[1]?.headers.cookie).toBeUndefined();
});

test("429 makes the whole session wait as long as it says, reads and writes", async () => {
  let limited = true;
  stub = await startStub(() => (limited ? busy(17) : fine), {});
  const clock = stub.clock;
  const sleep = clock.sleep;
  clock.sleep = async (ms, signal) => {
    limited = false;
    await sleep(ms, signal);
  };
  const answers = await Promise.all([read(), write(), read()]);
  expect(answers.every((a) => "status" in a && a.status === 200)).toBe(true);
  expect(clock.pauses.reduce((a, b) => a + b)).toBeLessThanOrEqual(17_000 * 3);
  expect(Math.max(...clock.pauses)).toBe(17_000);
  // After the pause nobody is refused again.
  expect(stub.seen.length).toBeLessThanOrEqual(6);
});

test("a wait longer than allowed is an error at once, which says how long", async () => {
  stub = await startStub(() => busy(301), { maxShut: 300_000 });
  await expect(read()).rejects.toMatchObject({ code: "throttled", retryAfterMs: 301_000 });
  expect(stub.seen).toHaveLength(1);
});

test("429 without a time, or with zero, backs off and ends", async () => {
  stub = await startStub(() => busy(0));
  await expect(read()).rejects.toMatchObject({ code: "throttled" });
  expect(stub.clock.pauses.reduce((a, b) => a + b)).toBeLessThanOrEqual(300_000);
  expect(stub.clock.pauses.slice(0, 3)).toEqual([375, 750, 1500]);
  expect(stub.seen.length).toBeLessThan(30);
});

test.each([408, 502, 503, 504])("a read is repeated after %d", async (status) => {
  stub = await after(2, { status });
  expect((await read()).status).toBe(200);
  expect(stub.seen).toHaveLength(3);
});

test("a read is repeated after a broken connection, and after a body cut short", async () => {
  stub = await startStub((_, n) => [{ cut: true }, { cut: true, body: '{"val' }][n - 1] ?? fine);
  expect((await read()).body.toString()).toBe('{"value":[]}');
});

test("a read gives up on a server error that stays", async () => {
  stub = await startStub(() => refusal(500, "0x80040216", "An unexpected error occurred."));
  await expect(read()).rejects.toMatchObject({ code: "destination_failed" });
  expect(stub.seen).toHaveLength(3);
  await stub.close();
});

test("a host that closes every connection is unreachable soon when it never answered, else waited for", async () => {
  stub = await startStub(() => ({ cut: true }));
  await expect(read()).rejects.toMatchObject({
    code: "host_unreachable",
    message: expect.stringContaining("closes the connection"),
  });
  expect(stub.seen).toHaveLength(3);
  await stub.close();
  stub = await startStub((_, n) => (n === 1 ? fine : { cut: true }));
  await read();
  await expect(read()).rejects.toMatchObject({ code: "destination_failed" });
  expect(stub.seen.length).toBeGreaterThan(8);
  await stub.close();
  stub = await startStub(() => fine, { token: () => ({ cut: true }) });
  await expect(read()).rejects.toMatchObject({ code: "host_unreachable" });
  expect(stub.signIns).toHaveLength(3);
});

test("sixty requests under one signal leave no warning", async () => {
  const warnings: unknown[] = [];
  const note = (warning: unknown) => void warnings.push(warning);
  process.on("warning", note);
  stub = await startStub(() => fine);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 60 }, () => stub.session.api.read({ path: "x", doing: "x" }, signal)));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

test("a write is repeated only when it was not executed", async () => {
  for (const reply of [busy(1), refusal(503, ""), refusal(500, "0x80044339"), refusal(500, "0x80044150")]) {
    stub = await after(1, reply);
    expect(await write()).toMatchObject({ status: 200 });
    expect(stub.seen).toHaveLength(2);
    await stub.close();
  }
  for (const reply of [
    { cut: true },
    page(503),
    { status: 502 },
    { status: 504 },
    { status: 408 },
    refusal(500, "0x80040216"),
  ]) {
    stub = await after(1, reply);
    expect(await write()).toHaveProperty("lost");
    expect(stub.seen).toHaveLength(1);
    await stub.close();
  }
  stub = await after(0, fine);
});

test("a proxy's 503 may come after the commit: what may be done twice is sent again, and is lost when that does not help", async () => {
  const update = (signal?: AbortSignal) =>
    stub.session.api.write({ method: "POST", path: "x", doing: "update contact", repeatable: true }, signal);
  stub = await after(3, page(503));
  expect(await update()).toMatchObject({ status: 200 });
  expect(stub.clock.pauses).toEqual([500, 750, 1125]);
  await stub.close();
  for (const reply of [page(502), page(504), { cut: true }]) {
    stub = await after(1, reply);
    expect(await update()).toHaveProperty("lost");
    expect(stub.seen).toHaveLength(1);
    await stub.close();
  }
  stub = await after(2, { ...page(503), headers: { "content-type": "text/html", "retry-after": "20" } });
  expect(await update()).toMatchObject({ status: 200 });
  expect(stub.clock.pauses).toEqual([20_000, 20_000]);
  await stub.close();
  // Whatever comes next, the first may have been executed.
  stub = await after(1, page(503), refusal(403, "0x8004a104"));
  expect(await update()).toHaveProperty("lost");
  await stub.close();
  const stop = new AbortController();
  stub = await startStub(() => {
    stop.abort(new Error("enough"));
    return page(503);
  });
  expect(await update(stop.signal)).toHaveProperty("lost");
  expect(stub.seen).toHaveLength(1);
  await stub.close();
  stub = await startStub(() => page(503));
  expect(await update()).toHaveProperty("lost");
  expect(stub.clock.pauses.reduce((a, b) => a + b)).toBeLessThanOrEqual(330_000);
  await expect(update()).rejects.toMatchObject({ code: "destination_failed" });
});

test("a write that gets no answer in time is lost", async () => {
  stub = await startStub(() => new Promise(() => {}), { timeout: 50 });
  expect(await write()).toHaveProperty("lost");
});

test("stopping: a read ends with the reason, a write under way is lost, one not begun is not sent", async () => {
  const stop = new AbortController();
  stub = await startStub(() => {
    stop.abort(new Error("enough"));
    return new Promise(() => {});
  });
  expect(await write(stop.signal)).toHaveProperty("lost");
  await expect(write(stop.signal)).rejects.toThrow("enough");
  await expect(stub.session.api.read({ path: "x", doing: "x" }, stop.signal)).rejects.toThrow("enough");
  expect(stub.seen).toHaveLength(1);
});

test("a host that cannot be reached is named, at once when it never answered", async () => {
  stub = await startStub(() => fine);
  const nobody = { ...stub.config, url: "http://127.0.0.1:1" };
  const clock = fakeClock();
  const session = openSession(nobody, { base: "." }, { clock });
  await expect(session.objects()).rejects.toMatchObject({
    code: "host_unreachable",
    message: "127.0.0.1:1 cannot be reached: nothing answers on that port.",
  });
  expect(clock.pauses).toEqual([]);
  await session.close();
  const noName = openSession({ ...stub.config, url: "https://no.such.host.invalid" }, { base: "." });
  await expect(noName.objects()).rejects.toMatchObject({
    code: "host_unreachable",
    message: expect.stringContaining("no.such.host.invalid"),
  });
  await noName.close();
});

test("https to a server without a certificate is unreachable, not unknown", async () => {
  stub = await startStub(() => fine);
  const session = openSession({ ...stub.config, url: stub.config.url.replace("http:", "https:") }, { base: "." });
  await expect(session.objects()).rejects.toMatchObject({
    code: "host_unreachable",
    message: expect.stringContaining("TLS"),
  });
  await session.close();
});

test("an environment in administration mode is not waited for", async () => {
  stub = await startStub(() => refusal(503, "0x8004A104", "disabled"));
  await expect(stub.session.objects()).rejects.toMatchObject({
    code: "destination_failed",
    remedy: expect.stringContaining("administration mode"),
  });
  expect(stub.seen).toHaveLength(1);
});

test("a sign-in page, a proxy's refusal and an unknown form are unexpected answers", async () => {
  for (const reply of [
    { body: "<html>Sign in</html>", headers: { "content-type": "text/html" } },
    { status: 403, body: "<h1>Blocked</h1>", headers: { "content-type": "text/html" } },
    { status: 302, headers: { location: "https://elsewhere" } },
    { body: { value: [{ LogicalName: 7 }] } },
  ]) {
    stub = await startStub(() => reply);
    await expect(stub.session.objects()).rejects.toMatchObject({ code: "unexpected_answer" });
    await stub.close();
  }
  stub = await after(0, fine);
});

test("gzip is undone", async () => {
  stub = await startStub(() => ({ body: gzipSync('{"value":[]}'), headers: { "content-encoding": "gzip" } }));
  expect(stub.seen).toEqual([]);
  expect((await read()).body.toString()).toBe('{"value":[]}');
  expect(stub.seen[0]?.headers["accept-encoding"]).toBe("gzip");
});
