import type { ResponseOf } from "../../api/index.ts";
import { ask, isAsked, takeBack } from "../../store/asked.ts";
import { isHeld } from "../../store/lock.ts";
import type { Workplace } from "../workplace.ts";
import { pickSyncs } from "./jobs.ts";

type Request = { sync: string };
type Response = ResponseOf<"pause">;

/** Asked by files in the sync's folder, which the run under way watches: its process holds the state folder's lock. */
export const pause = (workplace: Workplace, request: Request): Promise<Response> =>
  steer(workplace, request, (folder) => ask(folder, "paused"));

export const goOn = (workplace: Workplace, request: Request): Promise<Response> =>
  steer(workplace, request, (folder) => takeBack(folder, "paused"));

export const stop = (workplace: Workplace, request: Request): Promise<Response> =>
  steer(workplace, request, (folder, running) => running && ask(folder, "stop"));

async function steer(
  workplace: Workplace,
  { sync }: Request,
  act: (folder: string, running: boolean) => unknown,
): Promise<Response> {
  const project = await workplace.project();
  pickSyncs(project, [sync]);
  const folder = workplace.places().sync(project.environment, sync);
  const running = isHeld(folder);
  act(folder, running);
  return { sync, paused: isAsked(folder, "paused"), running };
}
