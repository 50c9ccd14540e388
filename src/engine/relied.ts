import { readFile } from "node:fs/promises";
import { SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { columnDrift, type Drift, type Relied, reliedFile, reliedOn, tableDrift } from "./drift.ts";
import type { Job } from "./job.ts";
import { place } from "./shape/place.ts";
import type { Shape } from "./shape.ts";
import { writeWhole } from "./whole-file.ts";

/** What the last run of the sync relied on; undefined before the first, and where it was another `destination`'s. */
export async function readRelied(path: string, destination?: string): Promise<Relied | undefined> {
  try {
    const found = reliedFile.safeParse(JSON.parse(await readFile(path, "utf8")));
    return found.success && (destination ?? found.data.destination) === found.data.destination
      ? (found.data as Relied)
      : undefined;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT" || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Whole or not at all. When the process dies before it, the next run tells the same changes once more. */
export async function writeRelied(path: string, shape: Shape, destination: string): Promise<void> {
  await writeWhole(path, reliedOn(shape, destination));
}

/**
 * The sync's shape and all that has changed under it. Where the shape cannot be made because of what has changed, the
 * error says so.
 * @throws SluiceError schema_changed, and what `make` throws.
 */
export function underDrift(
  job: Job,
  relied: Relied | undefined,
  object: ObjectSchema,
  make: () => Shape,
): { shape: Shape; drift: Drift[] } {
  if (!relied) return { shape: make(), drift: [] };
  const ofColumns = columnDrift(relied, object);
  let shape: Shape;
  try {
    shape = make();
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown;
    const named = new Set(thrown.message.split(/\W+/));
    const why = ofColumns.filter((d) => named.has(d.column!));
    if (why.length === 0) throw thrown;
    throw changed(job, why, thrown.place, thrown);
  }
  const mapped = new Set([...shape.columns, ...shape.parties].map((c) => c.name));
  const uses = { mapped, match: shape.match.map((c) => c.name), creates: shape.policies.mode !== "update" };
  const drift = [...ofColumns.filter((d) => mapped.has(d.column!)), ...tableDrift(relied, object, uses)];
  const stops = drift.filter((d) => d.stops);
  if (stops.length > 0) throw changed(job, stops, place(job, ["mapping"]));
  return { shape, drift };
}

/** `cause`: what then does not fit; the change may be beside the point. */
function changed(job: Job, drift: Drift[], at: SluiceError["place"], cause?: SluiceError): SluiceError {
  const what = [...drift.map((d) => d.what), ...(cause ? [cause.message] : [])].join(" ");
  return new SluiceError("schema_changed", `Since the last run of ${job.sync}: ${what}`, { place: at, cause });
}
