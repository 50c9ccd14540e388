import { readFormat } from "../../core/dates.ts";
import type { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { AudienceFile, ModelFile, SyncFile } from "../../core/project.ts";
import type { Path, ProjectDocument } from "./document.ts";
import { faultAt } from "./faults.ts";
import type { Folder, Kind } from "./folder.ts";
import type { Resource } from "./project.ts";

const words: Record<Kind, string> = {
  connections: "connection",
  models: "model",
  audiences: "audience",
  syncs: "sync",
};

function missing(folder: Folder, kind: Kind, name: string, document: ProjectDocument, path: Path): SluiceError[] {
  const known = [...folder.files[kind].keys()];
  if (known.includes(name)) return [];
  const offer = didYouMean(name, known) || (known.length > 0 ? `; there are ${known.join(", ")}.` : "; there is none.");
  return [faultAt(document, path, `There is no ${words[kind]} \`${name}\`${offer}`, "unknown_name")];
}

export function modelFaults({ document, file }: Resource<ModelFile>, folder: Folder): SluiceError[] {
  return missing(folder, "connections", file.connection, document, ["connection"]);
}

export function audienceFaults({ document, file }: Resource<AudienceFile>, folder: Folder): SluiceError[] {
  return missing(folder, "models", file.model, document, ["model"]);
}

/** What a sync names must exist, its match columns must be mapped, and no column may be written twice. */
export function syncFaults(
  { name, document, file }: Resource<SyncFile>,
  folder: Folder,
  audiences: Map<string, Resource<AudienceFile>>,
): SluiceError[] {
  const mapped = Object.keys(file.mapping);
  const faults = [
    ...missing(folder, "models", file.model, document, ["model"]),
    ...missing(folder, "connections", file.to, document, ["to"]),
  ];
  for (const column of file.match) {
    if (mapped.some((name) => name.toLowerCase() === column.toLowerCase())) continue;
    const offer = didYouMean(column, mapped) || ". Add a line for it under `mapping`.";
    faults.push(faultAt(document, ["match"], `The match column \`${column}\` is not mapped${offer}`));
  }
  for (const [column, line] of Object.entries(file.mapping))
    for (const [i, text] of (line.formats ?? []).entries()) {
      const format = readFormat(text);
      if ("problem" in format)
        faults.push(faultAt(document, ["mapping", column, "formats", i], `${column}: ${format.problem}.`));
    }
  if (file.onLeave === "delete" && !file.allowDelete)
    faults.push(
      faultAt(
        document,
        ["onLeave"],
        `\`onLeave: delete\` deletes records of ${file.object} whose rows are gone from the source.`,
        "yaml_invalid",
        "Add `allowDelete: true` if that is meant; `onLeave: deactivate` keeps the records.",
      ),
    );
  const writers = new Map<string, string>();
  for (const column of mapped) {
    const twin = writers.get(column.toLowerCase());
    if (twin) faults.push(faultAt(document, ["mapping", column], `${column} is mapped twice, also as ${twin}.`));
    writers.set(column.toLowerCase(), column);
  }
  for (const [audience, to] of Object.entries(file.audiences)) {
    const path = ["audiences", audience];
    faults.push(...missing(folder, "audiences", audience, document, path));
    const other = audiences.get(audience)?.file.model;
    if (other !== undefined && other !== file.model)
      faults.push(
        faultAt(
          document,
          path,
          `The audience ${audience} is made of the model ${other}, but the sync ${name} sends the model ${file.model}.`,
        ),
      );
    if (!("column" in to)) continue;
    const { column } = to;
    const twin = writers.get(column.toLowerCase());
    if (twin) faults.push(faultAt(document, path, `${column} is written twice: by ${audience} and by ${twin}.`));
    writers.set(column.toLowerCase(), `the audience ${audience}`);
  }
  return faults;
}

/**
 * Two syncs that write one column of one table would undo each other for ever. The match columns alone may be shared,
 * where both syncs match by them: there they hold the same value by definition.
 */
export function overlapFaults(syncs: Resource<SyncFile>[]): SluiceError[] {
  const faults: SluiceError[] = [];
  const writers = new Map<string, Resource<SyncFile>>();
  for (const sync of [...syncs].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const table = `${sync.file.to}\n${sync.file.object.toLowerCase()}`;
    const columns: [string, Path][] = [
      ...Object.keys(sync.file.mapping).map((column): [string, Path] => [column, ["mapping", column]]),
      ...Object.entries(sync.file.audiences).flatMap(([a, to]): [string, Path][] =>
        "column" in to ? [[to.column, ["audiences", a]]] : [],
      ),
    ];
    for (const [column, path] of columns) {
      const slot = `${table}\n${column.toLowerCase()}`;
      const other = writers.get(slot);
      writers.set(slot, other ?? sync);
      if (!other || other === sync || (sync.file.match.includes(column) && other.file.match.includes(column))) continue;
      faults.push(
        faultAt(
          sync.document,
          path,
          `The syncs ${other.name} and ${sync.name} both write ${column} of ${sync.file.object} on ${sync.file.to}: each would undo the other.`,
          "yaml_invalid",
          "Leave the column to one of them.",
        ),
      );
    }
  }
  return faults;
}
