import { availableParallelism } from "node:os";
import { counted } from "../../core/counted.ts";
import { settling } from "../../core/delayed.ts";
import { columnsIn } from "../columns-of.ts";
import { tellDependents } from "../dependents.ts";
import { type Duck, lockDown, openDuck, parquetRows } from "../duck.ts";
import { readByIds } from "../images.ts";
import type { Job, JobResult } from "../job.ts";
import { journalSize } from "../journal.ts";
import { keepJob, keptJob } from "../kept-job.ts";
import { exists, type Layout, layout } from "../layout.ts";
import { readMembers } from "../members.ts";
import { problemGroups } from "../problems.ts";
import { statesBeside } from "../referenced.ts";
import { samples } from "../report.ts";
import { noRoomToFold } from "../settle.ts";
import { destinationName, type Host, holdsLease, open } from "../source.ts";
import { writeChanges } from "../sql/change.ts";
import { stored } from "../sql/names.ts";
import { statesOf } from "../sql/states.ts";
import { existingColumns, valueViews } from "../sql/tables.ts";
import { ownValues } from "../sql/valued.ts";
import { attachState, makeFolders } from "../state-file.ts";
import { namingTables } from "../tables.ts";
import { runApart } from "../together.ts";
import { sendPlan } from "../waves.ts";
import { writeWhole } from "../whole-file.ts";
import { countUndo, decideUndo, judge, keptTable, undoMembers } from "./decide.ts";
import { besideNone } from "./made-since.ts";
import { markAfter, readUndoNote, stillLetGo } from "./note.ts";
import { type Opened, openUndo } from "./open.ts";
import { findOwing, judgeOwing, unmapped } from "./owing.ts";
import { withoutParentsGone } from "./pointed.ts";
import { copy, madeColumns, remade } from "./remake.ts";
import { settleUndo } from "./settle.ts";
import { spareOthers } from "./spared.ts";
import { foundLater, laterTable, letGo, type RunFolder, tookTables, writtenChanges, wroteTable } from "./wrote.ts";

/**
 * Takes a run back: every value it wrote becomes what it was before, where it still is what the run wrote and no later run
 * has written it since; everything else is listed with the reason. A run like any other: its changes are on disk before the
 * first is sent, it has a journal, reads back and folds, and one that dies is taken over by the next run. Nothing of the
 * source is read.
 * @throws SluiceError not_undoable, out_of_memory before anything is sent, and what the destination may fail with.
 */
export async function undo(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const { run: of, deleteCreated, dryRun, by } = job.undo!;
  const at = layout(job.folder, job.run);
  await makeFolders(at);
  let requests = 0;
  const session = open(job.destination, host, () => requests++);
  const duck = await openDuck({
    memoryLimit: job.memoryLimit,
    temp: at.temp,
    threads: availableParallelism(),
    state: at.state,
  });
  try {
    host.onProgress({ phase: "extract", done: 0 });
    const object = await session.describe(job.syncFile.object, host.signal);
    const destination = await destinationName(job, session, object, host.signal);
    const meta = await attachState(duck, at, destination);
    await lockDown(duck, [], [job.folder], statesBeside(job));
    const among = await namingTables(job, session, host.signal);
    const opened = await openUndo(duck, among, at, meta, session, object, destination, host.signal);
    const { shape, configured } = opened;
    await keepJob(at, keptJob({ ...configured, kind: dryRun ? "plan" : "undo" }, shape, destination));
    for (const statement of valueViews(shape, await duck.all(existingColumns), meta.matched)) await duck.run(statement);
    const created = job.syncFile.severalMatches !== "reject";
    const reading = { session, object, created, folder: at.temp, signal: host.signal };
    const note = { of, by, at: new Date().toISOString() };
    const letGo = await stillLetGo(duck, at.runs, of);
    // Before the changes: what dies with these is known for an undo of that run.
    if (!dryRun) await writeWhole(at.undo, note);
    const unasked = await planUndo(duck, at, { ...opened, mapped: meta.mirrored }, reading, deleteCreated, host);
    const counted = await countUndo(duck);
    // What takes nothing back leaves the next run nothing to do again.
    const after = counted.touched === 0 ? meta.undone : await markAfter(at.runs, note, meta.undone);
    const mark = letGo.records > 0 ? (after ?? meta.undone) : after;
    const unchanged = counted.rows - counted.create - counted.update - counted.delete - counted.excluded;
    const { create, update, delete: deleted, excluded } = counted;
    await duck.run(linkedRows);
    const never = await noRoomToFold({ duck });
    // Without plan.json it counts as one that has sent nothing.
    if (never && !dryRun) throw never;
    const plan = { create, adopt: 0, update, delete: deleted, unchanged, excluded, rejected: 0 };
    const warnings = [
      ...(await leftAlone(duck, opened)),
      ...tellLetGo(letGo),
      ...tellBlind(opened),
      ...unasked,
      ...(deleted > 0 ? await tellDependents(session, shape.object, "deletes", host.signal) : []),
      ...(create > 0 ? await tellDependents(session, shape.object, "makes anew", host.signal) : []),
      ...(never ? [`${never.message} ${never.remedy}`] : []),
    ];
    const report = {
      plan,
      partly: counted.partly,
      received: counted.rows,
      samples: await samples(duck, { ...shape, memberships: [] }, ownValues),
      problems: await problemGroups(
        duck,
        "(SELECT key, 'excluded' AS status, code, col, value, message, 'undo' AS wake FROM kept)",
      ),
    };
    await writeWhole(at.plan, { environment: job.environment, sync: job.sync, of, ...report, warnings });
    const result = { kind: "undo" as const, of, ...report, warnings, stops: mark !== undefined, folder: at.run };
    if (dryRun) return { ...result, resolved: 0 };
    const sending = { duck, at, shape, session, requests: () => requests };
    const made = madeColumns(shape, await imageNames(duck, opened));
    for (const statement of doneWith) await duck.run(statement);
    const patient = settling(host.signal);
    const { attempted, stopped } = await sendPlan(sending, host, made);
    host.onProgress({ phase: "readback", done: 0 });
    const settled = await settleUndo(sending, {
      run: job.run,
      reading: { ...reading, signal: patient.signal },
      rows: counted.rows,
      mark,
      attempted,
      turn: meta.turn,
      syncFile: configured.syncFile,
      matched: meta.matched,
      holdsLease: holdsLease(job),
    }).finally(patient.end);
    const counts = { ...settled.counts, requests, seconds: Math.round(performance.now() - started) / 1000 };
    const problems = await problemGroups(duck, `${parquetRows(at.outcome)}`);
    const done = {
      ...result,
      counts,
      problems,
      resolved: settled.resolved,
      partly: settled.partly,
      ...(stopped && { error: stopped.toJSON() }),
    };
    const told = { ...done, samples: undefined, problems: undefined, folded: meta.turn > 0 };
    await writeWhole(at.done, { status: stopped ? "failed" : "done", ...told, journal: await journalSize(at.journal) });
    return done;
  } finally {
    await duck.close();
    await session.close();
  }
}

/** Where the links of the rows lie, for `noRoomToFold`. */
const linkedRows =
  "CREATE OR REPLACE TABLE linked AS SELECT rowid AS place, key AS link_key FROM st.link WHERE key IN (SELECT key FROM decided)";

/** What the plan worked with, but for what is left to settle: which rows the run had written, and whose link goes. */
const doneWith = [
  ...[
    "judged",
    "judged_member",
    "parent_gone",
    "bereft",
    "owing",
    "unset",
    "wrote_cell",
    "wrote_member",
    "written",
    "later",
    "later_member",
    "undone",
    "undone_member",
    "took",
    "took_later",
    "found_later",
    "let_go",
    "member_now",
    "linked",
  ].map((table) => `DROP TABLE ${table}`),
  "CREATE OR REPLACE TABLE wrote AS SELECT key FROM wrote",
  "CREATE OR REPLACE TABLE decided AS SELECT key, unlink FROM decided WHERE unlink",
];

type Reading = Pick<Parameters<typeof readByIds>[1], "session" | "object" | "created" | "folder" | "signal">;

/** Reads the records as they are, decides, and writes the changes down. Answers what is to be told of that. */
async function planUndo(
  duck: Duck,
  at: Layout,
  opened: Opened & { mapped: string[] },
  reading: Reading,
  deleteCreated: boolean,
  host: Host,
): Promise<string[]> {
  const { run, later, looked, shape, lost } = opened;
  await writtenChanges(duck, run);
  await tookTables(duck, run, looked);
  await wroteTable(duck, shape, run);
  const since: RunFolder[] = [];
  for (const each of later) {
    const of = (await readUndoNote(each.files.undo))?.of;
    since.push({ ...each, ...(of !== undefined && { of }) });
  }
  await laterTable(duck, shape, run.run, since);
  await duck.run(foundLater(looked));
  await duck.run(await letGo(run.run, looked));
  const imageNamesIn = await imageNames(duck, opened);
  const before = since.filter(({ of }) => of === run.run);
  const owing = await findOwing(duck, shape, run, imageNamesIn, before);
  host.onProgress({ phase: "refresh", done: 0 });
  const state = reading.object.columns.find((c) => c.type === "state");
  const extra = state && !shape.columns.some((c) => c.name === state.name) ? [{ name: state.name, target: state }] : [];
  await readByIds(duck, {
    ...reading,
    columns: [...shape.columns, ...extra, ...unmapped(shape, owing)],
    of: "SELECT id FROM wrote UNION ALL SELECT id FROM wrote_member",
    into: "now",
    onRows: (done) => host.onProgress({ phase: "refresh", done }),
  });
  const members = await duck.one<{ n: number }>("SELECT count(*) AS n FROM wrote_member");
  await readMembers(
    duck,
    reading.session,
    members.n > 0 ? shape : { ...shape, memberships: [] },
    "member_now",
    reading.folder,
    reading.signal,
  );
  host.onProgress({ phase: "plan", done: 0 });
  const columns = ["id", "gone", "created", ...shape.columns.map(stored)].join(", ");
  await duck.run(`CREATE OR REPLACE TABLE fresh AS SELECT ${columns} FROM now WHERE false`);
  await duck.run(`CREATE OR REPLACE VIEW have_now AS SELECT ${columns} FROM now`);
  const rules = { deleteCreated, stateColumn: state?.name, images: imageNamesIn.length > 0 };
  for (const statement of judge(shape, run, imageNamesIn, rules)) await duck.run(statement);
  for (const statement of judgeOwing(shape, owing)) await duck.run(statement);
  await besideNone(duck, shape, opened.kept?.began, reading);
  await spareOthers({ ...reading, job: opened.configured, duck }, deleteCreated);
  const unasked = await withoutParentsGone(duck, shape, run, imageNamesIn, reading);
  for (const statement of undoMembers(shape, deleteCreated)) await duck.run(statement);
  // What an undo woke had been put to rest by us, unless the sync says itself what state a record is in.
  const restsAgain = (await exists(run.files.undo)) && state !== undefined && !opened.mapped.includes(state.name);
  await duck.run(decideUndo(shape, { deleteCreated, restsAgain }));
  await duck.run(keptTable(shape, lost, run));
  await runApart(duck, writeChanges(shape, at, ownValues, "reason"));
  for (const statement of writeUndo(opened, at, imageNamesIn)) await duck.run(statement);
  return unasked;
}

async function imageNames(duck: Duck, { run: { files } }: Opened): Promise<string[]> {
  if (!(await exists(files.deleted))) return [];
  return await columnsIn(duck, files.deleted);
}

/** What the changes of a plan do not tell: memberships, what records made anew get back, which is all they held, and those woken. */
function writeUndo({ run, shape }: Opened, at: Layout, images: string[]): string[] {
  const statements = [
    ...Object.entries({ take: at.taken, drop: at.dropped }).map(([does, path]) =>
      copy(`SELECT key, id, list FROM membership WHERE does = '${does}'`, path),
    ),
    ...shape.memberships.flatMap((_, i) =>
      (["add", "remove"] as const).map((does) =>
        copy(
          `SELECT key, id, '${does}' AS kind, list, false AS ours FROM membership WHERE i = ${i} AND does = '${does}'`,
          at.change(`2-${does}-${i}`),
        ),
      ),
    ),
  ];
  if (!statesOf(shape).state)
    statements.push(
      copy(
        "SELECT key, id, 'activate' AS kind, 1::UBIGINT AS m, '0' AS c_statecode, reason AS c_statuscode FROM decided WHERE wakes",
        at.change("0-activate"),
      ),
    );
  return images.length === 0 ? statements : [...statements, ...remade(shape, run, at, images)];
}

/** What a run without a look at the records has replaced, it cannot tell. */
const tellBlind = ({ kept }: Opened): string[] =>
  kept?.syncFile.mirror === "none"
    ? [
        "The run had read none of its records (`mirror: none`): values go back to what the sync's run before had left there, not to what somebody may have written in between.",
      ]
    : [];

function tellLetGo({ run, records }: { run: string; records: number }): string[] {
  if (records === 0) return [];
  const [stay, them] = records === 1 ? ["stays", "it"] : ["stay", "them"];
  return [
    `${counted(records, "record", "records")} that run ${run} had taken over ${stay} without a link, for its undo let ${them} go. The next run would take ${them} over anew, and stops until somebody approves.`,
  ];
}

/** Records that lookups asked for may be pointed at by others by now. */
async function leftAlone(duck: Duck, { run }: Opened): Promise<string[]> {
  const told: string[] = [];
  for (let k = 0; await exists(run.files.parents(k)); k++) {
    const path = run.files.parents(k);
    const { n, keys } = await duck.one<{ n: number; keys: string }>(
      `SELECT count(*) AS n, array_to_string(list(key ORDER BY key)[1:5], ', ') AS keys FROM ${parquetRows(path)}`,
    );
    if (n > 0)
      told.push(
        `${counted(n, "record that a lookup", "records that lookups")} asked to be made (${keys}${n > 5 ? ", ..." : ""}) ${n === 1 ? "stays, for others may point at it" : "stay, for others may point at them"} by now.`,
      );
  }
  return told;
}
