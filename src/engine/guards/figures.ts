import { cost } from "../forecast.ts";
import type { Planned } from "../plan.ts";
import { changing, emptied, leavers } from "../sql/leaving.ts";
import type { Figures } from "./rules.ts";

/** Reads what the guards look at from a plan that stands and is on disk. */
export async function readFigures(planned: Planned): Promise<Figures> {
  const { duck, shape, meta, touched, moved } = planned;
  const audiences: Figures["audiences"] = [];
  for (const filled of [...shape.columns, ...shape.memberships]) {
    if (filled.audience === undefined) continue;
    const { name } = shape.audiences[filled.audience]!;
    audiences.push({ name, ...(await duck.one<{ before: number; now: number }>(emptied(filled))) });
  }
  return {
    received: touched.received - touched.empty_keys,
    known: touched.known,
    audiences,
    leaves: await duck.one<Figures["leaves"]>(leavers(shape)),
    changes: await duck.one<Figures["changes"]>(changing(shape)),
    moved,
    requests: (await cost(planned)).counted,
    undone: meta.undone,
  };
}
