import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Expectations: dataverse.md section 1; webapi/compose-http-requests-handle-errors.md ("page").
const client = useSandbox();
const read = (headers: Record<string, string>) => client.api("GET", "accounts?$select=name", undefined, headers);
const create = (headers: Record<string, string>, body: string | Buffer = '{"name":"Contoso"}') =>
  client.api("POST", "accounts", body, headers);
const get = (path: string) => client.raw("GET", path, undefined, { authorization: `Bearer ${client.token}` });

test("Versions: 8.2 to 9.2 answer, and their links lead back to them (section 1)", async () => {
  for (const version of ["v8.2", "v9.0", "v9.1", "v9.2"]) {
    const answer = await get(`/api/data/${version}/accounts?$select=name`);
    expect(answer.json["@odata.context"]).toBe(`${client.sandbox.origin}/api/data/${version}/$metadata#accounts(name)`);
  }
});

test.for(["v8.0", "v9.3", "V9.2", "9.2", "", "v9.2.1"])("Versions: '%s' is no version", async (version) => {
  const answer = await get(`/api/data/${version}/accounts`);
  expect(answer.status).toBe(404);
  expect(answer.json.error.message).toContain("No HTTP resource was found that matches the request URI");
});

test("Service document: every entity set, with and without the last slash (section 1)", async () => {
  for (const path of ["/api/data/v9.2/", "/api/data/v9.2"]) {
    const { json } = await get(path);
    expect(json["@odata.context"]).toBe(`${client.sandbox.origin}/api/data/v9.2/$metadata`);
    expect(json.value).toContainEqual({ name: "accounts", kind: "EntitySet", url: "accounts" });
  }
});

test("HEAD: as GET without the body", async () => {
  const answer = await client.api("HEAD", "accounts?$select=name");
  expect([answer.status, answer.text]).toEqual([200, ""]);
  expect(Number(answer.headers["content-length"])).toBeGreaterThan(0);
});

test.for(["/api/data/v9.2/accounts/", "/api/data/v9.2//accounts", "/api/data/v9.2/%61ccounts"])(
  "an address may have superfluous slashes and escapes: %s",
  async (path) => {
    expect((await get(path)).status).toBe(200);
  },
);

test("OData-Version: 4.0 is the protocol; a client that ends below it finds nothing (page: HTTP headers)", async () => {
  expect((await read({ "odata-version": "4.0", "odata-maxversion": "4.0" })).headers["odata-version"]).toBe("4.0");
  expect((await read({ "odata-maxversion": "4.01" })).status).toBe(200);
  for (const wrong of [{ "odata-maxversion": "3.0" }, { "odata-version": "3.0" }, { "odata-version": "x" }]) {
    expect((await read(wrong as Record<string, string>)).status).toBe(404);
  }
});

test("Accept: only JSON is answered, with minimal metadata (page: HTTP headers)", async () => {
  for (const accept of ["application/json", "*/*", "application/json;odata.metadata=minimal", "text/html"]) {
    const answer = await read({ accept });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json; odata.metadata=minimal"]);
  }
  const full = await read({ accept: "application/json;odata.metadata=full" });
  expect([full.status, full.json.error.message]).toEqual([501, expect.stringContaining("odata.metadata=full")]);
  expect((await read({ accept: "application/json;odata.metadata=none, application/json" })).status).toBe(200);
});

test("Content-Type: what is sent must be JSON in UTF-8 (page: HTTP headers)", async () => {
  for (const type of [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON; type=entry",
    "text/json",
  ]) {
    expect((await create({ "content-type": type })).status).toBe(204);
  }
  for (const type of [
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
  ]) {
    const answer = await create({ "content-type": type });
    expect([answer.status, answer.json.error.message]).toEqual([415, expect.stringContaining(type)]);
  }
});

test("Content-Type: a body without it is taken for JSON, as the pages print it", async () => {
  const answer = await client.raw("POST", "/api/data/v9.2/accounts", "{}", { authorization: `Bearer ${client.token}` });
  expect(answer.status).toBe(204);
});

test("Content-Type: a byte order mark is passed over, a compressed body is no JSON", async () => {
  expect((await create({}, Buffer.from('\ufeff{"name":"Contoso"}'))).status).toBe(204);
  const answer = await create({ "content-encoding": "gzip" }, gzipSync("{}"));
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80048d19"]);
});

test("another method by header is told to be missing", async () => {
  expect((await create({ "x-http-method-override": "PATCH" })).status).toBe(501);
});

test("Error annotations: HelpLink and InnerError.Message, as far as they are asked for (page: Include more details)", async () => {
  const path = "accounts(00000000-0000-0000-0000-000000000001)";
  const ask = async (annotations: string) => {
    const prefer = `odata.include-annotations="${annotations}"`;
    return (await client.api("GET", path, undefined, { prefer })).json.error;
  };
  const { code, message, ...all } = await ask("*");
  expect(code).toBe("0x80040217");
  expect(all).toEqual({
    "@Microsoft.PowerApps.CDS.InnerError.Message": message,
    "@Microsoft.PowerApps.CDS.HelpLink":
      "http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a80040217&client=platform",
  });
  expect(Object.keys(await ask("Microsoft.PowerApps.CDS.HelpLink"))).toHaveLength(3);
  expect(Object.keys(await ask("OData.*"))).toHaveLength(2);
});

test("a body in chunks, announced by Expect: 100-continue, is read", async () => {
  const { port } = new URL(client.sandbox.origin);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    let answer = "";
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.on("data", (data) => {
      answer += data;
      if (answer === "HTTP/1.1 100 Continue\r\n\r\n") socket.write('8\r\n{"name":\r\n4\r\n"x"}\r\n0\r\n\r\n');
    });
    socket.write(
      `POST /api/data/v9.2/accounts HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${client.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
    );
  });
  expect(text).toContain("HTTP/1.1 204 No Content");
});
