import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Scan, ScanQuery, Session } from "../../core/connector.ts";
import { files } from "./index.ts";

/** A folder with files and a session on it, as a test needs them; `rows` reads a scan as the engine does. */
export type TestFolder = {
  path: string;
  session: Session;
  scan(query: ScanQuery): Promise<Scan>;
  rows(query: ScanQuery): Promise<unknown[][]>;
  close(): Promise<void>;
};

export function testFolder(contents: Record<string, string | Uint8Array>, tables: object = {}): TestFolder {
  const base = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const path = join(base, "data");
  mkdirSync(path);
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  const session = files.open(files.config.parse({ folder: "data", tables }), { base });
  const scan = (query: ScanQuery) => session.scan?.(query) as Promise<Scan>;
  return {
    path,
    session,
    scan,
    rows: async (query) => readLocked(await scan(query)),
    close: async () => {
      await session.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Reads a scan in a DuckDB that may open nothing but the scan's paths. */
export async function readLocked(scan: Scan, sql = (select: string) => select): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:", { preserve_insertion_order: "true" });
  const connection = await instance.connect();
  try {
    await connection.run(`SET allowed_paths=[${scan.paths.map((p) => `'${p.replaceAll("'", "''")}'`).join(",")}]`);
    await connection.run("SET enable_external_access=false");
    await connection.run("SET lock_configuration=true");
    for (const view of scan.views) {
      await connection.run(`CREATE VIEW "${view.name.replaceAll('"', '""')}" AS ${view.sql}`);
    }
    return (await connection.runAndReadAll(sql(scan.select))).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
