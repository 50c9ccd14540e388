import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { accountWithFiles, PIXEL, send } from "./file.test-data.ts";

// file-column-data.md, section by section; the columns are those of its examples.
const client = useSandbox();

test("PATCH file: stores bytes, name and type; the row tells id and name", async () => {
  const account = await accountWithFiles(client);
  const etag = (await client.api("GET", account)).headers.etag;
  const sent = await send(client, `${account}/sample_filecolumn`, "hello");
  expect([sent.status, sent.text, sent.headers["odata-version"]]).toEqual([204, "", "4.0"]);
  const { json, headers } = await client.api("GET", `${account}?$select=name,sample_filecolumn,sample_filecolumn_name`);
  expect(json["@odata.context"]).toMatch(/#accounts\(name,sample_filecolumn,sample_filecolumn_name\)\/\$entity$/);
  expect(json).toMatchObject({ name: "Contoso Ltd.", sample_filecolumn_name: "4094kb.txt" });
  expect(json.sample_filecolumn).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.etag).not.toBe(etag);
  const named = await client.api("GET", `accounts?$filter=sample_filecolumn ne null&$select=name`);
  expect(named.json.value).toHaveLength(1);
});

test("PATCH file: PUT with bytes does the same; a type the client announces is kept", async () => {
  const account = await accountWithFiles(client);
  const path = `${account}/sample_filecolumn`;
  expect((await send(client, path, "a", { "content-type": "application/x-mine" }, "PUT")).status).toBe(204);
  expect((await client.api("GET", `${path}/$value`)).headers.mimetype).toBe("application/x-mine");
  expect((await send(client, path, "%PDF", { "x-ms-file-name": "25mb.PDF" })).status).toBe(204);
  expect((await client.api("GET", `${path}/$value`)).headers.mimetype).toBe("application/pdf");
});

test("PATCH file: the row must be there, writable, and of the version asked for", async () => {
  const account = await accountWithFiles(client);
  const path = `${account}/sample_filecolumn`;
  expect((await send(client, path, "a", { "If-Match": "*", "If-None-Match": "null" })).status).toBe(204);
  expect((await send(client, path, "a", { "If-Match": 'W/"1"' })).json.error.code).toBe("0x80060882");
  const nobody = "accounts(00000000-0000-0000-0000-00000000abcd)/sample_filecolumn";
  expect((await send(client, nobody, "a")).json.error.code).toBe("0x80040217");
  await client.control("POST", "privileges", { table: "account", privilege: "Write", allowed: false });
  expect((await send(client, path, "a")).status).toBe(403);
  expect((await client.api("DELETE", path)).status).toBe(403);
  expect((await client.api("GET", `${path}/$value`)).text).toBe("a");
});

test("PATCH file: other columns take JSON only", async () => {
  const account = await accountWithFiles(client);
  expect((await send(client, `${account}/name`, "a", {}, "PUT")).status).toBe(415);
  expect((await send(client, `${account}/name`, "a")).status).toBe(415);
  expect((await send(client, account, "a")).status).toBe(415);
  expect((await client.api("PATCH", `${account}/sample_filecolumn`, { value: "a" })).status).toBe(400);
  // github.com/microsoft/PowerAppsCodeApps/issues/294: bytes announced as JSON
  const announced = { "content-type": "application/json", "x-ms-file-name": "a.txt" };
  expect((await send(client, `${account}/sample_filecolumn`, "%PDF", announced)).json.error.code).toBe("0x80048d19");
});

test("PATCH file: in a change set that fails nothing of it stays", async () => {
  const account = await accountWithFiles(client);
  const part = (id: number, lines: string[]) => [
    "--s",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    `Content-ID: ${id}`,
    "",
    ...lines,
  ];
  const batch = (second: string) =>
    [
      "--b",
      "Content-Type: multipart/mixed; boundary=s",
      "",
      ...part(1, [`PATCH ${account}/sample_filecolumn HTTP/1.1`, "Content-Type: application/octet-stream"]),
      "x-ms-file-name: a.txt",
      "",
      "some bytes",
      ...part(2, [second, "Content-Type: application/json", "", "{}"]),
      "--s--",
      "--b--",
      "",
    ].join("\r\n");
  const type = { "content-type": "multipart/mixed; boundary=b" };
  await client.api("POST", "$batch", batch("PATCH nowheres(1) HTTP/1.1"), type);
  expect((await client.api("GET", `${account}/sample_filecolumn/$value`)).status).toBe(204);
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("0");
  expect((await client.api("POST", "$batch", batch("POST contacts HTTP/1.1"), type)).text).not.toMatch(/HTTP\/1.1 4/);
  expect((await client.api("GET", `${account}/sample_filecolumn/$value`)).text).toBe("some bytes");
});

test("x-ms-file-name: as header or in the query string; the header counts", async () => {
  const account = await accountWithFiles(client);
  const column = `${account}/sample_filecolumn`;
  const none = await client.api("PATCH", column, "a", { "content-type": "application/octet-stream" });
  expect([none.status, none.json.error.code]).toEqual([400, "0x80040203"]);
  const asked = await client.api("PATCH", `${column}?x-ms-file-name=${encodeURIComponent("测试.txt")}`, "a", {
    "content-type": "application/octet-stream",
  });
  expect(asked.status).toBe(204);
  const row = await client.api("GET", `${account}?$select=sample_filecolumn_name`);
  expect(row.json.sample_filecolumn_name).toBe("测试.txt");
  const got = await client.api("GET", `${column}/$value`);
  expect(decodeURIComponent(String(got.headers["x-ms-file-name"]))).toBe("测试.txt");
  await send(client, `${column}?x-ms-file-name=b.txt`, "a", { "x-ms-file-name": "a.txt" });
  expect((await client.api("GET", `${column}/$value`)).headers["x-ms-file-name"]).toBe("a.txt");
  expect((await send(client, column, "a", { "x-ms-file-name": "n".repeat(201) })).json.error.code).toBe("0x80044331");
});

test("GET file/$value: the bytes, and what they are in headers; 204 without a file", async () => {
  const account = await accountWithFiles(client);
  const path = `${account}/sample_filecolumn`;
  expect((await client.api("GET", `${path}/$value`)).status).toBe(204);
  const all = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
  await send(client, path, all, { "x-ms-file-name": 'a "b".txt' });
  const got = await fetch(`${client.sandbox.origin}/api/data/v9.2/${path}/$value`, {
    headers: { Authorization: `Bearer ${client.token}` },
  });
  expect(Buffer.from(await got.arrayBuffer())).toEqual(all);
  expect(Object.fromEntries(got.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="a _b_.txt"',
    "x-ms-file-size": "256",
    "x-ms-file-name": 'a "b".txt',
    mimetype: "text/plain",
    "access-control-expose-headers": "x-ms-file-size; x-ms-file-name; mimetype",
  });
  expect((await client.api("HEAD", `${path}/$value`)).headers["x-ms-file-size"]).toBe("256");
  await client.control("POST", "privileges", { table: "account", privilege: "Read", allowed: false });
  expect((await client.api("GET", `${path}/$value`)).status).toBe(403);
});

test("GET file: JSON with the bytes in base64, as dynamics-web-api reads it", async () => {
  const path = `${await accountWithFiles(client)}/sample_filecolumn`;
  expect((await client.api("GET", path)).status).toBe(204);
  await send(client, path, "0123456789");
  const { json, headers } = await client.api("GET", path);
  expect(Buffer.from(json.value, "base64").toString()).toBe("0123456789");
  expect(headers).toMatchObject({ "x-ms-file-size": "10", "x-ms-file-name": "4094kb.txt" });
  const part = await client.api("GET", path, undefined, { Range: "bytes=2-4" });
  expect([part.status, Buffer.from(part.json.value, "base64").toString()]).toEqual([206, "234"]);
});

test.for([
  ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["bytes=4-100", 206, "456789", "bytes 4-9/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-2", 206, "89", "bytes 8-9/10"],
  ["bytes=0-3/10", 206, "0123", "bytes 0-3/10"],
  ["bytes=0-1,4-5", 200, "0123456789", undefined],
  ["lines=0-1", 200, "0123456789", undefined],
  ["bytes=5-2", 200, "0123456789", undefined],
  ["bytes=-", 200, "0123456789", undefined],
] as const)("Range: %s", async ([range, status, text, told]) => {
  const path = `${await accountWithFiles(client)}/sample_filecolumn`;
  await send(client, path, "0123456789");
  const got = await client.api("GET", `${path}/$value`, undefined, { Range: range });
  expect([got.status, got.text, got.headers["content-range"]]).toEqual([status, text, told]);
  if (status === 206) expect(got.headers).toMatchObject({ "x-ms-file-size": "10", "x-ms-chunk-size": "4194304" });
});

test("Range: beyond the end is 416; an empty file has no ranges", async () => {
  const path = `${await accountWithFiles(client)}/sample_filecolumn`;
  await send(client, path, "0123456789");
  const got = await client.api("GET", `${path}/$value`, undefined, { Range: "bytes=10-12" });
  expect([got.status, got.headers["content-range"]]).toEqual([416, "bytes */10"]);
  expect(got.json.error.message).toContain("10 bytes");
  await send(client, path, "");
  const empty = await client.api("GET", `${path}/$value`, undefined, { Range: "bytes=0-3" });
  expect([empty.status, empty.headers["x-ms-file-size"]]).toEqual([200, "0"]);
});

test("DELETE file: empties the column, its name and its attachment", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "a");
  expect((await client.api("DELETE", `${account}/sample_filecolumn`)).status).toBe(204);
  const row = await client.api("GET", `${account}?$select=sample_filecolumn,sample_filecolumn_name`);
  expect(row.json).toMatchObject({ sample_filecolumn: null, sample_filecolumn_name: null });
  expect((await client.api("GET", `${account}/sample_filecolumn/$value`)).status).toBe(204);
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("0");
  expect((await client.api("DELETE", `${account}/sample_filecolumn`)).status).toBe(204);
});

test("fileattachments: what files a row has, and only to read", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "hello");
  const select = "createdon,mimetype,filesizeinbytes,filename,regardingfieldname";
  const path = `${account}?$select=accountid&$expand=account_FileAttachments($select=${select})`;
  const { json } = await client.api("GET", path);
  const id = (await client.api("GET", account)).json.sample_filecolumn;
  expect(json.account_FileAttachments).toMatchObject([
    {
      mimetype: "text/plain",
      filesizeinbytes: 5,
      filename: "4094kb.txt",
      regardingfieldname: "sample_filecolumn",
      fileattachmentid: id,
    },
  ]);
  expect((await client.api("DELETE", `fileattachments(${id})`)).status).toBe(400);
  expect((await client.api("POST", "fileattachments", { filename: "x" })).status).toBe(400);
  // a second file takes the place of the first
  await send(client, `${account}/sample_filecolumn`, "again");
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("1");
});

test("a file column cannot be set with the row (file-column-data.md, first paragraph)", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "a");
  const { sample_filecolumn: id } = (await client.api("GET", account)).json;
  await client.api("PATCH", account, { sample_filecolumn: null, sample_filecolumn_name: "b", name: "New" });
  const after = await client.api("GET", account);
  expect(after.json).toMatchObject({ name: "New", sample_filecolumn: id, sample_filecolumn_name: "4094kb.txt" });
  expect((await client.api("PUT", `${account}/sample_filecolumn`, { value: null })).status).toBe(400);
});

test("files go with their row, column and table, and stay as they were in a snapshot", async () => {
  const account = await accountWithFiles(client);
  const path = `${account}/sample_filecolumn`;
  await send(client, path, "first");
  await client.api("PATCH", account, { sample_imagecolumn: PIXEL.toString("base64") });
  await client.control("POST", "snapshots", { name: "before" });
  await send(client, path, "second");
  await client.control("POST", "snapshots/before/restore");
  expect((await client.api("GET", `${path}/$value`)).text).toBe("first");
  expect((await client.api("DELETE", account)).status).toBe(204);
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("0");
  await client.control("POST", "snapshots/before/restore");
  const image = await client.api("GET", `${account}?$select=sample_imagecolumn`);
  expect(image.json.sample_imagecolumn).toBe(PIXEL.toString("base64"));
  const definition = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='sample_filecolumn')";
  expect((await client.api("DELETE", definition)).status).toBe(204);
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("0");
  expect((await client.api("GET", `${path}/$value`)).status).toBe(400);
});

test("a table made with file and image columns has all that belongs to them, and can be dropped", async () => {
  const label = { LocalizedLabels: [{ Label: "Thing", LanguageCode: 1033 }] };
  const attributes = [
    { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", SchemaName: "new_Name", IsPrimaryName: true },
    { "@odata.type": "Microsoft.Dynamics.CRM.FileAttributeMetadata", SchemaName: "new_File" },
    { "@odata.type": "Microsoft.Dynamics.CRM.ImageAttributeMetadata", SchemaName: "new_Image" },
  ];
  const table = { SchemaName: "new_Thing", DisplayName: label, DisplayCollectionName: label, Attributes: attributes };
  expect((await client.api("POST", "EntityDefinitions", table)).status).toBe(204);
  const definition = "EntityDefinitions(LogicalName='new_thing')";
  const thing = `new_things(${idIn(await client.api("POST", "new_things", { new_name: "a" }))})`;
  expect((await send(client, `${thing}/new_file`, "a")).status).toBe(204);
  expect((await send(client, `${thing}/new_image`, PIXEL)).status).toBe(204);
  const files = await client.api("GET", `${thing}?$expand=new_thing_FileAttachments`);
  expect(files.json.new_thing_FileAttachments).toHaveLength(1);
  const config = "entityimageconfigs?$filter=parententitylogicalname eq 'new_thing'";
  expect((await client.api("GET", config)).json.value).toMatchObject([{ primaryimageattribute: "new_image" }]);
  expect((await client.api("DELETE", definition)).status).toBe(204);
  expect((await client.api("GET", config)).json.value).toEqual([]);
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("0");
});

test("GET file/$value: in a batch, the bytes as they are", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "some bytes");
  const lines = ["--b", "Content-Type: application/http", "Content-Transfer-Encoding: binary", ""];
  const body = [...lines, `GET ${account}/sample_filecolumn/$value HTTP/1.1`, "", "--b--", ""].join("\r\n");
  const answer = await client.api("POST", "$batch", body, { "content-type": "multipart/mixed; boundary=b" });
  expect(answer.text).toMatch(/Content-Type: application\/octet-stream\r\n[\s\S]*\r\n\r\nsome bytes\r\n--batch/);
});
