import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { accountWithFiles, addColumn, GIF, PIXEL, send } from "./file.test-data.ts";

// image-column-data.md and image-attributes.md.
const client = useSandbox();
const pixel = PIXEL.toString("base64");
const ATTRIBUTES = "EntityDefinitions(LogicalName='account')/Attributes";
const IMAGES = `${ATTRIBUTES}/Microsoft.Dynamics.CRM.ImageAttributeMetadata`;

test("Image in JSON: base64 on create and update, read when selected, gone with null", async () => {
  const created = await client.api("POST", "contacts", { lastname: "Lovelace", entityimage: pixel });
  expect(created.status).toBe(204);
  const contact = `contacts(${idIn(created)})`;
  const read = async () => (await client.api("GET", `${contact}?$select=entityimage`)).json.entityimage;
  expect(await read()).toBe(pixel);
  expect((await client.api("PATCH", contact, { entityimage: GIF.toString("base64") })).status).toBe(204);
  expect(await read()).toBe(GIF.toString("base64"));
  // ColumnSet.AllColumns leaves images out.
  const all = (await client.api("GET", contact)).json;
  expect(all.entityimage).toBeNull();
  expect(all.entityimageid).toMatch(/-/);
  expect((await client.api("PATCH", contact, { entityimage: null })).status).toBe(204);
  expect(await read()).toBeNull();
});

test("Image in JSON: in lists, filters, FetchXML, bulk messages and with return=representation", async () => {
  const target = { "@odata.type": "Microsoft.Dynamics.CRM.contact", lastname: "A", entityimage: pixel };
  const bulk = await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", {
    Targets: [target, { ...target, lastname: "B", entityimage: undefined }],
  });
  expect(bulk.status).toBe(200);
  const list = await client.api("GET", "contacts?$select=lastname,entityimage&$filter=entityimage ne null");
  expect(list.json.value).toMatchObject([{ lastname: "A", entityimage: pixel }]);
  const fetch = "<fetch><entity name='contact'><attribute name='entityimage'/></entity></fetch>";
  const fetched = await client.api("GET", `contacts?fetchXml=${encodeURIComponent(fetch)}`);
  expect(fetched.json.value.map((each: { entityimage?: string }) => each.entityimage)).toContain(pixel);
  const prefer = { Prefer: "return=representation" };
  const shown = await client.api("POST", "contacts?$select=entityimage", { lastname: "C", entityimage: pixel }, prefer);
  expect(shown.json.entityimage).toBe(pixel);
});

test.for([
  [{ entityimage: "no base64!" }, "0x80048d19"],
  [{ entityimage: 5 }, "0x80048d19"],
  [{ entityimage: ["aGVsbG8="] }, "0x80048d19"],
  [{ entityimage: Buffer.from("hello").toString("base64") }, "0x80072553"],
] as const)("Image in JSON: %j is refused and nothing of the row stays", async ([wrong, code]) => {
  const answer = await client.api("POST", "contacts", { lastname: "A", ...wrong });
  expect([answer.status, answer.json.error.code]).toEqual([400, code]);
  expect((await client.api("GET", "contacts/$count")).text).toBe("0");
});

test("Image in JSON: only the primary image can be set on create", async () => {
  const account = await accountWithFiles(client);
  const refused = await client.api("POST", "accounts", { name: "A", sample_imagecolumn: pixel });
  expect([refused.status, refused.json.error]).toEqual([
    400,
    {
      code: "0x80090487",
      message:
        "Non-primary image attribute sample_imagecolumn of entity account is not allowed to upload during Create operation.",
    },
  ]);
  expect((await client.api("PATCH", account, { sample_imagecolumn: pixel })).status).toBe(204);
  const read = await client.api("GET", `${account}?$select=sample_imagecolumn`);
  expect(read.json).toMatchObject({ sample_imagecolumn: pixel });
  const metadata = (await client.api("GET", `${ATTRIBUTES}(LogicalName='sample_imagecolumn')`)).json;
  await client.api("PUT", `${ATTRIBUTES}(LogicalName='sample_imagecolumn')`, { ...metadata, IsPrimaryImage: true });
  const definition = await client.api("GET", "EntityDefinitions(LogicalName='account')?$select=PrimaryImageAttribute");
  expect(definition.json.PrimaryImageAttribute).toBe("sample_imagecolumn");
  expect((await client.api("POST", "accounts", { name: "A", sample_imagecolumn: pixel })).status).toBe(204);
  expect((await client.api("POST", "accounts", { name: "A", entityimage: pixel })).json.error.code).toBe("0x80090487");
});

test("Image companions: an id, a timestamp that grows, and an address with both", async () => {
  const contact = `contacts(${idIn(await client.api("POST", "contacts", { lastname: "A", entityimage: pixel }))})`;
  const select = "entityimageid,entityimage_timestamp,entityimage_url";
  const read = async () => (await client.api("GET", `${contact}?$select=${select}`)).json;
  const before = await read();
  expect(before.entityimage_url).toBe(
    `/Image/download.aspx?Entity=contact&Attribute=entityimage&Id=${before.entityimageid}&Timestamp=${before.entityimage_timestamp}`,
  );
  await client.control("POST", "clock", { advance: "1m" });
  await client.api("PATCH", contact, { entityimage: pixel });
  const after = await read();
  expect(after.entityimage_timestamp).toBeGreaterThan(before.entityimage_timestamp);
  expect(after.entityimageid).not.toBe(before.entityimageid);
  await client.api("PATCH", contact, { entityimage: null });
  expect(await read()).toMatchObject({ entityimageid: null, entityimage_timestamp: null, entityimage_url: null });
  // they are not for clients to write
  await client.api("PATCH", contact, { entityimage_url: "x", entityimageid: before.entityimageid });
  expect((await read()).entityimageid).toBeNull();
});

test("/Image/download.aspx: the thumbnail, with Full=true the whole image, with a token as everywhere", async () => {
  const account = await accountWithFiles(client);
  await client.api("PATCH", account, { sample_imagecolumn: pixel, entityimage: pixel });
  const row = (await client.api("GET", account)).json;
  const headers = { authorization: `Bearer ${client.token}` };
  const get = (path: string, with_: Record<string, string> = headers) => client.raw("GET", path, undefined, with_);
  const thumbnail = await get(row.sample_imagecolumn_url);
  expect([thumbnail.status, thumbnail.headers.mimetype]).toEqual([200, "image/png"]);
  expect((await get(`${row.sample_imagecolumn_url}&Full=true`)).status).toBe(200);
  expect((await get(`${row.entityimage_url}&Full=true`)).status).toBe(204);
  expect((await get(row.sample_imagecolumn_url, {})).status).toBe(401);
  for (const wrong of [
    row.sample_imagecolumn_url.replace("account", "contact"),
    row.sample_imagecolumn_url.replace(/Id=\w/, "Id=x"),
    "/Image/download.aspx?%",
    "/Image/download.aspx",
  ]) {
    expect((await get(wrong)).status).toBe(404);
  }
});

test("PATCH file: images go the same way as files, PUT and DELETE included", async () => {
  const account = await accountWithFiles(client);
  const path = `${account}/sample_imagecolumn`;
  expect((await send(client, path, PIXEL, { "x-ms-file-name": "pixel.png" })).status).toBe(204);
  const shown = await client.api("GET", path);
  expect(shown.json.value).toBe(pixel);
  expect(shown.headers).toMatchObject({ "x-ms-file-name": "pixel.png", mimetype: "image/png" });
  expect((await client.api("PUT", path, { value: null })).status).toBe(204);
  expect((await client.api("GET", `${path}/$value`)).status).toBe(204);
  expect((await client.api("PUT", path, { value: pixel })).status).toBe(204);
  expect((await client.api("DELETE", path)).status).toBe(204);
  const row = await client.api("GET", `${account}?$select=sample_imagecolumn,sample_imagecolumnid`);
  expect(row.json).toMatchObject({ sample_imagecolumn: null, sample_imagecolumnid: null });
  const text = await send(client, path, "no image");
  expect(text.json.error).toMatchObject({ code: "0x80072553" });
  expect(text.json.error.message).toMatch(/objectid: [0-9a-f-]{36}, logicalName: account, attribute: sample_imagecol/);
});

test("size=full: 204 where the column keeps thumbnails only", async () => {
  const account = await accountWithFiles(client);
  await addColumn(client, "Image", "sample_Small", { CanStoreFullImage: false });
  await client.api("PATCH", account, { sample_imagecolumn: pixel, sample_small: pixel });
  const get = (column: string) => client.api("GET", `${account}/${column}/$value?size=full`);
  expect((await get("sample_imagecolumn")).headers["x-ms-file-size"]).toBe(String(PIXEL.length));
  expect((await get("sample_small")).status).toBe(204);
  expect((await client.api("GET", `${account}/sample_small/$value`)).headers.mimetype).toBe("image/png");
  const target = { "@odata.type": "Microsoft.Dynamics.CRM.account", accountid: account.slice(9, -1) };
  const body = { Target: target, FileAttributeName: "sample_small" };
  const messages = await client.api("POST", "InitializeFileBlocksDownload", body);
  expect([messages.status, messages.json.error.code]).toEqual([404, "0x80040217"]);
  expect(messages.json.error.message).toMatch(
    /^No FileAttachment records found for imagedescriptorId: [0-9a-f-]{36} for image attribute: sample_small of account record with id/,
  );
});

test("MaxSizeInKB: of an image", async () => {
  const account = await accountWithFiles(client, {}, { MaxSizeInKB: 1 });
  const large = Buffer.concat([PIXEL, Buffer.alloc(1024)]).toString("base64");
  const refused = await client.api("PATCH", account, { sample_imagecolumn: large });
  expect(refused.json.error).toEqual({
    code: "0x80072553",
    message:
      "Error occured when processing image. Reason: File size is too big. MaxSize: 0 MB, Uploaded filesize: 0 MB.",
  });
});

test("image columns in metadata: created, read by their type, changed and dropped", async () => {
  await addColumn(client, "Image", "sample_ImageColumn", { MaxSizeInKB: 30_720, CanStoreFullImage: true });
  const own = `${IMAGES}?$select=SchemaName,CanStoreFullImage,MaxSizeInKB,IsPrimaryImage`;
  expect((await client.api("GET", own)).json.value).toMatchObject([
    { SchemaName: "EntityImage", CanStoreFullImage: false, MaxSizeInKB: 10_240, IsPrimaryImage: true },
    { SchemaName: "sample_ImageColumn", CanStoreFullImage: true, MaxSizeInKB: 30_720, IsPrimaryImage: false },
  ]);
  const path = `${ATTRIBUTES}(LogicalName='sample_imagecolumn')`;
  const { json } = await client.api("GET", path);
  expect(json).toMatchObject({ MaxHeight: 144, MaxWidth: 144, AttributeTypeName: { Value: "ImageType" } });
  const changed = await client.api("PUT", path, { ...json, MaxSizeInKB: 5, CanStoreFullImage: false });
  expect(changed.status, changed.text).toBe(204);
  expect((await client.api("GET", path)).json).toMatchObject({ MaxSizeInKB: 5, CanStoreFullImage: false });
  expect((await client.api("PUT", path, { ...json, IsPrimaryImage: true })).status).toBe(204);
  expect((await client.api("PUT", path, { ...json, IsPrimaryImage: false })).status).toBe(400);
  expect((await client.api("DELETE", path)).status).toBe(204);
  const definition = await client.api("GET", "EntityDefinitions(LogicalName='account')?$select=PrimaryImageAttribute");
  expect(definition.json.PrimaryImageAttribute).toBe("entityimage");
  expect((await client.api("GET", "accounts?$select=sample_imagecolumn_url")).status).toBe(400);
});

test.for([
  ["Image", 30_721],
  ["Image", 0],
  ["File", 10_485_761],
  ["File", "10"],
] as const)("%s columns of %s KB are refused", async ([type, MaxSizeInKB]) => {
  expect((await addColumn(client, type, "sample_Column", { MaxSizeInKB })).status).toBe(400);
});

test("file columns in metadata: 32 MB unless said otherwise, with the name's column beside", async () => {
  await addColumn(client, "File", "sample_FileColumn");
  const cast = "Microsoft.Dynamics.CRM.FileAttributeMetadata";
  const path = `${ATTRIBUTES}(LogicalName='sample_filecolumn')/${cast}?$select=MaxSizeInKB`;
  expect((await client.api("GET", path)).json).toMatchObject({ MaxSizeInKB: 32_768 });
  const name = await client.api("GET", `${ATTRIBUTES}(LogicalName='sample_filecolumn_name')`);
  expect(name.json).toMatchObject({
    SchemaName: "sample_FileColumn_Name",
    IsValidForCreate: false,
    IsValidForUpdate: false,
    AttributeOf: "sample_filecolumn",
  });
  const csdl = (await client.api("GET", "$metadata")).text;
  expect(csdl).toContain('<Property Name="sample_filecolumn" Type="Edm.Guid"/>');
  expect(csdl).toContain('<Property Name="entityimage" Type="Edm.Binary"/>');
  expect(csdl).toContain('Name="account_FileAttachments" Type="Collection(mscrm.fileattachment)"');
});

test("attributeimageconfigs: the image columns and what they keep, as their definitions change", async () => {
  const list = async () => {
    const path =
      "attributeimageconfigs?$select=parententitylogicalname,attributelogicalname&$filter=canstorefullimage eq true";
    const { json } = await client.api("GET", path);
    return json.value.map((each: Record<string, string>) => [each.parententitylogicalname, each.attributelogicalname]);
  };
  expect(await list()).toEqual([]);
  await addColumn(client, "Image", "sample_SampleImage", { CanStoreFullImage: true });
  expect(await list()).toEqual([["account", "sample_sampleimage"]]);
  const path = `${ATTRIBUTES}(LogicalName='sample_sampleimage')`;
  const { json } = await client.api("GET", path);
  await client.api("PUT", path, { ...json, CanStoreFullImage: false });
  expect(await list()).toEqual([]);
  expect((await client.api("GET", "attributeimageconfigs/$count")).text).toBe("7");
  await client.api("DELETE", path);
  expect((await client.api("GET", "attributeimageconfigs/$count")).text).toBe("6");
});

test("entityimageconfigs: the primary image of each table", async () => {
  const account = async () => {
    const { json } = await client.api("GET", "entityimageconfigs?$filter=parententitylogicalname eq 'account'");
    return json.value.map((each: Record<string, string>) => each.primaryimageattribute);
  };
  expect(await account()).toEqual(["entityimage"]);
  await addColumn(client, "Image", "sample_SampleImage");
  const path = `${ATTRIBUTES}(LogicalName='sample_sampleimage')`;
  const { json } = await client.api("GET", path);
  await client.api("PUT", path, { ...json, IsPrimaryImage: true });
  expect(await account()).toEqual(["sample_sampleimage"]);
  await client.api("DELETE", path);
  expect(await account()).toEqual(["entityimage"]);
});
