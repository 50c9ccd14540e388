import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { syncFile } from "../../core/project.ts";
import type { Job } from "../../engine/job.ts";
import { takeLock } from "../../store/lock.ts";
import { jobProcesses as processes } from "./process.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-test-"));
afterAll(() => rmSync(root, { recursive: true }));

/** An entry file whose jobs do what `body` says: `job`, `onProgress` and `signal` are at hand. */
function entry(name: string, body: string): string {
  const file = join(root, `${name}.ts`);
  const child = new URL("./child.ts", import.meta.url).href;
  writeFileSync(
    file,
    `import { serveJob } from ${JSON.stringify(child)};\nserveJob(async (job, onProgress, signal) => {${body}});\n`,
  );
  return file;
}

const jobProcesses = (file: string) => processes(file).start;

function job(change: Partial<Job> = {}): Job {
  const end = { connection: "c", connector: "files", config: { secret: "hunter2", none: undefined }, base: root };
  return {
    run: "r1",
    kind: "check",
    sync: "people",
    environment: "default",
    folder: join(root, "default", "people"),
    syncFile: syncFile.parse({ model: "m", to: "c", object: "o", match: "a", mapping: { a: "a" } }),
    model: { name: "m", file: { connection: "c", table: "t", key: ["a"] } },
    audiences: [],
    source: end,
    destination: end,
    memoryLimit: "1GB",
    upstream: [],
    ...change,
  };
}

const columns = (text: string) => `return { kind: "check", columns: [{ name: String(${text}), type: "" }] }`;
const nobody = () => {};

test("the job arrives whole, progress and result come back", async () => {
  const seen: unknown[] = [];
  const start = jobProcesses(
    entry("good", `onProgress({ phase: "plan", done: 1 }); ${columns("job.source.config.secret + job.sync")}`),
  );
  const result = await start(job(), (progress) => seen.push(progress));
  expect(result).toEqual({ kind: "check", columns: [{ name: "hunter2people", type: "" }] });
  expect(seen).toEqual([{ phase: "plan", done: 1 }]);
});

test("neither arguments nor environment of the process hold the job", async () => {
  const start = jobProcesses(entry("open", columns("JSON.stringify([process.argv, process.env, process.execArgv])")));
  const result = await start(job(), nobody);
  expect(JSON.stringify(result)).not.toContain("hunter2");
  expect(JSON.stringify(result)).toContain("__job");
});

test("what it writes to standard output goes nowhere", async () => {
  const start = jobProcesses(entry("loud", `console.log("noise"); ${columns("1")}`));
  expect(await start(job(), nobody)).toMatchObject({ kind: "check" });
});

test("an error comes back with its code and place; one that is none of ours is a bug", async () => {
  const errors = new URL("../../core/errors.ts", import.meta.url).href;
  const ours = `const { SluiceError } = await import(${JSON.stringify(errors)}); throw new SluiceError("unknown_column", "no column x", { place: { file: "syncs/people.yaml", path: ["mapping", "x"] } })`;
  await expect(jobProcesses(entry("ours", ours))(job(), nobody)).rejects.toMatchObject({
    code: "unknown_column",
    place: { file: "syncs/people.yaml", path: ["mapping", "x"] },
  });
  await expect(jobProcesses(entry("theirs", "null.x"))(job(), nobody)).rejects.toMatchObject({ code: "bug" });
  const full = `throw Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" })`;
  await expect(jobProcesses(entry("full", full))(job(), nobody)).rejects.toMatchObject({ code: "disk_full" });
});

test("what is thrown where nobody waits for it is an answer, too", async () => {
  const start = jobProcesses(
    entry("late", `setTimeout(() => { throw new Error("later") }, 0); await new Promise(() => {})`),
  );
  await expect(start(job(), nobody)).rejects.toMatchObject({ code: "bug", message: expect.stringContaining("later") });
});

test("a process that dies without an answer says how", async () => {
  await expect(jobProcesses(entry("gone", "process.exit(7)"))(job(), nobody)).rejects.toMatchObject({
    code: "bug",
    message: expect.stringContaining("exit code 7"),
  });
  const killed = jobProcesses(entry("killed", `process.kill(process.pid, "SIGKILL"); await new Promise(() => {})`));
  await expect(killed(job(), nobody)).rejects.toMatchObject({
    code: "bug",
    message: expect.stringContaining("by signal SIGKILL"),
  });
});

const untilStopped = `onProgress({ phase: "deliver", done: 0 });
  await new Promise((resolve) => signal.addEventListener("abort", resolve));`;

test("stopping asks the job to end, and it is interrupted whatever it then throws", async () => {
  const stop = new AbortController();
  const start = jobProcesses(entry("stopped", `${untilStopped} throw new Error("aborted")`));
  await expect(start(job(), () => stop.abort(), stop.signal)).rejects.toMatchObject({ code: "interrupted" });
});

test("a fault after the stop is told, and that it was stopped", async () => {
  const stop = new AbortController();
  const full = `throw Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" })`;
  const start = jobProcesses(entry("faulty", `${untilStopped} ${full}`));
  await expect(start(job(), () => stop.abort(), stop.signal)).rejects.toMatchObject({
    code: "disk_full",
    others: [{ code: "interrupted" }],
  });
});

test("a job that still gets done after the stop has its result", async () => {
  const stop = new AbortController();
  const start = jobProcesses(entry("settled", `${untilStopped} ${columns("2")}`));
  expect(await start(job(), () => stop.abort(), stop.signal)).toMatchObject({ kind: "check" });
});

test("a job that does not hear is killed after its time", async () => {
  const stop = new AbortController();
  const deaf = entry(
    "deaf",
    `onProgress({ phase: "plan", done: 0 }); setImmediate(() => { for (;;); }); await new Promise(() => {})`,
  );
  const { start } = processes(deaf, 1);
  await expect(start(job(), () => stop.abort(), stop.signal)).rejects.toMatchObject({ code: "interrupted" });
});

test("a job that changes state has its sync's folder to itself", async () => {
  const start = jobProcesses(
    entry(
      "locking",
      `const { takeLock } = await import(${JSON.stringify(new URL("../../store/lock.ts", import.meta.url).href)}); takeLock(job.folder, "other")`,
    ),
  );
  await expect(start(job({ kind: "run" }), nobody)).rejects.toMatchObject({
    code: "state_locked",
    message: expect.stringContaining("run people"),
  });
  takeLock(job().folder, "after").release();
});

test("when the parent is killed, the job ends with it and the folder is free", async () => {
  const file = entry(
    "orphan",
    `onProgress({ phase: "deliver", done: process.pid }); setInterval(() => {}, 1e6); await new Promise(() => {})`,
  );
  const parent = join(root, "parent.ts");
  const process_ = new URL("./process.ts", import.meta.url).href;
  writeFileSync(
    parent,
    `import { jobProcesses } from ${JSON.stringify(process_)};
     await jobProcesses(${JSON.stringify(file)}).start(${JSON.stringify(job({ kind: "run" }))}, ({ done }) => console.log(done));`,
  );
  const child = spawn(process.execPath, [parent], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  expect(() => takeLock(job().folder, "test")).toThrow(expect.objectContaining({ code: "state_locked" }));
  child.kill("SIGKILL");
  takeLock(job().folder, "test", 10_000).release();
});

test("when the parent ends in a hurry, a job that does not hear ends with it", async () => {
  const file = entry(
    "deaf2",
    `onProgress({ phase: "plan", done: 0 }); setImmediate(() => { for (;;); }); await new Promise(() => {})`,
  );
  const parent = join(root, "hasty.ts");
  writeFileSync(
    parent,
    `import { jobProcesses } from ${JSON.stringify(new URL("./process.ts", import.meta.url).href)};
     jobProcesses(${JSON.stringify(file)}).start(${JSON.stringify(job({ kind: "run" }))}, () => process.exit(3));`,
  );
  const child = spawn(process.execPath, [parent], { stdio: ["ignore", "inherit", "inherit"] });
  expect(await once(child, "exit")).toEqual([3, null]);
  takeLock(job().folder, "test", 10_000).release();
});

test("a prepared process takes the next job, and only that; one prepared in vain ends", async () => {
  const { start, prepare, close } = processes(entry("pid", columns("process.pid")));
  const before = process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;
  const running = () => process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length - before;
  prepare();
  prepare();
  expect(running()).toBe(1);
  const first = start(job(), nobody);
  expect(running()).toBe(1);
  const second = start(job(), nobody);
  expect(running()).toBe(2);
  expect(await first).not.toEqual(await second);
  prepare();
  close();
  while (running() > 0) await new Promise((resolve) => setImmediate(resolve));
});
