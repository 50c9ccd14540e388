import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { accountWithFiles, PIXEL, send } from "./file.test-data.ts";

// file-column-data.md, "Use Dataverse messages to upload a file" and "to download a file".
const client = useSandbox();
const MB = 1024 * 1024;

const targetOf = (account: string) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.account",
  accountid: account.slice(9, -1),
});
const blockId = (n: number) => Buffer.from(`block ${n}`).toString("base64");

async function begin(account: string, column = "sample_filecolumn"): Promise<string> {
  const body = { Target: targetOf(account), FileName: "25mb.pdf", FileAttributeName: column };
  const { json, status } = await client.api("POST", "InitializeFileBlocksUpload", body);
  expect(status).toBe(200);
  return json.FileContinuationToken;
}

function block(token: string, n: number, bytes: Buffer | string, id = blockId(n)) {
  const BlockData = Buffer.from(bytes).toString("base64");
  return client.api("POST", "UploadBlock", { BlockId: id, BlockData, FileContinuationToken: token });
}

function commit(token: string, ids: unknown, facts: object = {}) {
  const body = { FileName: "25mb.pdf", MimeType: "application/pdf", BlockList: ids, FileContinuationToken: token };
  return client.api("POST", "CommitFileBlocksUpload", { ...body, ...facts });
}

test("InitializeFileBlocksUpload: a token, for a file or image column of a row that is there", async () => {
  const account = await accountWithFiles(client);
  const body = { Target: targetOf(account), FileName: "25mb.pdf", FileAttributeName: "sample_filecolumn" };
  const { json } = await client.api("POST", "InitializeFileBlocksUpload", body);
  expect(json["@odata.context"]).toMatch(/#Microsoft.Dynamics.CRM.InitializeFileBlocksUploadResponse$/);
  const wrong: [object, number][] = [
    [{ FileAttributeName: "name" }, 400],
    [{ FileAttributeName: 5 }, 400],
    [{ FileName: "" }, 400],
    [{ FileName: undefined }, 400],
    [{ Target: { ...targetOf(account), accountid: "00000000-0000-0000-0000-00000000abcd" } }, 404],
    [{ Target: "accounts" }, 400],
    [{ Other: 1 }, 400],
  ];
  for (const [change, status] of wrong) {
    const answer = await client.api("POST", "InitializeFileBlocksUpload", { ...body, ...change });
    expect(answer.status, JSON.stringify(change)).toBe(status);
  }
  await client.control("POST", "privileges", { table: "account", privilege: "Write", allowed: false });
  expect((await client.api("POST", "InitializeFileBlocksUpload", body)).status).toBe(403);
});

test("UploadBlock: base64 of at most 4 MB under ids of one length", async () => {
  const token = await begin(await accountWithFiles(client));
  expect((await block(token, 1, Buffer.alloc(4 * MB))).status).toBe(204);
  expect((await block(token, 2, Buffer.alloc(4 * MB + 1))).status).toBe(400);
  expect((await block(token, 3, "a", blockId(1000))).status).toBe(400);
  expect((await block(token, 3, "a", "!")).status).toBe(400);
  expect((await block(token, 3, "a", Buffer.alloc(65).toString("base64"))).status).toBe(400);
  expect((await block("nothing", 3, "a")).json.error.code).toBe("0x80040203");
  const text = await client.api("POST", "UploadBlock", {
    BlockId: blockId(4),
    BlockData: "no base64!",
    FileContinuationToken: token,
  });
  expect(text.json.error.code).toBe("0x80048d19");
});

test("CommitFileBlocksUpload: joins the blocks in the order of the list", async () => {
  const account = await accountWithFiles(client);
  const token = await begin(account);
  await block(token, 1, "lo");
  await block(token, 2, "hel");
  await block(token, 3, "not listed");
  expect((await commit(token, [blockId(9)])).status).toBe(400);
  expect((await commit(token, "x")).status).toBe(400);
  expect((await commit(token, [blockId(1), blockId(1)])).status).toBe(400);
  expect((await commit(token, [blockId(1)], { MimeType: "a b" })).status).toBe(400);
  const { json } = await commit(token, [blockId(2), blockId(1)]);
  expect(json["@odata.context"]).toMatch(/#Microsoft.Dynamics.CRM.CommitFileBlocksUploadResponse$/);
  expect(json.FileSizeInBytes).toBe(5);
  const row = await client.api("GET", `${account}?$select=sample_filecolumn,sample_filecolumn_name`);
  expect(row.json).toMatchObject({ sample_filecolumn: json.FileId, sample_filecolumn_name: "25mb.pdf" });
  const got = await client.api("GET", `${account}/sample_filecolumn/$value`);
  expect([got.text, got.headers.mimetype]).toEqual(["hello", "application/pdf"]);
  expect((await commit(token, [blockId(2)])).json.error.code).toBe("0x80040203");
});

test("CommitFileBlocksUpload: what is refused leaves the upload open; too much is 0x80044a02", async () => {
  const account = await accountWithFiles(client, { MaxSizeInKB: 1 });
  const token = await begin(account);
  expect((await block(token, 1, Buffer.alloc(1000))).status).toBe(204);
  expect((await block(token, 2, Buffer.alloc(100))).json.error.code).toBe("0x80044a02");
  await client.control("POST", "plugins", { table: "account", column: "sample_filecolumn", throws: "no", nth: 1 });
  expect((await commit(token, [blockId(1)])).json.error.code).toBe("0x80040265");
  expect((await client.api("GET", "fileattachments/$count")).text).toBe("0");
  expect((await commit(token, [blockId(1)])).status).toBe(200);
  expect((await client.api("DELETE", account)).status).toBe(204);
});

test("CommitFileBlocksUpload: the row may be gone meanwhile", async () => {
  const account = await accountWithFiles(client);
  const token = await begin(account);
  await client.api("DELETE", account);
  expect((await block(token, 1, "a")).status).toBe(204);
  expect((await commit(token, [])).status).toBe(404);
});

test("InitializeFileBlocksDownload: tells name and size; 404 without a file", async () => {
  const account = await accountWithFiles(client);
  const body = { Target: targetOf(account), FileAttributeName: "sample_filecolumn" };
  expect((await client.api("POST", "InitializeFileBlocksDownload", body)).json.error.code).toBe("0x80040217");
  await send(client, `${account}/sample_filecolumn`, "0123456789");
  const { json } = await client.api("POST", "InitializeFileBlocksDownload", body);
  expect(json).toMatchObject({ FileSizeInBytes: 10, FileName: "4094kb.txt", IsChunkingSupported: true });
});

test("DownloadBlock: a part from an offset", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "0123456789");
  const body = { Target: targetOf(account), FileAttributeName: "sample_filecolumn" };
  const token = (await client.api("POST", "InitializeFileBlocksDownload", body)).json.FileContinuationToken;
  const get = (Offset: unknown, BlockLength: unknown, FileContinuationToken: unknown = token) =>
    client.api("POST", "DownloadBlock", { Offset, BlockLength, FileContinuationToken });
  const text = async (offset: number, length: number) =>
    Buffer.from((await get(offset, length)).json.Data, "base64").toString();
  expect([await text(0, 4), await text(8, 4), await text(10, 4), await text(0, 1e12)]).toEqual([
    "0123",
    "89",
    "",
    "0123456789",
  ]);
  for (const [offset, length, other] of [
    [-1, 4],
    [11, 4],
    [0, 0],
    ["0", 4],
    [0, 1.5],
    [0, 4, "x"],
    [0, 4, {}],
  ] as const) {
    expect((await get(offset, length, other)).status).toBe(400);
  }
  await send(client, `${account}/sample_filecolumn`, "another");
  expect((await get(0, 4)).json.error.code).toBe("0x80040203");
});

test("DeleteFile: by the id in the column, also of an image", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "a");
  await send(client, `${account}/sample_imagecolumn`, PIXEL);
  const read = async () => (await client.api("GET", account)).json;
  const { sample_filecolumn, sample_imagecolumnid } = await read();
  for (const FileId of [sample_filecolumn, sample_imagecolumnid]) {
    expect((await client.api("POST", "DeleteFile", { FileId })).status).toBe(204);
  }
  expect(await read()).toMatchObject({ sample_filecolumn: null, sample_imagecolumnid: null });
  const again = await client.api("POST", "DeleteFile", { FileId: sample_filecolumn });
  expect([again.status, again.json.error.code]).toEqual([404, "0x80040217"]);
  expect((await client.api("POST", "DeleteFile", { FileId: "x" })).status).toBe(400);
});
