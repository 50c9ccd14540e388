import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { locate } from "../project/locate.ts";
import type { Project } from "../project/project.ts";
import { newRunId } from "../run-id.ts";
import { tellWarnings } from "../warnings.ts";
import type { Workplace } from "../workplace.ts";
import { jobFor } from "./jobs.ts";

/** So many sources are looked at side by side. */
const atOnce = 4;

/** Reads the project, then lets each sync's source tell its columns. Never opens the state folder. */
export async function validate(
  workplace: Workplace,
  _request: object,
  { signal, onEvent }: CallOptions,
): Promise<ResponseOf<"validate">> {
  const project = await workplace.project();
  tellWarnings(project, project.connections.keys(), { onEvent });
  const [first, ...others] = await checkSources(project, workplace, signal);
  if (first)
    throw new SluiceError(first.code, first.message, {
      remedy: first.remedy,
      place: first.place,
      cause: first,
      others,
    });
  return {
    project: project.name,
    environment: project.environment,
    connections: project.connections.size,
    models: project.models.size,
    audiences: project.audiences.size,
    syncs: project.syncs.length,
    order: project.syncs.map((sync) => sync.name),
  };
}

/** Syncs of one model stumble over the same faults: each is told once. */
async function checkSources(project: Project, workplace: Workplace, signal?: AbortSignal): Promise<SluiceError[]> {
  const waiting = [...project.syncs];
  const faults = new Map<string, SluiceError>();
  const worker = async () => {
    for (let sync = waiting.shift(); sync; sync = waiting.shift()) {
      const { memoryLimit } = workplace;
      const nowhere = { folderOf: () => "", upstream: [] };
      const job = jobFor(project, sync, { kind: "check", ...nowhere, memoryLimit });
      try {
        await workplace.jobs.start({ ...job, run: newRunId() }, () => {}, signal);
      } catch (thrown) {
        const error = locate(SluiceError.from(thrown), sync, project);
        if (error.kind === "interrupted") throw error;
        faults.set(JSON.stringify(error), error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return [...faults.values()];
}
