import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// attachment-annotation-files.md, "Annotation files".
const client = useSandbox();
const ID = "11111111-2222-4333-8444-555555555555";
const TYPE = "Microsoft.Dynamics.CRM.annotation";
const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");

test("documentbody: base64 with the note; filesize and isdocument follow, $value is the text", async () => {
  const account = idIn(await client.api("POST", "accounts", { name: "A" }));
  const note = {
    subject: "large PDF file",
    filename: "25mb.pdf",
    mimetype: "application/pdf",
    documentbody: base64("hello"),
    "objectid_account@odata.bind": `/accounts(${account})`,
  };
  const path = `annotations(${idIn(await client.api("POST", "annotations", note))})`;
  expect((await client.api("GET", path)).json).toMatchObject({
    documentbody: base64("hello"),
    filesize: 5,
    isdocument: true,
    filename: "25mb.pdf",
  });
  const raw = await client.api("GET", `${path}/documentbody/$value`);
  expect([raw.text, raw.headers["content-type"]]).toEqual([base64("hello"), "text/plain"]);
  await client.api("PATCH", path, { documentbody: null });
  expect((await client.api("GET", path)).json).toMatchObject({ documentbody: null, isdocument: false, filesize: 0 });
  expect((await client.api("PATCH", path, { documentbody: "no base64!" })).status).toBe(400);
  expect((await client.api("DELETE", `accounts(${account})`)).status).toBe(204);
  expect((await client.api("GET", path)).status).toBe(404);
});

test("maxuploadfilesize: counts the base64, and can be changed", async () => {
  const { value } = (await client.api("GET", "organizations?$select=maxuploadfilesize")).json;
  expect(value).toMatchObject([{ maxuploadfilesize: 5_242_880 }]);
  const organization = `organizations(${value[0].organizationid})`;
  expect((await client.api("PATCH", organization, { maxuploadfilesize: 8 })).status).toBe(204);
  const create = (text: string) => client.api("POST", "annotations", { subject: "x", documentbody: base64(text) });
  expect((await create("123456")).status).toBe(204);
  expect((await create("1234567")).json.error).toEqual({
    code: "0x80044a02",
    message: "Attachment file size is too big.",
  });
});

const Target = { "@odata.type": TYPE, annotationid: ID, subject: "large PDF file", filename: "25mb.pdf" };
const begin = async () =>
  (await client.api("POST", "InitializeAnnotationBlocksUpload", { Target })).json.FileContinuationToken;
const block = (token: string, id: string, data: string | Buffer) =>
  client.api("POST", "UploadBlock", { BlockId: base64(id), BlockData: base64(data), FileContinuationToken: token });
const commit = (token: string, ids: string[], change: object = {}) =>
  client.api("POST", "CommitAnnotationBlocksUpload", {
    Target,
    BlockList: ids.map(base64),
    FileContinuationToken: token,
    ...change,
  });

test("InitializeAnnotationBlocksUpload: needs a note with an id", async () => {
  const call = (target: unknown) => client.api("POST", "InitializeAnnotationBlocksUpload", { Target: target });
  expect((await call(Target)).json.FileContinuationToken).toMatch(/^[\w-]+$/);
  const contact = { "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: ID };
  for (const wrong of [{ ...Target, annotationid: undefined }, { annotationid: ID }, contact, "x", []]) {
    expect((await call(wrong)).status).toBe(400);
  }
});

test("CommitAnnotationBlocksUpload: creates the note, and updates it the next time", async () => {
  for (const text of ["hello", "other"]) {
    const token = await begin();
    await block(token, "b", text.slice(0, 2));
    await block(token, "a", text.slice(2));
    const { json } = await commit(token, ["b", "a"]);
    expect(json).toMatchObject({ AnnotationId: ID, FileSizeInBytes: 5 });
    expect((await commit(token, ["b"])).json.error.code).toBe("0x80040203");
    const note = await client.api("GET", `annotations(${ID})`);
    expect(note.json).toMatchObject({ documentbody: base64(text), subject: "large PDF file", filename: "25mb.pdf" });
  }
  const token = await begin();
  expect((await commit(token, [], { Target: { ...Target, annotationid: ID.replace("1", "2") } })).status).toBe(400);
  const file = { FileName: "a", MimeType: "a/b", BlockList: [], FileContinuationToken: token };
  expect((await client.api("POST", "CommitFileBlocksUpload", file)).json.error.code).toBe("0x80040203");
  expect((await block(token, "a", Buffer.alloc(3_932_161))).json.error.code).toBe("0x80044a02");
});

test("InitializeAnnotationBlocksDownload: name and size, then parts by DownloadBlock", async () => {
  const call = () => client.api("POST", "InitializeAnnotationBlocksDownload", { Target });
  expect((await call()).status).toBe(404);
  await client.api("POST", "annotations", { annotationid: ID, subject: "x" });
  expect((await call()).json.error.code).toBe("0x80040217");
  await client.api("PATCH", `annotations(${ID})`, { documentbody: base64("0123456789"), filename: "a.txt" });
  const { json } = await client.api("POST", "InitializeAnnotationBlocksDownload", {
    Target: { "@odata.type": TYPE, annotationid: ID },
  });
  expect(json).toMatchObject({ FileSizeInBytes: 10, FileName: "a.txt" });
  const { FileContinuationToken } = json;
  const part = await client.api("POST", "DownloadBlock", { Offset: 4, BlockLength: 3, FileContinuationToken });
  expect(Buffer.from(part.json.Data, "base64").toString()).toBe("456");
  await client.control("POST", "privileges", { table: "annotation", privilege: "Read", allowed: false });
  const denied = await client.api("POST", "DownloadBlock", { Offset: 4, BlockLength: 3, FileContinuationToken });
  expect(denied.status).toBe(403);
});
