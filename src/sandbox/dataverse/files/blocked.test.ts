import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { accountWithFiles, send } from "./file.test-data.ts";

// file-attributes.md, "Blocked file types" and "Block or allow certain MIME types".
const client = useSandbox();

async function organization(): Promise<{ path: string; blocked: string }> {
  const { value } = (await client.api("GET", "organizations?$select=blockedattachments")).json;
  return { path: `organizations(${value[0].organizationid})`, blocked: value[0].blockedattachments };
}

test("blockedattachments: extensions that are refused, of files and of notes", async () => {
  const path = `${await accountWithFiles(client)}/sample_filecolumn`;
  const upload = (name: string) => send(client, path, "MZ", { "x-ms-file-name": name });
  const { path: row, blocked } = await organization();
  expect(blocked).toMatch(/^ade;adp;.*;wsh;svg$/);
  const refused = await upload("setup.EXE");
  expect([refused.status, refused.json.error]).toEqual([
    400,
    {
      code: "0x80043e09",
      message: "The attachment is either not a valid type or is too large. It cannot be uploaded or downloaded.",
    },
  ]);
  const note = { subject: "x", filename: "a.js", documentbody: "YQ==" };
  expect((await client.api("POST", "annotations", note)).json.error.code).toBe("0x80043e09");
  expect((await upload("exe")).status).toBe(204);
  expect((await client.api("PATCH", row, { blockedattachments: "txt" })).status).toBe(204);
  expect((await upload("setup.exe")).status).toBe(204);
  expect((await upload("a.txt")).status).toBe(400);
});

test("blockedmimetypes: types that are refused", async () => {
  const path = `${await accountWithFiles(client)}/sample_filecolumn`;
  await client.api("PATCH", (await organization()).path, { blockedmimetypes: "image/svg+xml;text/plain" });
  const refused = await send(client, path, "a");
  expect(refused.json.error).toEqual({
    code: "0x80072522",
    message: "Operation not allowed as mime type text/plain is blocked.",
  });
  expect((await send(client, path, "a", { "x-ms-file-name": "a.pdf" })).status).toBe(204);
});

test("allowedmimetypes: the only types that are taken, whatever is blocked", async () => {
  const path = `${await accountWithFiles(client)}/sample_filecolumn`;
  const settings = { allowedmimetypes: "text/plain", blockedmimetypes: "text/plain" };
  await client.api("PATCH", (await organization()).path, settings);
  expect((await send(client, path, "a")).status).toBe(204);
  expect((await send(client, path, "a", { "x-ms-file-name": "a.pdf" })).json.error).toEqual({
    code: "0x80072521",
    message: "Operation not allowed as mime type application/pdf is not in the allow list.",
  });
});
