import { afterEach, expect, test } from "vitest";
import { entraErrors } from "./entra-errors.ts";
import { type Reply, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const tables: Reply = { body: { value: [], OrganizationId: "o", UserId: "u" } };
const entra = (status: number, error: string, code: number, text: string): Reply => ({
  status,
  body: { error, error_description: `AADSTS${code}: ${text}\r\nTrace ID: x\r\nTimestamp: y`, error_codes: [code] },
});

test("sends a form with everything encoded, asks once for many, and keeps the token", async () => {
  stub = await startStub(() => tables);
  await Promise.all([1, 2, 3].map(() => stub.session.api.read({ path: "WhoAmI", doing: "ask" })));
  await stub.session.api.read({ path: "WhoAmI", doing: "ask" });
  expect(stub.signIns).toHaveLength(1);
  expect(Object.fromEntries(new URLSearchParams(stub.signIns[0]!.body))).toEqual({
    grant_type: "client_credentials",
    client_id: "client",
    client_secret: "s3cret&=+",
    scope: `${stub.config.url}/.default`,
  });
  expect(stub.seen.map((s) => s.headers.authorization)).toEqual(Array(4).fill("Bearer t1"));
  expect(stub.requests()).toBe(5);
});

test("is renewed before it ends", async () => {
  stub = await startStub(() => tables);
  const ask = () => stub.session.api.read({ path: "WhoAmI", doing: "ask" });
  await ask();
  await stub.clock.sleep(3_290_000); // 3599 s less 5 minutes, almost
  await ask();
  expect(stub.signIns).toHaveLength(1);
  await stub.clock.sleep(20_000);
  await ask();
  expect(stub.signIns).toHaveLength(2);
  expect(stub.seen.at(-1)?.headers.authorization).toBe("Bearer t2");
});

test("is renewed once on 401, by all requests together; three tokens refused one after another are an error", async () => {
  stub = await startStub((r) => (r.headers.authorization === "Bearer t1" ? { status: 401 } : tables));
  await Promise.all([1, 2, 3].map(() => stub.session.objects()));
  expect(stub.signIns).toHaveLength(2);
  await stub.close();
  stub = await startStub(() => ({ status: 401 }));
  await expect(stub.session.api.read({ path: "WhoAmI", doing: "ask" })).rejects.toMatchObject({
    code: "secret_wrong",
    kind: "auth",
  });
  expect(stub.seen.map((s) => s.headers.authorization)).toEqual(["Bearer t1", "Bearer t2", "Bearer t3"]);
});

test.each(Object.entries(entraErrors))(
  "AADSTS%s has a cause and a remedy, and is not repeated",
  async (code, { error: ours, cause, remedy }) => {
    stub = await startStub(() => tables, {
      token: () => entra(400, "invalid_client", Number(code), "Microsoft's words"),
    });
    const error = await stub.session.objects().catch((e) => e);
    expect(error).toMatchObject({ code: ours, remedy });
    expect(error.message).toBe(`Entra ID refused the sign-in of client id client: ${cause} (AADSTS${code}).`);
    expect(JSON.stringify(error) + error.stack).not.toContain("s3cret");
    expect([stub.signIns.length, stub.seen.length]).toEqual([1, 0]);
  },
);

test("an unknown code keeps Entra's sentence, without its trace ids", async () => {
  stub = await startStub(() => tables, { token: () => entra(400, "invalid_grant", 50199, "Something is required.") });
  const error = await stub.session.objects().catch((e) => e);
  expect(error.message).toBe("Entra ID refused the sign-in of client id client: Something is required. (AADSTS50199).");
});

test("429 and 5xx are waited out; something that is no token endpoint is named", async () => {
  stub = await startStub(() => tables, {
    token: (_, n) =>
      [{ status: 503 }, { status: 429, headers: { "retry-after": "7" } }][n - 1] ?? {
        body: { expires_in: "3599", access_token: "x" },
      },
  });
  await stub.session.objects();
  expect(stub.clock.pauses).toEqual([375, 7000]);
  await stub.close();
  stub = await startStub(() => tables, { token: () => ({ body: "<html>", headers: { "content-type": "text/html" } }) });
  await expect(stub.session.objects()).rejects.toMatchObject({ code: "unexpected_answer" });
});

test("who gives up while a token is asked for is let go at once; the others get it", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  stub = await startStub(() => tables, {
    token: async () => {
      await held;
      return { body: { expires_in: 3599, access_token: "late" } };
    },
  });
  const stop = new AbortController();
  const call = { path: "contacts", doing: "ask" };
  const impatient = stub.session.api.read(call, stop.signal);
  const patient = stub.session.api.read(call);
  stop.abort(new Error("enough"));
  await expect(impatient).rejects.toThrow("enough");
  release();
  await patient;
  expect(stub.seen.map((s) => s.headers.authorization)).toEqual(["Bearer late"]);
});
