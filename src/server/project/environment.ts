import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { ProjectFile } from "../../core/project.ts";
import type { ProjectDocument } from "./document.ts";
import { faultAt } from "./faults.ts";
import { type Folder, isGoodName } from "./folder.ts";

/** The environment of a project that names none. */
export const onlyEnvironment = "default";

/** These stand beside the environments in the state folder. */
const reserved = ["control", "format", "lock"];

/**
 * The environment to work in. A project that has environments wants one named: to write to the wrong one is worse than
 * to type a word.
 */
export function pickEnvironment(
  root: ProjectFile | null,
  document: ProjectDocument | null,
  asked: string | undefined,
  problems: SluiceError[],
): string {
  if (!root || !document) return asked ?? onlyEnvironment;
  const known = Object.keys(root.environments);
  if (asked === undefined) {
    if (known.length === 0) return onlyEnvironment;
    const message = `The project ${root.name} has environments, and none was named: ${known.join(", ")}.`;
    problems.push(
      new SluiceError("unknown_name", message, { remedy: `Name one, for example --environment ${known[0]}.` }),
    );
    return onlyEnvironment;
  }
  if (known.includes(asked) || (known.length === 0 && asked === onlyEnvironment)) return asked;
  const which =
    known.length === 0 ? "; it has none at all" : didYouMean(asked, known) || `; it has ${known.join(", ")}`;
  const message = `The project ${root.name} has no environment \`${asked}\`${which}${which.endsWith("?") ? "" : "."}`;
  problems.push(new SluiceError("unknown_name", message, { place: document.place(["environments"]) }));
  return asked;
}

/** Names that cannot be folders of the state, and connections overridden that do not exist. */
export function environmentFaults(root: ProjectFile, document: ProjectDocument, folder: Folder): SluiceError[] {
  const known = [...folder.files.connections.keys()];
  return Object.entries(root.environments).flatMap(([name, { connections }]) => {
    const faults = Object.keys(connections)
      .filter((connection) => !known.includes(connection))
      .map((connection) =>
        faultAt(
          document,
          ["environments", name, "connections", connection],
          `The environment ${name} changes a connection \`${connection}\` that does not exist${didYouMean(connection, known) || "."}`,
          "unknown_name",
        ),
      );
    if (isGoodName(name) && !reserved.includes(name.toLowerCase())) return faults;
    const why = reserved.includes(name.toLowerCase())
      ? "it is kept for Sluice itself"
      : "only letters without accents, digits, - and _ may stand in it";
    return [faultAt(document, ["environments", name], `\`${name}\` cannot name an environment: ${why}.`), ...faults];
  });
}
