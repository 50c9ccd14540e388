import { type Answer, addPublisher, idIn, type RawClient } from "../../raw-client.test-data.ts";

const CRM = "Microsoft.Dynamics.CRM";
const ACCOUNT = "EntityDefinitions(LogicalName='account')";

/** A row of account with the columns of Microsoft's examples: `sample_filecolumn` and `sample_imagecolumn`. */
export async function accountWithFiles(
  client: RawClient,
  file: Record<string, unknown> = {},
  image: Record<string, unknown> = {},
): Promise<string> {
  await addColumn(client, "File", "sample_FileColumn", file);
  await addColumn(client, "Image", "sample_ImageColumn", { CanStoreFullImage: true, ...image });
  return `accounts(${idIn(await client.api("POST", "accounts", { name: "Contoso Ltd." }))})`;
}

export async function addColumn(
  client: RawClient,
  type: "File" | "Image",
  name: string,
  facts: Record<string, unknown> = {},
): Promise<Answer> {
  await addPublisher(client, "sample");
  const body = { "@odata.type": `${CRM}.${type}AttributeMetadata`, SchemaName: name, ...facts };
  return client.api("POST", `${ACCOUNT}/Attributes`, body);
}

/** Sends bytes to a file or image column. */
export function send(
  client: RawClient,
  path: string,
  bytes: Buffer | string,
  headers: Record<string, string> = {},
  method = "PATCH",
): Promise<Answer> {
  return client.api(method, path, Buffer.from(bytes), {
    "content-type": "application/octet-stream",
    "x-ms-file-name": "4094kb.txt",
    ...headers,
  });
}

/** A PNG of one pixel. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const GIF = Buffer.from("R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=", "base64");
