import type { Scan } from "../../core/connector.ts";
import { type Place, SluiceError } from "../../core/errors.ts";
import type { Job } from "../job.ts";
import { near, place } from "./place.ts";

/** Source columns that mapping and key name must exist. */
export function checkSourceColumns(job: Job, scan: Scan): void {
  const names = scan.columns.map((c) => c.name);
  const check = (name: string, at: Place) => {
    if (!names.includes(name))
      throw new SluiceError("unknown_column", `The model ${job.model.name} has no column ${name}.`, {
        remedy: near(name, names),
        place: at,
      });
  };
  for (const [i, name] of job.model.file.key.entries())
    check(name, { file: `models/${job.model.name}.yaml`, path: ["key", i] });
  for (const [name, line] of Object.entries(job.syncFile.mapping))
    if (line.from !== undefined) check(line.from, place(job, ["mapping", name]));
}
