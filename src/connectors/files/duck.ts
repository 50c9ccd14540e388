import type { DuckDBConnection } from "@duckdb/node-api";

/** A small DuckDB of the connector's own: it looks at files, the rows themselves are read by the engine's. */
export type Duck = { rows<T>(sql: string): Promise<T[]>; close(): void };

export async function openDuck(): Promise<Duck> {
  // Loaded when a file is looked at: to read a project's configuration takes no DuckDB.
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: "512MB",
    preserve_insertion_order: "false",
  });
  const connection: DuckDBConnection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    async rows<T>(sql: string) {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJson() as T[];
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What DuckDB says first, without the class of error and without the options it was called with. */
export function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return (text.split("\n")[0] ?? "").replace(/^[A-Z][A-Za-z ]* Error: /, "").trim();
}
