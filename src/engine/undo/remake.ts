import { parquetRows, text } from "../duck.ts";
import { imageColumns } from "../images.ts";
import type { Layout } from "../layout.ts";
import type { Mirrored } from "../pages.ts";
import type { Shape } from "../shape.ts";
import { atOnce, inGroups, list, maskType, stored, storedName } from "../sql/names.ts";
import { statesOf, waveMasks } from "../sql/states.ts";
import type { Made } from "../waves.ts";
import { remembered } from "./pointed.ts";
import { ownTable } from "./shape.ts";
import type { RunFolder } from "./wrote.ts";

// Records that a run deleted are made anew of what was read of them before (`images`: the columns of deleted.parquet): all at
// once, and what they held of one another when all are there.

/** SQL that writes a change file. */
export const copy = (select: string, to: string): string =>
  `COPY (${select}) TO ${text(to)} (FORMAT parquet, COMPRESSION snappy, ${inGroups}, ${atOnce})`;

/** Columns of the images that may point at another of the records, each with SQL of its id there. */
function pointers({ object }: Shape, images: string[]): { column: Mirrored; name: string; id: string }[] {
  return imageColumns(object).flatMap((column) => {
    const name = storedName(column);
    const id = images.includes(`c_${name}`) ? ownTable(object, column, `i."c_${name}"`) : undefined;
    return id === undefined ? [] : [{ column, name, id }];
  });
}

/** Those that the change files do not tell of anyway. */
const besides = (shape: Shape, images: string[]) =>
  pointers(shape, images).filter(({ name }) => !shape.columns.some((c) => c.awaits && storedName(c) === name));

/** The statements that write these changes: over those of `writeChanges`, which knows the mapped columns alone. */
export function remade(shape: Shape, run: RunFolder, at: Layout, images: string[]): string[] {
  const made = `FROM decided d JOIN ${remembered(shape, run, images)} i ON i.id = d.id WHERE d.action = 'create'`;
  const one = ({ id }: { id: string }) => `coalesce(${id} IN (SELECT d.id ${made}), false)`;
  const waits = new Map(pointers(shape, images).map((each) => [`c_${each.name}`, one(each)]));
  const held = images.flatMap((name) => {
    if (name === "id") return [];
    const value = waits.has(name) ? `CASE WHEN NOT ${waits.get(name)} THEN i."${name}" END` : `i."${name}"`;
    return [`${value} AS "d_${name.slice(2)}"`];
  });
  const values = shape.columns.map((c) => `x_${c.index} AS ${stored(c)}`);
  const mask = `${waveMasks(shape).main} AS m`;
  const head = ["d.key", "d.id", "'create' AS kind", mask, `0::${maskType} AS a`, "d.sm", "d.dm", "d.match_value"];
  const statements = [copy(`SELECT ${list([...head, ...values, ...held])} ${made}`, at.change("1-create"))];
  const others = besides(shape, images);
  if (others.length > 0) {
    const each = others.map((o) => `CASE WHEN ${one(o)} THEN i."c_${o.name}" END AS "d_${o.name}"`);
    const rows = `SELECT ${list(["d.key", "d.id", ...each])} ${made} AND (${others.map(one).join(" OR ")})`;
    const said = ["coalesce(c.key, o.key) AS key", "coalesce(c.id, o.id) AS id", "'later' AS kind"];
    const masks = ["m", "a", "sm", "dm"].map((m) => `coalesce(c.${m}, 0)::${maskType} AS ${m}`);
    const path = at.change("3-complete");
    const columns = [...said, ...masks].join(", ");
    statements.push(
      `CREATE OR REPLACE TABLE completed AS SELECT c.* REPLACE (${columns}), o.* EXCLUDE (key, id)
FROM ${parquetRows(path)} c FULL JOIN (${rows}) o ON o.key = c.key`,
      copy("FROM completed", path),
    );
  }
  if (images.includes("c_statecode") && !statesOf(shape).state)
    statements.push(
      copy(
        `SELECT key, id, 'deactivate' AS kind, 1::UBIGINT AS m, '1' AS c_statecode, reason AS c_statuscode FROM decided WHERE action = 'leave'
UNION ALL SELECT d.key, d.id, 'deactivate', 1, '1', ${images.includes("c_statuscode") ? "i.c_statuscode" : "NULL"} ${made} AND i.c_statecode <> '0'`,
        at.change("3-deactivate"),
      ),
    );
  return statements;
}

/** What a record made anew is made of: all that was read of it before it was deleted, and that Dynamics takes. */
export function madeColumns(shape: Shape, images: string[]): Made | undefined {
  if (images.length === 0) return undefined;
  const active = images.includes("c_statecode") ? ` AND "d_statecode" = '0'` : "";
  const one = (c: Mirrored) => {
    const targets = (c.target.targets ?? []).map((t) => t.object);
    const given = `"d_${storedName(c)}" IS NOT NULL`;
    return {
      wire: { name: c.name, ...(c.target.type === "lookup" && { targets }) },
      present: c.target.type === "status" ? given + active : given,
      value: `"d_${storedName(c)}"`,
    };
  };
  const first = imageColumns(shape.object).filter(
    (c) => c.target.create && c.target.type !== "state" && images.includes(`c_${storedName(c)}`),
  );
  return { first: first.map(one), last: besides(shape, images).map(({ column }) => one(column)) };
}
