import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDuck } from "./duck.ts";
import { attachBeside, openState } from "./open-state.ts";
import { migrations, stateVersion } from "./sql/tables.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-state-"));
  path = join(folder, "rows.duckdb");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As version 1 made it, with one linked row, before parents could be barred. */
const versionOne = [
  "CREATE TABLE meta(name VARCHAR, value VARCHAR)",
  "CREATE TABLE link(key VARCHAR, id VARCHAR, h UBIGINT, m VARCHAR, rested BOOLEAN)",
  "CREATE TABLE base(key VARCHAR, c_name VARCHAR)",
  "CREATE TABLE seen(key VARCHAR, c_name VARCHAR)",
  "CREATE TABLE have(id VARCHAR, gone BOOLEAN, created VARCHAR, c_name VARCHAR)",
  "CREATE TABLE pending(key VARCHAR, status VARCHAR, code VARCHAR, col VARCHAR, value VARCHAR, message VARCHAR, wake VARCHAR, ref VARCHAR, tries INTEGER, due INTEGER)",
  "CREATE TABLE member(list VARCHAR, id VARCHAR)",
  "CREATE TABLE ref(name VARCHAR, id VARCHAR, value VARCHAR)",
  "INSERT INTO link VALUES ('1', 'a', 7, 'straße', NULL)",
  "INSERT INTO base VALUES ('1', 'Ann')",
  "INSERT INTO pending(key, ref) VALUES ('2', 'account:weiß')",
  "INSERT INTO ref VALUES ('account', 'b', 'preß gmbh')",
];

async function write(statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** A process that changes a state and is killed before it puts its log away. */
async function diesIn(state: string, statements: string[]): Promise<void> {
  const given = JSON.stringify([state, statements]);
  const script = `import { DuckDBInstance } from "@duckdb/node-api";
const [state, statements] = JSON.parse(process.argv[1]);
const duck = await (await DuckDBInstance.create()).connect();
await duck.run("ATTACH '" + state + "' AS st");
for (const statement of statements) await duck.run(statement);
process.kill(process.pid, "SIGKILL");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, given], { stdio: "ignore" });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
}

/** A process that has a state attached until it is told to end. */
function holding(state: string, how: string) {
  const script = `import { DuckDBInstance } from "@duckdb/node-api";
const duck = await (await DuckDBInstance.create()).connect();
await duck.run("ATTACH '" + process.argv[1] + "' AS st${how}");
console.log("held");
process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, state], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  return {
    holds: once(child.stdout, "data"),
    ends: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

/** What the opened state holds, in one row. */
async function opened(): Promise<Record<string, unknown>> {
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
  try {
    await openState(duck, path);
    return await duck.one(`SELECT (SELECT value FROM st.meta WHERE name = 'version') AS version,
  (SELECT count(*) FROM st.link) AS links, (SELECT min(c_name) FROM st.base) AS name, (SELECT count(barred IS NULL) FROM st.ref) AS refs,
  (SELECT min(m) FROM st.link) || ', ' || (SELECT min(value) FROM st.ref) || ', ' || (SELECT min(ref) FROM st.pending) AS folded`);
  } finally {
    await duck.close();
  }
}

const now = {
  version: String(stateVersion),
  links: 1,
  name: "Ann",
  refs: 1,
  folded: "strasse, press gmbh, account:weiss",
};

describe("an older state", () => {
  test("is migrated, with all it holds, whether or not its first run had ended", async () => {
    await write(versionOne);
    expect(await opened()).toEqual(now);
    expect(await opened()).toEqual(now);
    await rm(path);
    await write([...versionOne, "INSERT INTO meta VALUES ('version', '1'), ('turn', '3')"]);
    expect(await opened()).toEqual(now);
    expect(await readdir(folder)).toEqual(["rows.duckdb"]);
  });

  test("stays as it was where the migration dies, and the next one begins anew", async () => {
    await write(versionOne);
    const before = await readFile(path);
    // What a process leaves that was killed while it copied, and one killed while it migrated the copy.
    await copyFile(path, `${path}.migrating`);
    await truncate(`${path}.migrating`, 5000);
    await writeFile(`${path}.migrating.wal`, "half a log");
    expect(await readFile(path)).toEqual(before);
    expect(await opened()).toEqual(now);
    expect(await readdir(folder)).toEqual(["rows.duckdb"]);
  });

  test("is whole wherever the migration dies: the copy made, half migrated, migrated, or put in its place", async () => {
    await write(versionOne);
    const before = await readFile(path);
    const steps = [
      "CREATE TABLE IF NOT EXISTS st.unmet(key VARCHAR, col VARCHAR)",
      ...migrations[1]!,
      ...migrations[2]!,
    ];
    for (let done = 0; done <= steps.length; done++) {
      await writeFile(path, before);
      await copyFile(path, `${path}.migrating`);
      await diesIn(`${path}.migrating`, steps.slice(0, done));
      expect(await readFile(path)).toEqual(before);
      expect(await opened()).toEqual(now);
      expect(await readdir(folder)).toEqual(["rows.duckdb"]);
    }
    // Put in its place, and nobody came to say so.
    expect(await opened()).toEqual(now);
  });

  test("is left alone where a migration cannot be made", async () => {
    await write(versionOne.filter((statement) => !statement.includes("ref")));
    const before = await readFile(path);
    await expect(opened()).rejects.toMatchObject({ code: "bug" });
    expect(await readFile(path)).toEqual(before);
  });
});

describe("another sync's state", () => {
  const folded = [
    ...versionOne,
    "ALTER TABLE ref ADD COLUMN barred BOOLEAN",
    `INSERT INTO meta VALUES ('version', '${stateVersion}')`,
    "INSERT INTO meta VALUES ('folded', 'r1')",
  ];
  /** The ids it knows; undefined where nobody can tell. */
  async function looked(): Promise<unknown> {
    const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
    try {
      if (!(await attachBeside(duck, path))) return undefined;
      return await duck.all("SELECT id FROM beside.link");
    } finally {
      await duck.close();
    }
  }

  test.each<[string, string[] | undefined, unknown]>([
    ["is read", folded, [{ id: "a" }]],
    ["is not there", undefined, undefined],
    ["is of no run that has ended", folded.slice(0, -1), undefined],
    ["is an older one", versionOne, undefined],
    ["is none", ["CREATE TABLE other(key VARCHAR)"], undefined],
  ])("%s", async (_, statements, found) => {
    if (statements) await write(statements);
    const before = statements && (await readFile(path));
    expect(await looked()).toEqual(found);
    if (before) expect(await readFile(path)).toEqual(before);
  });

  test("is read with what its log has, or not at all while a process writes it; who comes to write it waits a moment", async () => {
    await write(folded);
    await diesIn(path, ["UPDATE st.link SET id = 'b'"]);
    expect(await looked()).toEqual([{ id: "b" }]);
    const writer = holding(path, "");
    await writer.holds;
    expect(await looked()).toBeUndefined();
    await writer.ends();
    const reader = holding(path, " (READ_ONLY)");
    await reader.holds;
    const [, now] = await Promise.all([setTimeout(300).then(reader.ends), opened()]);
    expect(now).toMatchObject({ links: 1 });
  });
});

test("a newer state is refused and not touched", async () => {
  await write([...versionOne, `INSERT INTO meta VALUES ('version', '${stateVersion + 1}')`]);
  const before = await readFile(path);
  await expect(opened()).rejects.toMatchObject({ code: "state_newer", kind: "state" });
  expect(await readFile(path)).toEqual(before);
});

describe("a damaged state is told as such, with the way out, and not touched", () => {
  test.each([0, 100, 4096, 12_288])("cut to %i bytes", async (size) => {
    await write(versionOne);
    await truncate(path, Math.min(size, (await readFile(path)).length - 1));
    const before = await readFile(path);
    await expect(opened()).rejects.toMatchObject({
      code: "state_broken",
      remedy: expect.stringContaining("sluice rebuild"),
    });
    expect(await readFile(path)).toEqual(before);
  });

  test.each([0, 4096])("written over at byte %i", async (at) => {
    await write(versionOne);
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill("garbage ", at, at === 0 ? 64 : 12_000));
    await expect(opened()).rejects.toMatchObject({ code: "state_broken" });
  });

  test("the log is there, but not the file: the log is kept", async () => {
    await writeFile(`${path}.wal`, "a log");
    await expect(opened()).rejects.toMatchObject({ code: "state_broken", message: expect.stringContaining("gone") });
    expect(await readdir(folder)).toEqual(["rows.duckdb.wal"]);
  });
});
