import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files of a project by their path in it; null leaves one of the standard files out. */
export type Files = Record<string, string | Uint8Array | null>;

/** Two syncs from CSV files to Dataverse tables, one of which points at the other. */
export const standardFiles: Record<string, string> = {
  "sluice.yaml": "name: Test\n",
  "connections/data.yaml": "type: files\nfolder: data\n",
  "connections/crm.yaml": [
    "type: dataverse",
    "url: ${BASE_URL}",
    "tenant: ${TENANT_ID}",
    "clientId: ${CLIENT_ID}",
    "clientSecret: ${CLIENT_SECRET}",
    "tokenUrl: ${TOKEN_URL}",
    "",
  ].join("\n"),
  "models/people.yaml": "connection: data\ntable: people\nkey: id\n",
  "models/firms.yaml": "connection: data\ntable: firms\nkey: no\n",
  "syncs/people.yaml": [
    "model: people",
    "to: crm",
    "object: contact",
    "match: externaluseridentifier",
    "mapping:",
    "  externaluseridentifier: id",
    "  lastname: name",
    "  emailaddress1: email",
    "  parentcustomerid: { from: firm, lookup: { object: account, by: accountnumber } }",
    "",
  ].join("\n"),
  "syncs/firms.yaml": [
    "model: firms",
    "to: crm",
    "object: account",
    "match: accountnumber",
    "mapping:",
    "  accountnumber: no",
    "  name: title",
    "",
  ].join("\n"),
  "data/people.csv":
    "id,name,email,firm,born\n1,Ana,ana@example.com,F1,1990-05-17\n2,Ben,ben@example.com,F1,1985-11-02\n",
  "data/firms.csv": "no,title\nF1,First\n",
};

/** Variables that fit the standard files and reach nobody. */
export const deadVariables = {
  BASE_URL: "http://127.0.0.1:1",
  TENANT_ID: "tenant",
  CLIENT_ID: "client",
  CLIENT_SECRET: "very-secret",
  TOKEN_URL: "http://127.0.0.1:1/token",
};

/** The standard project in a new temporary folder (or in `folder`), with some files changed. `remove` deletes it. */
export function makeProject(
  changes: Files = {},
  folder = mkdtempSync(join(tmpdir(), "sluice-test-")),
): { folder: string; remove(): void } {
  for (const [file, text] of Object.entries({ ...standardFiles, ...changes })) {
    if (text === null) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
