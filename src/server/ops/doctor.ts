import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { type CheckStep, needOf } from "../../core/check.ts";
import type { Session } from "../../core/connector.ts";
import { counted } from "../../core/counted.ts";
import { SluiceError } from "../../core/errors.ts";
import { schemaSteps, stateSteps } from "../../engine/doctor.ts";
import { repair } from "../../engine/repair.ts";
import { sizesOf } from "../../engine/sizes.ts";
import { destinationName } from "../../engine/source.ts";
import { refused, refusedOf } from "../../store/events.ts";
import { countRuns, latestTold } from "../../store/runs.ts";
import { ofSync } from "../project/locate.ts";
import type { Project } from "../project/project.ts";
import type { Workplace } from "../workplace.ts";
import { check } from "./check.ts";
import { pickSyncs } from "./jobs.ts";

/** Tests the connections that the syncs write to, then each sync against its table and its state, and the history of runs. Changes nothing, unless it is to repair. */
export async function doctor(
  workplace: Workplace,
  { syncs: names, repair: mends }: { syncs: string[]; repair: boolean },
  options: CallOptions,
): Promise<ResponseOf<"doctor">> {
  const project = await workplace.project();
  const chosen = pickSyncs(project, names);
  const state = workplace.state(["doctor", ...names].join(" "));
  const connections: ResponseOf<"doctor">["connections"] = [];
  for (const connection of new Set(chosen.map((sync) => sync.file.to)))
    connections.push(...(await check(workplace, { connection }, options)).connections);
  const syncs: ResponseOf<"doctor">["syncs"] = [];
  for (const { name, file } of chosen) {
    const folder = state.sync(project.environment, name);
    const mended = mends
      ? await asSteps("repair", options.signal, () => repair(folder, project.retention, workplace.memoryLimit))
      : [];
    const schema = await asSteps(`schema: ${file.object}`, options.signal, () =>
      withSession(project, file.to, async (session) => {
        const object = await session.describe(file.object, options.signal);
        const destination = await destinationName(
          { destination: { connection: file.to } },
          session,
          object,
          options.signal,
        );
        return schemaSteps(folder, needOf(file), object, session.prefix, destination);
      }),
    );
    const told = await toldLast(workplace, { environment: project.environment, sync: name });
    const own = await asSteps("state", options.signal, () => stateSteps(folder, told));
    const steps = [...mended, ...schema, ...own].map((step) =>
      step.remedy === undefined ? step : { ...step, remedy: ofSync(step.remedy, name) },
    );
    syncs.push({ sync: name, steps });
  }
  const history = await asSteps("history", options.signal, () => historySteps(workplace));
  const all = [...history, ...[...connections, ...syncs].flatMap(({ steps }) => steps)];
  const count = (status: CheckStep["status"]) => all.filter((step) => step.status === status).length;
  const counts = { failed: count("failed"), warnings: count("warning") };
  const sizes = await sizesOf(state.path);
  return { environment: project.environment, connections, syncs, history, sizes, ...counts };
}

const hasHistory = ({ shared, places }: Workplace): boolean => shared || existsSync(join(places().path, "control"));

/** The latest run of a sync that the history tells the end of. That it cannot be asked is a step of its own. */
async function toldLast(workplace: Workplace, of: { environment: string; sync: string }): Promise<string | undefined> {
  if (!hasHistory(workplace)) return undefined;
  return workplace
    .history()
    .then((database) => latestTold(database, of))
    .catch(() => undefined);
}

/** Whether the control database can be read. None is made for it. */
async function historySteps(workplace: Workplace): Promise<CheckStep[]> {
  if (!hasHistory(workplace)) return [{ step: "history", status: "ok", detail: "none yet" }];
  const { shared, places, history, asking } = workplace;
  const path = join(places().path, "control");
  const runs = await asking(countRuns(await history()));
  const { path: state } = places();
  const left = refused(state);
  const where = shared ? "the server that DATABASE_URL names" : path;
  const detail = `${runs} plans, runs and checks in ${where}`;
  if (left === 0) return [{ step: "history", status: "ok", detail }];
  return [
    {
      step: "history",
      status: "warning",
      detail,
      cause: `The control database refused ${counted(left, "note", "notes")} of what runs did, kept in ${refusedOf(state)}, each with the reason.`,
      remedy: "Nothing but the history lacks them: look at them, then remove the file.",
    },
  ];
}

/** Error: mapping_unfit where the destination knows no privileges. */
export async function role(
  workplace: Workplace,
  { sync: name }: { sync: string },
  { signal }: CallOptions,
): Promise<ResponseOf<"role">> {
  const project = await workplace.project();
  const [sync] = pickSyncs(project, [name]);
  const { to: connection } = sync!.file;
  const privileges = await withSession(project, connection, async (session) => {
    if (!session.role) throw new SluiceError("mapping_unfit", `${connection} knows no privileges.`);
    return session.role([needOf(sync!.file)], signal);
  });
  const missing = privileges.filter((one) => one.needed && one.held === null).length;
  const beyond = privileges.filter((one) => !one.needed).length;
  return { environment: project.environment, sync: name, connection, privileges, missing, beyond };
}

async function withSession<T>(project: Project, name: string, work: (session: Session) => Promise<T>): Promise<T> {
  const { connector, config } = project.connections.get(name)!;
  const session = connector.open(config, { base: project.folder });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** A failure as a step: the other syncs are looked at all the same. */
async function asSteps(
  step: string,
  signal: AbortSignal | undefined,
  work: () => Promise<CheckStep[]>,
): Promise<CheckStep[]> {
  try {
    return await work();
  } catch (thrown) {
    signal?.throwIfAborted();
    const { message, remedy } = SluiceError.from(thrown);
    return [{ step, status: "failed", detail: "", cause: message, remedy }];
  }
}
