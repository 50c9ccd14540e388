import type { WaveFile } from "./batches.ts";
import { imageColumns, keepImages, stateColumns } from "./images.ts";
import { type Wave, wavesOf } from "./layout.ts";
import { afterCreates } from "./members.ts";
import type { Planned } from "./plan.ts";
import { rowsIn, type Sent, sendWaves } from "./send.ts";
import type { Host } from "./source.ts";
import { madeRefs } from "./sql/made.ts";
import { has, stored } from "./sql/names.ts";
import { partyColumn } from "./sql/parties.ts";
import { setsStateAlone } from "./sql/states.ts";

/** What of a plan is needed to send it. */
export type Sending = Pick<Planned, "duck" | "at" | "shape" | "session" | "requests">;

/** Columns of records that undo makes anew: with which they are made, and what follows once all of them are there. */
export type Made = Record<"first" | "last", WaveFile["columns"]>;

/**
 * Sends everything a plan holds. `made`: the columns of the records to be made, where they are others than the shape's.
 * @throws SluiceError see `sendWaves`.
 */
export async function sendPlan(planned: Sending, host: Host, made?: Made): Promise<Sent> {
  const { session, shape, duck, at } = planned;
  const parents = madeRefs(shape).map(async ({ ref, label }, k) => {
    const path = at.parents(k);
    const columns = [...ref.by, ...(label ? [label] : [])].filter((c) => c.name !== ref.object.id);
    const fields = columns.map((c) => ({ wire: { name: c.name }, present: "true", value: stored(c) }));
    const file: WaveFile = { path, op: "create", rows: await rowsIn(duck, path), columns: fields };
    return { wave: `0-parents-${k}` as const, object: ref.object, file };
  });
  const guard = shape.strict ? { columns: shape.columns, made: at.change("1-create") } : undefined;
  const own = wavesOf(shape).map(async (wave) => {
    const file = await waveFile(planned, wave, made);
    return { wave, object: shape.object, file, ...(guard && { guard }) };
  });
  const files = await Promise.all([...parents, ...own]);
  const creates = files.some(({ wave, file }) => wave === "1-create" && file.rows > 0);
  return sendWaves(planned, files, host, async ({ wave, file }) => {
    const [columns, to] =
      wave === "4-delete"
        ? [imageColumns(shape.object), at.deleted]
        : [setsStateAlone(shape, wave) ? stateColumns(shape.object) : [], at.before(wave)];
    const image = { changes: file.path, to, folder: at.temp };
    if (columns.length > 0) await keepImages(duck, session, shape.object, columns, image, host.signal);
    const follows = file.op === "add" || (wave === "3-complete" && creates);
    return follows ? afterCreates(duck, at, shape, file) : file;
  });
}

/** What of a wave is sent: its change file, and its columns. */
export async function waveFile({ duck, at, shape }: Sending, wave: Wave, made?: Made): Promise<WaveFile> {
  const path = at.change(wave);
  const rows = await rowsIn(duck, path);
  if (wave === "4-delete") return { path, op: "delete", rows, columns: [] };
  const [, op, number] = /^2-(add|remove)-(\d+)$/.exec(wave) ?? [];
  if (op) return { path, op: op as "add" | "remove", into: shape.memberships[Number(number)]!.into, rows, columns: [] };
  const columns = setsStateAlone(shape, wave)
    ? [
        { wire: { name: "statecode" }, present: "true", value: "c_statecode" },
        { wire: { name: "statuscode" }, present: "c_statuscode IS NOT NULL", value: "c_statuscode" },
      ]
    : shape.columns
        .filter((c) => c.name !== shape.object.id)
        .map((c) => ({ wire: c.wire, present: has("m", c), value: stored(c) }));
  if (wave === "3-complete" && made) return { path, op: "update", rows, columns: [...columns, ...made.last] };
  if (wave !== "1-create") return { path, op: "update", rows, columns };
  const parties = shape.parties.map((c) => ({ column: c.wire, value: partyColumn(c) }));
  return { path, op: "create", rows, columns: made?.first ?? columns, parties };
}
