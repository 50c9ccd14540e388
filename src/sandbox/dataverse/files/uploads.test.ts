import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { register, useReceiver } from "../webhooks/receiver.test-data.ts";
import { accountWithFiles, addColumn, send } from "./file.test-data.ts";

// file-column-data.md, "Upload the file in chunks using Web API" and "Check maximum file size".
const client = useSandbox();
const receiver = useReceiver();
const MB = 1024 * 1024;

test("x-ms-transfer-mode: chunked: a session, 206 for each part, 204 for the last", async () => {
  const account = await accountWithFiles(client, { MaxSizeInKB: 30_720 });
  const column = `${account}/sample_filecolumn`;
  const begun = await client.api("PATCH", `${column}?x-ms-file-name=25mb.pdf`, undefined, {
    "x-ms-transfer-mode": "chunked",
  });
  expect(begun.status).toBe(200);
  expect(begun.headers).toMatchObject({
    "accept-ranges": "bytes",
    "x-ms-chunk-size": "4194304",
    "access-control-expose-headers": "x-ms-chunk-size",
  });
  const location = String(begun.headers.location);
  expect(location).toContain(`/api/data/v9.2/${column}?sessiontoken=`);
  const session = location.slice(location.indexOf("accounts("));
  const file = Buffer.alloc(9 * MB, "0123456789");
  const part = (start: number, end: number) =>
    send(client, session, file.subarray(start, end + 1), { "Content-Range": `bytes ${start}-${end}/${file.length}` });
  expect((await part(0, 4 * MB - 1)).status).toBe(206);
  expect((await client.api("GET", `${column}/$value`)).status).toBe(204);
  // the same part again, and parts out of order
  expect((await part(8 * MB, 9 * MB - 1)).status).toBe(206);
  expect((await part(0, 4 * MB - 1)).status).toBe(206);
  expect((await part(4 * MB, 8 * MB - 1)).status).toBe(204);
  const got = await client.api("GET", `${column}/$value`);
  expect(got.text === file.toString()).toBe(true);
  expect(got.headers).toMatchObject({ "x-ms-file-name": "25mb.pdf", mimetype: "application/pdf" });
  expect((await part(0, 4 * MB - 1)).json.error.code).toBe("0x80040203");
});

test.for([
  ["no range", undefined],
  ["no bytes", "lines 0-4/10"],
  ["another length", "bytes 0-5/10"],
  ["backwards", "bytes 4-0/10"],
  ["beyond the end", "bytes 8-12/10"],
  ["an unknown size", "bytes 0-4/*"],
  ["another size than before", "bytes 5-9/11"],
])("x-ms-transfer-mode: %s is refused, and the session goes on", async ([, range]) => {
  const column = `${await accountWithFiles(client)}/sample_filecolumn`;
  const begun = await client.api("PATCH", `${column}?x-ms-file-name=a.txt`, "", { "x-ms-transfer-mode": "chunked" });
  const location = String(begun.headers.location);
  const session = location.slice(location.indexOf("accounts("));
  expect((await send(client, session, "01234", { "Content-Range": "bytes 0-4/10" })).status).toBe(206);
  const wrong = await send(client, session, "56789", range === undefined ? {} : { "Content-Range": range });
  expect([wrong.status, wrong.json.error.code]).toEqual([400, "0x80040203"]);
  expect((await send(client, session, "56789", { "Content-Range": "bytes 5-9/10" })).status).toBe(204);
  expect((await client.api("GET", `${column}/$value`)).text).toBe("0123456789");
});

test("x-ms-transfer-mode: anything else, and a token of another column, is refused", async () => {
  const account = await accountWithFiles(client);
  await addColumn(client, "File", "sample_Other");
  const begin = (mode: string) =>
    client.api("PATCH", `${account}/sample_filecolumn?x-ms-file-name=a`, "", { "x-ms-transfer-mode": mode });
  expect((await begin("streamed")).status).toBe(400);
  const token = String((await begin("Chunked")).headers.location).split("?")[1];
  const part = { "Content-Range": "bytes 0-0/1" };
  expect((await send(client, `${account}/sample_other?${token}`, "a", part)).status).toBe(400);
  expect((await send(client, `${account}/sample_filecolumn?sessiontoken=x`, "a", part)).status).toBe(400);
});

test("MaxSizeInKB: a larger file is 0x80044a02, in one request or in parts", async () => {
  const path = `${await accountWithFiles(client, { MaxSizeInKB: 1 })}/sample_filecolumn`;
  expect((await send(client, path, Buffer.alloc(1024))).status).toBe(204);
  const large = await send(client, path, Buffer.alloc(1025));
  expect([large.status, large.json.error]).toEqual([
    400,
    { code: "0x80044a02", message: "Attachment file size is too big." },
  ]);
  const begun = await client.api("PATCH", `${path}?x-ms-file-name=a`, "", { "x-ms-transfer-mode": "chunked" });
  const session = `${path}?${String(begun.headers.location).split("?")[1]}`;
  const part = await send(client, session, "a", { "Content-Range": "bytes 0-0/1025" });
  expect(part.json.error.code).toBe("0x80044a02");
});

test("x-ms-transfer-mode: a synchronous webhook is asked before the last part counts (register-web-hook.md)", async () => {
  const account = await accountWithFiles(client);
  await register(client, { url: `${receiver.origin}/` }, "Update", "account");
  const path = `${account}/sample_filecolumn`;
  const begun = await client.api("PATCH", `${path}?x-ms-file-name=a`, "", { "x-ms-transfer-mode": "chunked" });
  const session = `${path}?${String(begun.headers.location).split("?")[1]}`;
  const part = () => send(client, session, "hello", { "Content-Range": "bytes 0-4/5" });
  receiver.answers = [400];
  expect((await part()).json.error.code).toBe("0x80040265");
  expect((await client.api("GET", `${path}/$value`)).status).toBe(204);
  expect((await part()).status).toBe(204);
  expect((await client.api("GET", `${path}/$value`)).text).toBe("hello");
  expect(receiver.received).toHaveLength(2);
  expect(receiver.received[1]!.text).toContain("sample_filecolumn");
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("1");
});
