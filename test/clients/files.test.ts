import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { useDynamicsWebApi } from "./dynamics-web-api.ts";

// The client's file calls (dynamics-web-api, README "Work with File Fields"; file-column-data.md).

const client = useDynamicsWebApi();

async function accountWithFile(): Promise<string> {
  await client.api.createAttribute({
    entityKey: "LogicalName='account'",
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.FileAttributeMetadata",
      SchemaName: "new_FileColumn",
      MaxSizeInKB: 30_720,
      DisplayName: { LocalizedLabels: [{ Label: "File", LanguageCode: 1033 }] },
    } as never,
  });
  const account = await client.api.create<Record<string, string>>({
    collection: "accounts",
    data: { name: "Contoso" },
    returnRepresentation: true,
  });
  return account.accountid!;
}

test.each([1, 1_000, 5_000_000, 9_000_000])("a file of %i bytes is uploaded, downloaded and deleted", async (size) => {
  const key = await accountWithFile();
  const file = randomBytes(size);
  const place = { collection: "accounts", key };
  await client.api.uploadFile({ ...place, fieldName: "new_filecolumn", fileName: "25mb.pdf", data: file });
  const got = await client.api.downloadFile({ ...place, property: "new_filecolumn" });
  expect([got.fileName, got.fileSize]).toEqual(["25mb.pdf", size]);
  expect(Buffer.from(got.data).equals(file)).toBe(true);
  const row = await client.api.retrieve({ ...place, select: ["new_filecolumn", "new_filecolumn_name"] });
  expect(row.new_filecolumn_name).toBe("25mb.pdf");
  await client.api.deleteRecord({ ...place, property: "new_filecolumn" });
  const after = await client.api.retrieve({ ...place, select: ["new_filecolumn", "new_filecolumn_name"] });
  expect(after).toMatchObject({ new_filecolumn: null, new_filecolumn_name: null });
});

test("a file by messages: begun, sent in blocks, committed, read back", async () => {
  const key = await accountWithFile();
  const Target = { "@odata.type": "Microsoft.Dynamics.CRM.account", accountid: key };
  const call = <T>(actionName: string, action: object) => client.api.callAction<T>({ actionName, action });
  const begun = await call<{ FileContinuationToken: string }>("InitializeFileBlocksUpload", {
    Target,
    FileName: "a.txt",
    FileAttributeName: "new_filecolumn",
  });
  const { FileContinuationToken } = begun;
  const BlockData = Buffer.from("hello").toString("base64");
  await call("UploadBlock", { BlockId: "YQ==", BlockData, FileContinuationToken });
  const stored = await call<{ FileSizeInBytes: number }>("CommitFileBlocksUpload", {
    FileName: "a.txt",
    MimeType: "text/plain",
    BlockList: ["YQ=="],
    FileContinuationToken,
  });
  expect(stored.FileSizeInBytes).toBe(5);
  const got = await client.api.downloadFile({ collection: "accounts", key, property: "new_filecolumn" });
  expect(Buffer.from(got.data).toString()).toBe("hello");
});
