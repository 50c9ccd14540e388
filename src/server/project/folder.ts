import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { SluiceError } from "../../core/errors.ts";
import { type ProjectDocument, readDocument } from "./document.ts";

export const kinds = ["connections", "models", "audiences", "syncs"] as const;
export type Kind = (typeof kinds)[number];

/** The YAML files of a project, before anything is known about their content. */
export type Folder = {
  path: string;
  root: ProjectDocument | null;
  /** Per kind: every name that has a file, and its document where the file could be read. */
  files: Record<Kind, Map<string, ProjectDocument | null>>;
  problems: SluiceError[];
};

/** A name becomes a folder of the state and a word of the command line, so it is kept simple. */
const goodName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** Reads every YAML file of a project folder. Throws `no_project` alone; everything else is listed in `problems`. */
export function readFolder(folder: string): Folder {
  const path = resolve(folder);
  const names = list(path);
  if (!names.includes("sluice.yaml")) {
    const where = names.includes("sluice.yml") ? "; it holds sluice.yml: the ending is .yaml" : "";
    throw new SluiceError("no_project", `${path} holds no sluice.yaml${where}.`);
  }
  const problems: SluiceError[] = [];
  const read = (file: string): ProjectDocument | null => {
    try {
      return readDocument(path, file);
    } catch (error) {
      problems.push(error instanceof SluiceError ? error : unreadable(file, error));
      return null;
    }
  };
  const root = read("sluice.yaml");
  const files = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      new Map(
        list(join(path, kind))
          .sort()
          .filter((file) => wanted(`${kind}/${file}`, problems))
          .map((file) => [basename(file, ".yaml"), read(`${kind}/${file}`)]),
      ),
    ]),
  ) as Folder["files"];
  return { path, root, files, problems };
}

function list(path: string): string[] {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).filter((name) => !name.startsWith(".")) : [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable(path, error);
  }
}

/** Other files may lie beside the YAML (notes, SQL); what looks like a resource but is not read must not go unsaid. */
function wanted(file: string, problems: SluiceError[]): boolean {
  const name = basename(file);
  if (name.endsWith(".yml")) {
    problems.push(invalidName(file, `${file} is not read: the ending is .yaml.`, "Rename the file."));
    return false;
  }
  if (!name.endsWith(".yaml")) return false;
  if (goodName.test(basename(name, ".yaml"))) return true;
  const message = `${file} cannot be a name: only letters without accents, digits, - and _ may stand in it.`;
  problems.push(invalidName(file, message, "Rename the file."));
  return false;
}

const invalidName = (file: string, message: string, remedy: string) =>
  new SluiceError("yaml_invalid", message, { place: { file, line: 1 }, remedy });

function unreadable(file: string, cause: unknown): SluiceError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const remedy = "Give the user that runs Sluice read access to the project folder.";
  return new SluiceError("no_project", `${file} cannot be read: ${text}`, { remedy, cause });
}

export function isGoodName(name: string): boolean {
  return goodName.test(name);
}
