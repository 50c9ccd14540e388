import type { Logic, Membership, Trigger } from "../core/connector.ts";
import type { ExpectedLogic } from "../core/logic.ts";
import type { ObjectSchema } from "../core/schema.ts";
import type { WaveFile } from "./batches.ts";
import { type Duck, parquetRows } from "./duck.ts";
import { wavesOf } from "./layout.ts";
import type { Planned } from "./plan.ts";
import { rowsIn } from "./send.ts";
import { madeRefs } from "./sql/made.ts";
import { waveFile } from "./waves.ts";

type File = Pick<WaveFile, "path" | "op" | "into" | "rows" | "columns">;

/** What the destination would do by itself while a plan is sent, counted in rows; nothing where it cannot tell. */
export async function forecastLogic(planned: Planned, signal: AbortSignal): Promise<ExpectedLogic> {
  const { duck, at, shape, session } = planned;
  const memberships = shape.memberships.map(({ into }) => into);
  const parents = madeRefs(shape).map(async ({ ref }, k) => {
    const path = at.parents(k);
    return {
      object: ref.object,
      files: [{ path, op: "create" as const, rows: await rowsIn(duck, path), columns: [] }],
    };
  });
  const own = Promise.all(wavesOf(shape).map((wave) => waveFile(planned, wave)));
  const written: { object: ObjectSchema; files: File[] }[] = [
    ...(await Promise.all(parents)),
    { object: shape.object, files: await own },
  ];
  const expected: ExpectedLogic = { runs: [], audit: [], unknown: [] };
  for (const { object, files } of written) {
    const filled = files.filter(({ rows }) => rows > 0);
    const logic = filled.length > 0 ? await session.logic?.(object, memberships, signal) : undefined;
    if (logic === undefined) continue;
    const { runs, audit } = await counted(duck, object.name, logic, filled);
    expected.runs.push(...runs);
    expected.audit.push(...audit);
    expected.unknown.push(...logic.unknown);
  }
  return expected;
}

/** Rows of each file for which each trigger runs, and that are audited: one statement a file, whatever is registered. */
async function counted(duck: Duck, object: string, { triggers, audited }: Logic, files: File[]) {
  const history = audited ? (["create", "update", "delete"] as const).map((op) => ({ op, columns: [...audited] })) : [];
  const asked: Pick<Trigger, "op" | "into" | "columns">[] = [...triggers, ...history];
  const rows = asked.map(() => 0);
  for (const file of asked.length > 0 ? files : []) {
    const tests = asked.map((one) => `count(*) FILTER (${startedBy(one, file)})::INTEGER`);
    const { n } = await duck.one<{ n: string }>(
      `SELECT to_json([${tests.join(", ")}])::VARCHAR AS n FROM ${parquetRows(file.path)}`,
    );
    for (const [i, more] of (JSON.parse(n) as number[]).entries()) rows[i]! += more;
  }
  const runs = triggers.map(({ op, kind, name, sync, leftOut, filtered }, i) => {
    return { object, op, kind, name, rows: rows[i]!, atMost: filtered, sync, leftOut };
  });
  const audit = history.map(({ op }, i) => ({ object, op, rows: rows[triggers.length + i]! }));
  return { runs: runs.filter((one) => one.rows > 0), audit: audit.filter((one) => one.rows > 0) };
}

/** SQL, over a change file: whether the row starts it. */
function startedBy({ op, into, columns }: Pick<Trigger, "op" | "into" | "columns">, file: File): string {
  if (op !== file.op || (into !== undefined && !same(into, file.into))) return "false";
  if (op !== "update" || columns === undefined) return "true";
  const written = file.columns.filter(({ wire }) => columns.includes(wire.name)).map(({ present }) => `(${present})`);
  return written.join(" OR ") || "false";
}

const same = (one: Membership, other: Membership | undefined): boolean =>
  one.relationship === other?.relationship && one.id === other.id;
