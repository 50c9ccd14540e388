import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io, Scan, ScanQuery, Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { FilesConfig } from "./config.ts";
import { csvError, csvRelation, maybeMixedLineEnds } from "./csv.ts";
import { type Duck, ident, openDuck } from "./duck.ts";
import { objectOf } from "./object.ts";
import { scanStatement } from "./scan.ts";
import { structuredRelation } from "./structured.ts";
import { findTable, type Table, tableNames } from "./tables.ts";
import { type Loaded, respelledSql, type TypedColumn, typeColumns, typedSql } from "./typing.ts";

/**
 * A look at a folder of files. Each table is looked at once in a session; copies of files that DuckDB cannot read in
 * place lie in `io.scratch` until `close`.
 */
export function openSession(config: FilesConfig, io: Io): Session {
  let duck: Promise<Duck> | undefined;
  let folder: string | undefined;
  const loaded = new Map<string, Promise<Loaded>>();
  const open = () => {
    duck ??= openDuck();
    return duck;
  };
  const scratch = () => {
    folder ??= mkdtempSync(join(io.scratch ?? tmpdir(), "sluice-files-"));
    return folder;
  };
  const load = (name: string) => {
    const table = findTable(config, io.base, name);
    let found = loaded.get(table.name);
    if (!found) {
      found = open().then((d) => loadTable(d, table, scratch));
      loaded.set(table.name, found);
    }
    return found;
  };
  return {
    objects: async () => tableNames(config, io.base).map((name) => ({ name, title: name })),
    describe: async (name) => {
      return objectOf(await load(name));
    },
    scan: async (query: ScanQuery): Promise<Scan> =>
      "table" in query
        ? scanTable(await load(query.table))
        : scanStatement(await open(), query.sql, tableNames(config, io.base), load),
    close: async () => {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      if (duck) (await duck).close();
    },
  };
}

async function loadTable(duck: Duck, table: Table, scratch: () => string): Promise<Loaded> {
  if (table.format !== "csv") {
    const relation = await structuredRelation(table, duck);
    return { table, relation, columns: await typeColumns(duck, table, relation) };
  }
  const first = await csvRelation(table, scratch, false);
  try {
    return { table, relation: first, columns: await typeColumns(duck, table, first) };
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    if (!maybeMixedLineEnds(thrown)) throw csvError(thrown, first) ?? thrown;
  }
  const copied = await csvRelation(table, scratch, true);
  try {
    return { table, relation: copied, columns: await typeColumns(duck, table, copied) };
  } catch (thrown) {
    throw csvError(thrown, copied) ?? thrown;
  }
}

/**
 * A table as a model: rows hold what stands in the file, so that no value depends on what other rows hold, and one that does not
 * fit a declared type is rejected by name.
 */
function scanTable({ relation, columns }: Loaded): Scan {
  const kept = <T>(of: (c: TypedColumn) => T | undefined) =>
    Object.fromEntries(columns.flatMap((c) => (of(c) === undefined ? [] : [[c.name, of(c) as T]])));
  return {
    views: [],
    select: `SELECT ${columns.map((c) => ident(c.name)).join(", ")} FROM ${relation.from}`,
    columns: columns.map(({ name, read }) => ({ name, type: read })),
    paths: relation.paths,
    dates: kept((c) => c.dates),
    typed: kept(typedSql),
    respelled: kept(respelledSql),
    ambiguous: kept((c) => c.ambiguous),
  };
}
