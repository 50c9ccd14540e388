import { resolve } from "node:path";
import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ChangeFormat } from "../../core/run.ts";
import { exportChanges, firstChanges, formatOf, openChanges, tellChanges } from "../../engine/changes.ts";
import { namingDamage } from "../../engine/damage.ts";
import { leftRun } from "../left-runs.ts";
import type { Workplace } from "../workplace.ts";

type Request = {
  run: string;
  kinds?: string[] | undefined;
  keys?: string[] | undefined;
  columns?: string[] | undefined;
  limit: number;
  format?: ChangeFormat | undefined;
  out?: string | undefined;
};

/** From the run's folder, which never changes: nothing is locked. Where the caller takes text, it is told all of them. */
export async function changes(
  workplace: Workplace,
  { run, limit, format, out, ...filter }: Request,
  { onText }: CallOptions,
): Promise<ResponseOf<"changes">> {
  const { environment } = await workplace.project();
  const { sync, folder } = leftRun(workplace.places(), environment, run);
  const file = out === undefined ? null : resolve(out);
  const as = format ?? (file === null ? "text" : formatOf(file));
  if (as === "parquet" && file === null && onText)
    throw new SluiceError("usage", "Parquet is no text: say with --out which file to write.");
  return namingDamage([folder], async () => {
    const opened = await openChanges(folder, filter);
    try {
      if (file !== null) await exportChanges(opened, as, file);
      else if (onText && as !== "parquet") await tellChanges(opened, as, onText);
      const { total, changes: first } = await firstChanges(opened, file === null && !onText ? limit : 0);
      return { environment, sync, run, object: opened.object, total, changes: first, file };
    } finally {
      await opened.close();
    }
  });
}
