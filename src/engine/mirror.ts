import type { Session } from "../core/connector.ts";
import { counted } from "../core/counted.ts";
import type { Mirror } from "../core/run.ts";
import type { ColumnType } from "../core/schema.ts";
import type { Duck } from "./duck.ts";
import { type Ingest, ingest } from "./ingest.ts";
import type { Job } from "./job.ts";
import type { Shape } from "./shape.ts";
import type { Asked } from "./sql/look.ts";

/** Below so many rows a table is read in a few requests, and seeing everything is worth them. */
const LARGE = 100_000;
/** Of more than that, reading the whole table takes fewer requests. */
export const SHARE = 0.2;

/** Asked for at once: bounds what is held outside of DuckDB. */
const AT_ONCE = 20_000;

const comparable: readonly ColumnType[] = [
  ...(["text", "integer", "decimal", "money", "boolean", "date", "datetime", "choice", "lookup", "guid"] as const),
];

/** A column of the match that records cannot be asked for by. */
export const notAskedBy = ({ match }: Pick<Shape, "match">) => match.find((c) => !comparable.includes(c.target.type));

const unseen = {
  all: null,
  touched:
    "Changes that others made to records whose rows did not change are not seen, and so are neither put right nor kept.",
  none: "What others changed in linked records is not seen: it is written over where the source changed, whatever `drift` and `conflict` say.",
} as const;

/**
 * How much of the destination is read before this run decides. `current`: what changed since the last run can be had.
 * Wants the view `source_row`.
 */
export async function chooseMirror(
  job: Job,
  duck: Duck,
  shape: Shape,
  session: Session,
  current: boolean,
  signal: AbortSignal,
): Promise<Mirror> {
  const asked = job.syncFile.mirror;
  const use = (mode: Mirror["mode"], why: string): Mirror => ({ mode, why, unseen: unseen[mode] });
  const odd = notAskedBy(shape);
  if (asked === "all") return use("all", "as the sync says");
  if (odd) return use("all", `records cannot be asked for by ${odd.name}`);
  if (asked === "none" && job.kind === "rebuild") return use("touched", "to find every record again");
  if (asked !== "auto") return use(asked, "as the sync says");
  if (current) return use("all", "what has changed since the last run is all there is to read");
  const size = await session.size?.(shape.object, signal);
  if (size === undefined || size < LARGE) return use("all", "the table is small");
  const { linked } = await duck.one<{ linked: number }>("SELECT count(*) AS linked FROM st.link WHERE id IS NOT NULL");
  const rows = linked || (await duck.one<{ n: number }>("SELECT count(*) AS n FROM source_row")).n;
  const share = `${counted(rows, "row is", "rows are")} ${((100 * rows) / size).toPrecision(2)} % of a table of about ${size}`;
  return use(rows < SHARE * size ? "touched" : "all", share);
}

/** How records of the sync's table are read, whichever are asked for. */
export const recordsOf = (
  { object, columns, policies }: Shape,
  session: Session,
  folder: string,
  signal: AbortSignal,
) => ({
  session,
  object,
  columns,
  created: policies.severalMatches !== "reject",
  folder,
  signal,
});

/**
 * Reads the records asked for into the table `into`, beside those it has. A linked one that does not come is gone; of
 * others nothing is said.
 */
export async function look(duck: Duck, table: Omit<Ingest, "into">, into: string, match: string[], asked: Asked) {
  const part = `${into}_part`;
  const take = async (more: Pick<Ingest, "ids" | "match">) => {
    await ingest(duck, { ...table, ...more, into: part });
    await duck.run(`INSERT INTO ${into} SELECT * FROM ${part} ANTI JOIN ${into} USING (id)`);
  };
  await duck.run(`CREATE OR REPLACE TABLE asked AS SELECT row_number() OVER () AS n, id FROM
(SELECT DISTINCT id FROM (${asked.ids.join(" UNION ALL ")}) ANTI JOIN ${into} USING (id) WHERE id IS NOT NULL)`);
  for await (const rows of portions<{ id: string }>(duck, "id")) await take({ ids: rows.map((row) => row.id) });
  await duck.run(
    `INSERT INTO ${into}(id, gone, seq) SELECT id, true, 0 FROM asked ANTI JOIN ${into} USING (id) SEMI JOIN st.link USING (id)`,
  );
  if (asked.values === undefined) return;
  await duck.run(
    `CREATE OR REPLACE TABLE asked AS SELECT row_number() OVER () AS n, to_json(v)::VARCHAR AS v FROM (${asked.values}) v`,
  );
  for await (const rows of portions<{ v: string }>(duck, "v"))
    await take({ match: { columns: match, values: rows.map((row) => Object.values(JSON.parse(row.v))) } });
}

/** The rows of the table `asked` (n, and what is asked for), as many as may be asked for at once. */
export async function* portions<Row>(duck: Duck, column: string): AsyncGenerator<Row[]> {
  for (let from = 0; ; from += AT_ONCE) {
    const rows = await duck.all<Row>(`SELECT ${column} FROM asked WHERE n > ${from} AND n <= ${from + AT_ONCE}`);
    if (rows.length === 0) return;
    yield rows;
  }
}
