import type { ProblemGroup } from "../core/run.ts";
import type { Project } from "./project/project.ts";

/** The same, each with what its sync's destination knows to be done about its own code. */
export function withRemedies<Group extends ProblemGroup>(
  project: Project,
  sync: string,
  groups: readonly Group[],
): Group[] {
  const to = project.syncs.find(({ name }) => name === sync)?.file.to;
  const connector = to === undefined ? undefined : project.connections.get(to)?.connector;
  return groups.map((group) => {
    const remedy = group.cause === null ? undefined : connector?.remedy?.(group.cause);
    return remedy === undefined ? group : { ...group, remedy };
  });
}
