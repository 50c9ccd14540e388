import { text } from "../duck.ts";
import { wavesOf } from "../layout.ts";
import type { Planned } from "../plan.ts";
import { changing, emptied, leavers } from "../sql/leaving.ts";
import { madeRefs } from "../sql/made.ts";
import type { Figures } from "./rules.ts";

/** Reads what the guards look at from a plan that stands and is on disk. */
export async function readFigures({ duck, at, shape, meta, touched, moved, requests }: Planned): Promise<Figures> {
  const audiences: Figures["audiences"] = [];
  for (const filled of [...shape.columns, ...shape.memberships]) {
    if (filled.audience === undefined) continue;
    const { name } = shape.audiences[filled.audience]!;
    audiences.push({ name, ...(await duck.one<{ before: number; now: number }>(emptied(filled))) });
  }
  const { known, ...leaves } = await duck.one<Figures["leaves"] & { known: number }>(leavers(shape));
  const files = [...wavesOf(shape).map(at.change), ...madeRefs(shape).map((_, k) => at.parents(k))];
  const rows = files.map((path) => `(SELECT count(*) FROM read_parquet(${text(path)}))`);
  const { writes } = await duck.one<{ writes: number }>(`SELECT ${rows.join(" + ")} AS writes`);
  return {
    received: touched.received - touched.empty_keys,
    known,
    audiences,
    leaves,
    changes: await duck.one<Figures["changes"]>(changing(shape)),
    moved,
    requests: requests() + writes,
    undone: meta.undone,
  };
}
