import { afterEach, expect, test } from "vitest";
import { type Stub, startStub } from "./stub.ts";
import { newestPath } from "./version.ts";

let stub: Stub;
afterEach(() => stub?.close());
const we = { OrganizationId: "o", UserId: "u" };

test.each([
  ["9.2.25000.100", "9.2"],
  ["9.1.0.646", "9.1"],
  ["9.0.2.34", "9.0"],
  ["9.5.1.1", "9.2"],
  ["8.2.2.112", "8.2"],
  ["10.0.1.1", "9.2"],
  ["8.1.0.1", undefined],
] as const)("a server of version %s is asked on %s", (server, path) => {
  expect(newestPath(server)).toBe(path);
});

test("without apiVersion the server is asked once, on its oldest path", async () => {
  stub = await startStub(
    (r) => ({ body: r.path.endsWith("/RetrieveVersion") ? { Version: "9.1.0.646" } : { value: [], ...we } }),
    { config: { apiVersion: undefined } },
  );
  await Promise.all([stub.session.objects(), stub.session.objects()]);
  await stub.session.objects();
  const paths = stub.seen.map((r) => r.path.split("?")[0]!);
  expect(paths.filter((path) => path.includes("v9.0"))).toEqual(["/api/data/v9.0/RetrieveVersion"]);
  expect(paths.slice(1)).toContain("/api/data/v9.1/EntityDefinitions");
});

test("a server before 9.0 answers on the path of its own time", async () => {
  stub = await startStub(
    (r) => (r.path.includes("v9.0") ? { status: 404, body: {} } : { body: { Version: "8.2.2.112", value: [], ...we } }),
    { config: { apiVersion: undefined } },
  );
  await stub.session.objects();
  expect(stub.seen.at(-1)?.path).toMatch(/^\/api\/data\/v8.2\/EntityDefinitions/);
});

test("what is no environment is named", async () => {
  stub = await startStub(() => ({ body: "<html>", headers: { "content-type": "text/html" } }), {
    config: { apiVersion: undefined },
  });
  await expect(stub.session.objects()).rejects.toMatchObject({
    code: "unexpected_answer",
    message: expect.stringContaining("text/html"),
  });
});
