import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Postgres, startPostgres } from "../../test/postgres.ts";
import { type Control, openControl, takeOver } from "./control.ts";
import { noteEvent, putAside, type RunEvent, refused } from "./events.ts";
import { migrations } from "./migrate.ts";
import { listRuns, transitions } from "./runs.ts";

/** Everything that is kept holds for both kinds of database. */
describe.each(["PGlite", "PostgreSQL"])("in %s", (kind) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  let postgres: Postgres | undefined;
  let control: Control;
  const open = () => openControl(folder, postgres?.url);
  beforeAll(async () => {
    if (kind === "PostgreSQL") postgres = await startPostgres();
    // What a process killed in the making would leave.
    else mkdirSync(join(folder, "control.new", "base"), { recursive: true });
    control = await open();
  });
  afterAll(async () => {
    await control.destroy();
    await postgres?.close();
    rmSync(folder, { recursive: true });
  });

  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const begin = (
    id: string,
    second: number,
    kind: "run" | "plan" | "rebuild" = "run",
    environment = "default",
    more: object = {},
  ) =>
    noteEvent(folder, {
      ...{ type: "started", id, environment, sync: "people", kind, started: at(second).toISOString(), ...more },
    } as RunEvent);
  const end = (id: string, second: number, rest: object = {}) =>
    noteEvent(folder, { type: "ended", id, status: "finished", finished: at(second).toISOString(), ...rest });

  const counts = {
    received: 3,
    created: 2,
    updated: 0,
    deleted: 0,
    unchanged: 0,
    excluded: 0,
    rejected: 1,
    failed: 0,
    writes: 2,
    requests: 7,
    seconds: 0.25,
  };

  test("a run comes back as it was noted", async () => {
    const approval = { codes: ["undone"], by: "Ana", at: at(1).toISOString() };
    begin("a", 1, "run", "default", { approval });
    end("a", 2, { counts });
    const resolution = { how: "skip" as const, by: "Ben", at: at(3).toISOString(), run: "b" };
    noteEvent(folder, { type: "resolved", id: "a", resolution });
    await takeOver(control, folder);
    const [run] = await listRuns(control, { environment: "default", sync: "people", limit: 5 });
    expect(run).toEqual({
      id: "a",
      environment: "default",
      sync: "people",
      kind: "run",
      status: "finished",
      started: at(1),
      finished: at(2),
      counts,
      plan: null,
      error: null,
      approval,
      resolution,
    });
    expect(putAside(folder)).toEqual([]);
  });

  test("runs are listed by environment, the newest first", async () => {
    begin("b", 3);
    end("b", 4, { status: "failed", error: { kind: "auth", code: "secret_wrong", message: "no", remedy: "yes" } });
    begin("c", 5, "plan");
    end("c", 6);
    begin("d", 7, "run", "production");
    end("d", 8, { counts });
    await takeOver(control, folder);
    const elsewhere = await listRuns(control, { environment: "production", limit: 2 });
    expect(elsewhere).toMatchObject([{ id: "d", sync: "people", counts }]);
    const listed = await listRuns(control, { environment: "default", limit: 2 });
    expect(listed.map((run) => run.id)).toEqual(["c", "b"]);
    expect(listed[1]?.error).toMatchObject({ code: "secret_wrong" });
  });

  test("the newest of a sync is the last it did, though the clock was put back before it", async () => {
    begin("20260103-a", 300, "run", "staging");
    begin("20260103-b", 20, "plan", "staging");
    begin("20260101-c", 30, "run", "staging", { sync: "firms" });
    await takeOver(control, folder);
    const listed = await listRuns(control, { environment: "staging", limit: 5 });
    expect(listed.map((run) => run.id)).toEqual(["20260101-c", "20260103-b", "20260103-a"]);
    const last = await listRuns(control, { environment: "staging", sync: "people", limit: 1 });
    expect(last).toMatchObject([{ id: "20260103-b", started: at(20) }]);
  });

  test("what has ended cannot begin or end again, in whatever way, so that steps may be taken over twice", async () => {
    const before = await listRuns(control, { environment: "default", limit: 100 });
    begin("a", 20);
    for (const { to } of transitions) end("a", 21, { status: to });
    await takeOver(control, folder);
    expect(await listRuns(control, { environment: "default", limit: 100 })).toEqual(before);
    const final = new Set(transitions.map((arrow) => arrow.to));
    for (const { from } of transitions) expect(final).not.toContain(from);
  });

  test("what began and never ended died with its process, and a line cut off by a crash is left out", async () => {
    begin("e", 10);
    appendFileSync(join(folder, "runs.ndjson"), '\n{"type":"ended","id":"e","sta');
    begin("g", 9);
    await control.destroy();
    control = await open();
    await takeOver(control, folder);
    const listed = await listRuns(control, { environment: "default", limit: 2 });
    expect(listed).toMatchObject([{ id: "g" }, { id: "e", status: "interrupted", finished: expect.any(Date) }]);
  });

  test("a run that was only taken for dead says how it ended; one that said so itself is not heard again", async () => {
    begin("h", 12);
    begin("i", 13, "rebuild");
    await takeOver(control, folder);
    end("h", 14, { counts });
    end("h", 15, { status: "failed", error: { kind: "state", code: "lease_lost", message: "no", remedy: "yes" } });
    end("i", 14, {
      status: "interrupted",
      error: { kind: "interrupted", code: "interrupted", message: "", remedy: "" },
    });
    end("i", 15);
    await takeOver(control, folder);
    const listed = await listRuns(control, { environment: "default", limit: 2 });
    expect(listed).toMatchObject([
      { id: "i", kind: "rebuild", status: "interrupted" },
      { id: "h", status: "finished", finished: at(14), counts },
    ]);
  });

  test("texts that the database keeps in no JSON come without what is no sign, also from what lies there since long", async () => {
    begin("j", 16, "run", "texts", { approval: { codes: [], by: "A\ud83d", at: "" } });
    end("j", 17, {
      status: "failed",
      error: { code: "bug", message: "half \ud83d, NUL \0, whole 😀", remedy: "\udc00" },
    });
    noteEvent(folder, { type: "resolved", id: "j", resolution: { how: "skip", by: "\0", at: "", run: "k" } });
    renameSync(join(folder, "runs.ndjson"), join(folder, "runs.ndjson.taken"));
    await takeOver(control, folder);
    expect(await listRuns(control, { environment: "texts", limit: 9 })).toMatchObject([
      {
        status: "failed",
        approval: { by: "A\ufffd" },
        error: { message: "half \ufffd, NUL \ufffd, whole 😀", remedy: "\ufffd" },
        resolution: { by: "\ufffd" },
      },
    ]);
  });

  test("a note that the database refuses is kept beside with the reason, and those behind it are taken over", async () => {
    begin("k", 18, "run", "refused");
    const wrong = [
      '{"type":1}',
      "null",
      '"x"',
      '{"type":"ended","id":"k","status":"odd","finished":"2026-01-01T00:00:00Z"}',
    ];
    wrong.push(
      '{"type":"ended","id":"k","status":"finished","finished":"never"}',
      '{"type":"started","id":"l","started":""}',
    );
    const started = { type: "started", environment: "refused", sync: "people", started: at(18).toISOString() };
    wrong.push(JSON.stringify({ ...started, id: "l", kind: "odd" }));
    wrong.push(JSON.stringify({ ...started, id: `${Array.from({ length: 9000 }, (_, i) => i)}`, kind: "run" }));
    appendFileSync(join(folder, "runs.ndjson"), `\n${wrong.join("\n")}`);
    end("k", 19, { counts });
    await takeOver(control, folder);
    expect(await listRuns(control, { environment: "refused", limit: 9 })).toMatchObject([
      { id: "k", status: "finished" },
    ]);
    expect([putAside(folder), refused(folder)]).toEqual([[], wrong.length]);
    expect(readFileSync(join(folder, "runs.ndjson.refused"), "utf8")).toContain("run_kind_check");
    rmSync(join(folder, "runs.ndjson.refused"));
  });

  test("where it is not the note's fault, all of them wait", async () => {
    begin("m", 20, "run", "waits");
    await sql`ALTER TABLE run RENAME TO away`.execute(control);
    await expect(takeOver(control, folder)).rejects.toThrow("run");
    await sql`ALTER TABLE away RENAME TO run`.execute(control);
    expect([putAside(folder).length, refused(folder)]).toEqual([1, 0]);
    await takeOver(control, folder);
    expect(await listRuns(control, { environment: "waits", limit: 9 })).toMatchObject([{ id: "m" }]);
  });

  test.runIf(existsSync("/dev/full"))("a note that finds no room is told", () => {
    symlinkSync("/dev/full", join(folder, "runs.ndjson"));
    expect(() => begin("f", 11)).toThrow(expect.objectContaining({ code: "disk_full" }));
    rmSync(join(folder, "runs.ndjson"));
  });

  test("values come back as what they were, whichever database keeps them", async () => {
    const { rows } =
      await sql`SELECT 7::bigint AS big, 1 AS small, true AS yes, '{"a": [1, null]}'::jsonb AS json, timestamptz '2026-01-02T03:04:05.678Z' AS instant, count(*) AS n FROM run`.execute(
        control,
      );
    const instant = new Date("2026-01-02T03:04:05.678Z");
    expect(rows).toEqual([{ big: 7, small: 1, yes: true, json: { a: [1, null] }, instant, n: expect.any(Number) }]);
  });

  test.runIf(kind === "PostgreSQL")(
    "a connection that breaks between two queries fails the second, and no more",
    async () => {
      const held = control.connection().execute(async (connection) => {
        const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(connection);
        const gone = sql`SELECT pg_terminate_backend(${rows[0]!.pid}::integer, 10000)`;
        await gone.execute(control);
        await sql`SELECT 1`.execute(connection);
      });
      await expect(held).rejects.toThrow();
      expect((await sql`SELECT 1 AS one`.execute(control)).rows).toEqual([{ one: 1 }]);
    },
  );

  test("migrations are numbered without a gap, and a database from the future is refused", async () => {
    expect(migrations().map(({ id }) => id)).toEqual(migrations().map((_, i) => i + 1));
    await control.insertInto("migration").values({ id: 9999, file: "9999_future.sql" }).execute();
    await control.destroy();
    await expect(open()).rejects.toMatchObject({ code: "state_newer" });
  });

  test("what a process killed in the making left is gone", () => {
    expect(readdirSync(folder)).toEqual(kind === "PGlite" ? ["control"] : []);
  });
});

test("a folder in whose place a file lies is named", async () => {
  const other = mkdtempSync(join(tmpdir(), "sluice-test-"));
  writeFileSync(join(other, "control"), "");
  await expect(openControl(other)).rejects.toMatchObject({
    code: "state_broken",
    message: expect.stringContaining(other),
  });
  rmSync(other, { recursive: true });
});
