import { dirname, join } from "node:path";
import type { ResponseOf } from "../../api/index.ts";
import type { Session } from "../../core/connector.ts";
import { curlOf } from "../../core/curl.ts";
import { masked } from "../../core/mask.ts";
import type { RejectedRow } from "../../core/run.ts";
import { readWholeJob } from "../../engine/kept-job.ts";
import { runFiles } from "../../engine/layout.ts";
import type { LeftRun } from "../../engine/rejected.ts";
import { type NotTaken, notTaken } from "../../engine/requests.ts";
import { runIds } from "../left-runs.ts";
import type { Project } from "../project/project.ts";
import { connectionOf } from "./connections.ts";

type Replay = ResponseOf<"rejected">["requests"][number];
type Row = RejectedRow & { sync: string; run: string };

/** The request of each row as a command; of one that only waits, from the run that last sent it. Errors: unknown_name, state_broken. */
export async function replays(
  project: Project,
  left: readonly LeftRun[],
  rows: readonly Row[],
  showValues: boolean,
): Promise<Replay[]> {
  const sessions = new Map<string, Session>();
  const sessionOf = (name: string): Session => {
    const { connector, config } = connectionOf(project, name);
    const session = sessions.get(name) ?? connector.open(config, { base: project.folder });
    sessions.set(name, session);
    return session;
  };
  try {
    const found: Replay[] = [];
    for (const row of rows) {
      const { folder } = left.find(({ run }) => run === row.run)!;
      const kept = await readWholeJob(runFiles(folder));
      const sent = kept && (await lastSent(dirname(folder), row, sessionOf(kept.destination)));
      found.push(replay(row, sent, showValues));
    }
    return found;
  } finally {
    for (const session of sessions.values()) await session.close();
  }
}

type Sent = { run: string; change: NotTaken };

/** A row that the destination refused is not sent in every run. */
async function lastSent(runs: string, { run, key, wake }: Row, session: Session): Promise<Sent | undefined> {
  const ids =
    wake === "destination"
      ? runIds(runs)
          .filter((id) => id <= run)
          .reverse()
      : [run];
  for (const id of ids) {
    const change = await notTaken(join(runs, id), key, session);
    if (change) return { run: id, change };
  }
  return undefined;
}

function replay({ sync, key, status, code, cause, ...row }: Row, sent: Sent | undefined, showValues: boolean): Replay {
  const told = { sync, key, status, code, cause };
  const message = showValues ? row.message : null;
  if (!sent) return { ...told, run: row.run, message, curl: null };
  const { run, change } = sent;
  const { request, object, guarded } = change;
  const body = request.body === undefined || showValues ? request.body : masked(object, request.body);
  const shown = { ...request, ...(body !== undefined && { body }) };
  const comments = [
    `${sync}, row ${JSON.stringify(key)}: ${cause ?? code} in the run ${run}`,
    ...(showValues ? [row.message] : []),
    ...(guarded ? ["Sluice also names the version of the record that it has just read (If-Match)."] : []),
    ...(body === request.body ? [] : ["Values are masked, and this would write the masks; --show-values shows them."]),
  ];
  return { ...told, run, message, curl: curlOf(shown, comments) };
}
