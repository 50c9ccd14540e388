import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What a bad disk or a stray hand has done to the state folder: told, never worked with, and nobody is there twice. */

const bench = useWorkbench();
const people = Array.from({ length: 300 }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: `${n}@example.com` }));
const changed = people.map((row, n) => (n % 3 ? row : { ...row, name: "Two" }));

let saved: string;
beforeAll(async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "deactivate" }) });
  bench.source("people", people);
  await bench.run();
  bench.source("people", changed);
  await bench.run();
  saved = join(bench.folder, "saved");
  cpSync(join(bench.folder, ".sluice"), saved, { recursive: true });
});

const inState = (path: string) => join(bench.folder, ".sluice", path);
const inSync = (path: string) => inState(join("default", "people", path));
const runs = () => readdirSync(inSync("runs")).sort();
const inLastRun = (path: string) => inSync(join("runs", runs().at(-1)!, path));
const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919) % 251));

function begin(): void {
  rmSync(inState(""), { recursive: true, force: true });
  cpSync(saved, inState(""), { recursive: true });
}

/** As a bad disk does: bytes from `from` on are others. */
function overwrite(path: string, from: number, length: number): void {
  const bytes = readFileSync(path);
  noise(Math.min(length, bytes.length - from)).copy(bytes, from);
  writeFileSync(path, bytes);
}

function cutTables(base: string): void {
  const files = readdirSync(base, { recursive: true }).map((name) => join(base, String(name)));
  for (const path of files.filter((name) => /\d{5,}$/.test(name) && !statSync(name).isDirectory())) truncateSync(path);
}

/** Leaves the log of a transaction that was not yet taken into the file, with a hole in it. */
async function brokenLog(): Promise<void> {
  const [kept, log] = [inSync("kept"), `${inSync("rows.duckdb")}.wal`];
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`ATTACH '${inSync("rows.duckdb")}' AS st`);
  await connection.run("PRAGMA disable_checkpoint_on_shutdown");
  await connection.run("INSERT INTO st.have(id) SELECT range::VARCHAR FROM range(5000)");
  cpSync(log, kept);
  connection.closeSync();
  instance.closeSync();
  cpSync(kept, log);
  rmSync(kept);
  overwrite(log, Math.floor(readFileSync(log).length / 2), 400);
}

test.each([
  ["the state is cut", "default/people/rows.duckdb", (path: string) => truncateSync(path, 300_000)],
  ["the state begins with noise", "default/people/rows.duckdb", (path: string) => overwrite(path, 0, 4096)],
  ["the state has noise within", "default/people/rows.duckdb", (path: string) => overwrite(path, 12_288, 1e9)],
  ["the log of the state has a hole", "default/people/rows.duckdb", brokenLog],
  ["the lock is noise", "lock", (path: string) => writeFileSync(path, noise(1000))],
] as const)(
  "%s: refused by the name of the file, doctor says it too, and what the remedy says brings all back",
  async (_what, file, damage) => {
    begin();
    await damage(inState(file));
    const broken = { code: "state_broken", message: expect.stringContaining(inState(file)) };
    await expect(bench.run()).rejects.toMatchObject({ ...broken, remedy: expect.stringMatching(/rebuild|[Rr]emove/) });
    if (file.startsWith("default")) {
      const { syncs } = await bench.doctor();
      expect(syncs.flatMap(({ steps }) => steps)).toContainEqual(
        expect.objectContaining({ status: "failed", cause: broken.message }),
      );
    } else await expect(bench.doctor()).rejects.toMatchObject(broken);
    if (file.startsWith("default")) await bench.rebuild("people");
    else rmSync(inState(file));
    expect(await bench.run()).toMatchObject({ received: 300, created: 0, unchanged: 300, writes: 0 });
  },
);

test.each([
  ["its version is missing", (folder: string) => rmSync(join(folder, "PG_VERSION"))],
  [
    "its own record of itself is noise",
    (folder: string) => writeFileSync(join(folder, "global/pg_control"), noise(8192)),
  ],
  ["its tables are cut", (folder: string) => cutTables(join(folder, "base"))],
])(
  "the history is damaged (%s): runs go on, what needs it and doctor tell the way out, and nothing else is lost",
  async (_what, damage) => {
    begin();
    const control = inState("control");
    expect(await bench.runs()).toHaveLength(2);
    damage(control);
    expect(await bench.run()).toMatchObject({ received: 300, unchanged: 300, writes: 0 });
    const broken = {
      message: expect.stringContaining(control),
      remedy: expect.stringContaining(`move ${control} away`),
    };
    await expect(bench.runs()).rejects.toMatchObject({ code: "state_broken", ...broken });
    const { history, failed } = await bench.doctor();
    expect(history).toMatchObject([{ status: "failed", cause: broken.message, remedy: broken.remedy }]);
    expect(failed).toBe(1);
    rmSync(control, { recursive: true });
    expect(await bench.runs()).toMatchObject([{ status: "finished" }]);
  },
);

test.each([
  ["its changes have a hole", () => overwrite(inLastRun("change-2-update.parquet"), 4, 1000)],
  ["its changes are torn", () => truncateSync(inLastRun("change-2-update.parquet"), 100)],
  ["its journal is noise", () => writeFileSync(inLastRun("journal.ndjson"), noise(4000))],
  ["its rows are noise", () => writeFileSync(inLastRun("touched.parquet"), noise(400))],
  ["its configuration is torn", () => truncateSync(inLastRun("job.json"), 20)],
])("a run died, and %s: the next one finds out what is there", async (_what, damage) => {
  begin();
  // As if its fold had never been: it had sent everything.
  rmSync(inLastRun("done.json"));
  damage();
  expect(await bench.run()).toMatchObject({ received: 300, created: 0, unchanged: 300, writes: 0 });
  expect(existsSync(inSync(join("runs", runs().at(-2)!, "done.json")))).toBe(true);
  expect(await bench.verify()).toMatchObject({ differences: 0 });
});

test("what a run can do without may be damaged, or lie about", async () => {
  begin();
  writeFileSync(inSync("relied.json"), "{gar");
  mkdirSync(inSync("reading/table"), { recursive: true });
  writeFileSync(inSync("reading/table/reading.json"), "{gar");
  writeFileSync(inSync("runs/.DS_Store"), "stray");
  writeFileSync(inSync("lock.json"), "{gar");
  writeFileSync(inLastRun("done.json"), "{gar");
  writeFileSync(inState("runs.ndjson"), 'garbage\n{"type":1}\n');
  expect(await bench.run()).toMatchObject({ received: 300, created: 0, unchanged: 300, writes: 0 });
  expect(await bench.doctor()).toMatchObject({ failed: 0 });
  expect(await bench.runs()).toMatchObject([{ status: "finished" }]);
  const refused = inState("runs.ndjson.refused");
  expect((await bench.doctor()).history).toMatchObject([
    { status: "warning", cause: expect.stringContaining(refused) },
  ]);
  rmSync(refused);
  expect((await bench.doctor()).history).toMatchObject([{ status: "ok" }]);
});
