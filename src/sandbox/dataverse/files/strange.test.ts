import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answer, useSandbox } from "../../raw-client.test-data.ts";
import { accountWithFiles, PIXEL, send } from "./file.test-data.ts";

// Whatever is sent: an answer in the envelope (dataverse.md section 14), and never a fault of the server.
const client = useSandbox();

function check(answer: Answer, what: unknown): void {
  const known = answer.status < 500 || answer.json?.error.code === "SandboxNotImplemented";
  expect(known, `${answer.status} ${answer.text.slice(0, 300)} to ${JSON.stringify(what)}`).toBe(true);
  if (answer.status >= 400) expect(answer.json?.error.message, JSON.stringify(what)).toBeTypeOf("string");
}

const column = fc.constantFrom(
  "sample_filecolumn",
  "sample_imagecolumn",
  "sample_filecolumn_name",
  "entityimage",
  "entityimage_url",
  "name",
  "nothing",
);
const header = fc.record(
  {
    "content-type": fc.constantFrom("application/octet-stream", "application/json", "image/png", "x", "a/b; charset=x"),
    "x-ms-file-name": fc.constantFrom("a.txt", "a", ".", 'a"\\b', "é.txt", "x".repeat(300)),
    "x-ms-transfer-mode": fc.constantFrom("chunked", "CHUNKED", "x"),
    "content-range": fc.constantFrom("bytes 0-1/2", "bytes 0-0/1", "bytes 1-0/9", "bytes 0-9007199254740993/1e9", "x"),
    range: fc.constantFrom("bytes=0-1", "bytes=-1", "bytes=999999999999999-", "bytes=9-1", "bytes=", "x"),
    "if-match": fc.constantFrom("*", 'W/"1"', "x"),
    prefer: fc.constantFrom("return=representation", 'odata.include-annotations="*"'),
  },
  { requiredKeys: [] },
);
const query = fc.constantFrom(
  "",
  "?size=full",
  "?size=",
  "?sessiontoken=x",
  "?x-ms-file-name=",
  "?x-ms-file-name=%00",
  "?%",
);
const body = fc.constantFrom(
  "",
  "ab",
  '{"value":null}',
  '{"value":"AAAA"}',
  '{"value":{}}',
  "null",
  "[",
  PIXEL.toString("latin1"),
);

test("any request to a file or image column", async () => {
  const account = await accountWithFiles(client);
  const request = fc.record({
    method: fc.constantFrom("GET", "PATCH", "PUT", "DELETE", "POST", "HEAD"),
    path: fc.tuple(column, fc.constantFrom("", "/$value", "/$ref", "/x"), query).map((parts) => parts.join("")),
    header,
    body,
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, header, body }) => {
      const sent = method === "GET" || method === "HEAD" ? undefined : Buffer.from(body, "latin1");
      const answer = await client.api(method, `${account}/${path}`, sent, header);
      if (method !== "HEAD") check(answer, { method, path, header, body });
    }),
    { numRuns: 600, seed: 1 },
  );
});

test("any parameters of the messages", async () => {
  const account = await accountWithFiles(client);
  await send(client, `${account}/sample_filecolumn`, "hello");
  const Target = { "@odata.type": "Microsoft.Dynamics.CRM.account", accountid: account.slice(9, -1) };
  const note = { "@odata.type": "Microsoft.Dynamics.CRM.annotation", annotationid: account.slice(9, -1) };
  const begin = (message: string, body: object) =>
    client.api("POST", message, body).then(({ json }) => json.FileContinuationToken as string);
  const file = { Target, FileName: "a", FileAttributeName: "sample_filecolumn" };
  const tokens = [
    await begin("InitializeFileBlocksUpload", file),
    await begin("InitializeFileBlocksUpload", { ...file, FileAttributeName: "sample_imagecolumn" }),
    await begin("InitializeAnnotationBlocksUpload", { Target: note }),
    await begin("InitializeFileBlocksDownload", { Target, FileAttributeName: "sample_filecolumn" }),
  ];
  const value = fc.oneof(
    fc.constantFrom(...tokens, Target, note, "YQ==", "sample_filecolumn", "sample_imagecolumn", "name", "__proto__"),
    fc.constantFrom(["YQ=="], ["YQ==", "YQ=="], [], [null], [{}], {}, { "@odata.type": "x" }, null, 0, -1, 1e300, true),
    fc.jsonValue({ maxDepth: 1 }),
  );
  const names = [
    ...["Target", "FileName", "FileAttributeName", "BlockId", "BlockData", "FileContinuationToken", "MimeType"],
    ...["BlockList", "Offset", "BlockLength", "FileId"],
  ];
  const takes: Record<string, string[]> = {
    InitializeFileBlocksUpload: ["Target", "FileName", "FileAttributeName"],
    UploadBlock: ["BlockId", "BlockData", "FileContinuationToken"],
    CommitFileBlocksUpload: ["FileName", "MimeType", "BlockList", "FileContinuationToken"],
    InitializeFileBlocksDownload: ["Target", "FileAttributeName"],
    DownloadBlock: ["Offset", "BlockLength", "FileContinuationToken"],
    DeleteFile: ["FileId"],
    InitializeAnnotationBlocksUpload: ["Target"],
    CommitAnnotationBlocksUpload: ["Target", "BlockList", "FileContinuationToken"],
    InitializeAnnotationBlocksDownload: ["Target"],
  };
  const likely: Record<string, unknown[]> = {
    Target: [Target, note],
    FileAttributeName: ["sample_filecolumn", "sample_imagecolumn"],
    FileContinuationToken: tokens,
    BlockId: ["YQ=="],
    BlockData: ["YQ==", PIXEL.toString("base64")],
    BlockList: [["YQ=="]],
  };
  const parameter = (name: string) =>
    name in likely ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...likely[name]!) }, value) : value;
  const call = fc.constantFrom(...Object.keys(takes)).chain((message) =>
    fc.record({
      message: fc.constant(message),
      body: fc.record(Object.fromEntries(takes[message]!.map((name) => [name, parameter(name)]))),
      more: fc.option(fc.constantFrom(...names)),
    }),
  );
  await fc.assert(
    fc.asyncProperty(call, async ({ message, body, more }) => {
      const sent = more === null ? body : { ...body, [more]: 1 };
      check(await client.api("POST", message, sent), { message, sent });
    }),
    { numRuns: 800, seed: 2 },
  );
});

test("any value of an image or file in the body of a row", async () => {
  const account = await accountWithFiles(client);
  const name = fc.constantFrom("entityimage", "sample_imagecolumn", "sample_filecolumn", "entityimage_timestamp");
  const value = fc.oneof(fc.base64String(), fc.constantFrom("=", "A", "AAAA\n", "/9j/", "Qk0="), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(name, value, fc.boolean(), async (column, value, create) => {
      const row = { [column]: value };
      const answer = await (create ? client.api("POST", "accounts", row) : client.api("PATCH", account, row));
      check(answer, row);
    }),
    { numRuns: 300, seed: 3 },
  );
});
