import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStateFolder } from "./folder.ts";
import { takeLock } from "./lock.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-test-"));
afterAll(() => rmSync(root, { recursive: true }));
let n = 0;
const fresh = () => join(root, String(n++), "state");

/** Another process that takes the lock of a folder and says so; it holds it until it is killed. */
async function holder(folder: string) {
  const script = `import { takeLock } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)};
    globalThis.lock = takeLock(${JSON.stringify(folder)}, "run people"); console.log("held"); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("a second process is refused, with the first one's number and command", async () => {
  const folder = fresh();
  const child = await holder(folder);
  expect(() => takeLock(folder, "plan")).toThrow(
    expect.objectContaining({
      code: "state_locked",
      message: expect.stringMatching(new RegExp(`Process ${child.pid} \\(sluice run people, since `)),
    }),
  );
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("the lock goes with its process, however that dies, and one can wait for that", async () => {
  const folder = fresh();
  const child = await holder(folder);
  setTimeout(() => child.kill("SIGKILL"), 0);
  await once(child, "exit");
  expect(existsSync(join(folder, "lock.json"))).toBe(true);
  takeLock(folder, "plan", 5000).release();
  expect(existsSync(join(folder, "lock.json"))).toBe(false);
});

test("a lock that was given back can be taken again, a note that lies does no harm", () => {
  const folder = fresh();
  takeLock(folder, "plan").release();
  writeFileSync(join(folder, "lock.json"), "{half");
  const lock = takeLock(folder, "run");
  writeFileSync(join(folder, "lock.json"), "{half");
  expect(() => takeLock(folder, "plan")).toThrow(/Another process works on the state folder/);
  lock.release();
});

test("the folder is private", () => {
  const folder = fresh();
  openStateFolder(folder, "run").close();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("a folder that cannot be made or written is said to be so", () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  expect(() => takeLock(file, "run")).toThrow(expect.objectContaining({ code: "state_unwritable" }));
  expect(() => takeLock(join(file, "below"), "run")).toThrow(expect.objectContaining({ code: "state_unwritable" }));
  expect(() => takeLock("/proc/sluice", "run")).toThrow(expect.objectContaining({ code: "state_unwritable" }));
});

test.runIf(existsSync("/dev/full"))(
  "on a full disk the lock is taken all the same, for whoever makes room; only nobody is told who holds it",
  () => {
    const folder = fresh();
    takeLock(folder, "run").release();
    symlinkSync("/dev/full", join(folder, "lock.json"));
    const lock = takeLock(folder, "doctor --repair");
    expect(existsSync(join(folder, "lock.json"))).toBe(false);
    expect(() => takeLock(folder, "run")).toThrow(/Another process works on the state folder/);
    lock.release();
    takeLock(folder, "run").release();
  },
);

test("a state folder of a newer Sluice is refused and let go, one's own is taken", () => {
  const folder = fresh();
  openStateFolder(folder, "run").close();
  openStateFolder(folder, "run").close();
  const strange = { "99\n": "state_newer", "x\n": "state_broken", "": "state_broken", "1e9": "state_broken" };
  for (const [text, code] of Object.entries(strange)) {
    writeFileSync(join(folder, "format"), text);
    expect(() => openStateFolder(folder, "run")).toThrow(expect.objectContaining({ code }));
  }
  rmSync(join(folder, "format"));
  openStateFolder(folder, "run").close();
  takeLock(folder, "run").release();
});
