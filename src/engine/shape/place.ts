import type { Place } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import type { Job } from "../job.ts";

/** A place in the YAML of the job's sync. */
export function place(job: Job, path: (string | number)[]): Place {
  return { file: `syncs/${job.sync}.yaml`, path };
}

/** What a misspelt name may have meant, or what there is. */
export function near(name: string, names: string[]): string {
  const close = nearest(name, names);
  return close.length
    ? `Did you mean ${close.join(" or ")}?`
    : `It has ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", ..." : ""}.`;
}
