import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));
const needNode = fileURLToPath(new URL("../bin/need-node.js", import.meta.url));

/** The Node of this test, made to believe that it is an old one. */
const old = [
  "--import",
  "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.1.0' })",
  "--disable-warning=ExperimentalWarning",
];

const lonely = mkdtempSync(join(tmpdir(), "sluice-test-"));
mkdirSync(join(lonely, "bin"));
for (const file of [launcher, needNode]) copyFileSync(file, join(lonely, "bin", basename(file)));
writeFileSync(join(lonely, "package.json"), JSON.stringify({ type: "module" }));
afterAll(() => rmSync(lonely, { recursive: true }));

/** Waits until the sandbox has printed its last assignment, and gives them. */
async function listening(child: ChildProcess): Promise<Record<string, string>> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes("CA_CERT=")) break;
  }
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
}

const sandbox = (...node: string[]) =>
  spawn(process.execPath, [...node, launcher, "sandbox", "--port", "0", "--print-env"], {
    stdio: ["ignore", "pipe", "inherit"],
  });

test("an old Node hands over to the one that npm brought, with arguments and status", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...old, launcher, "runn", "--json"], {
    encoding: "utf8",
  });
  expect(JSON.parse(stdout).error.message).toContain("'runn'");
  expect([status, stderr]).toEqual([2, ""]);
});

test("without it, one plain sentence says what is missing", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [...old, join(lonely, "bin", "sluice.js"), ...args], { encoding: "utf8" });
  const { status, stdout, stderr } = run("--help");
  expect([status, stdout, stderr.trim().split("\n").length]).toEqual([2, "", 1]);
  expect(stderr).toMatch(/install scripts were ignored.*npm ci/);
  expect(JSON.parse(run("--json").stdout).error).toMatchObject({ code: "usage", kind: "config" });
});

test("what npm starts asks for a new Node first, and an old one gets the same sentence", () => {
  const ask = (...node: string[]) => spawnSync(process.execPath, [...node, needNode], { encoding: "utf8" });
  expect([ask().status, ask().stderr]).toEqual([0, ""]);
  const { status, stdout, stderr } = ask(...old);
  expect([status, stdout, stderr.trim().split("\n").length]).toEqual([2, "", 1]);
  expect(stderr).toMatch(/this is 20\.1\.0.*npm ci/);
  const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  for (const [name, script] of Object.entries(scripts as Record<string, string>))
    if (name !== "demo" && !name.startsWith("check:")) expect(script).toMatch(/^node bin\/need-node\.js && /);
});

/** A Node of the machine, where it is an old one: what a person has who ignores npm's install scripts. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((node) => {
  if (!existsSync(node)) return false;
  const version = /^v(\d+)/.exec(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? "");
  return version !== null && Number(version[1]) >= 18 && Number(version[1]) < 22;
});

test.skipIf(oldNode === undefined)("a Node that really is old can read the question", () => {
  const { status, stderr } = spawnSync(oldNode!, [needNode], { encoding: "utf8" });
  expect([status, stderr.trim().split("\n").length]).toEqual([2, 1]);
  expect(stderr).toContain("Sluice needs Node 22.18 or newer");
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "the sandbox serves what it printed until %s, and ends well",
  async (signal) => {
    const child = sandbox();
    const env = await listening(child);
    expect((await fetch(`${env.BASE_URL}/_sandbox/requests`)).status).toBe(200);
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([0, null]);
    await expect(fetch(env.BASE_URL!)).rejects.toThrow();
  },
);

test("the sandbox fills its tables from CSV files before it says that it listens; a bad file ends it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-seed-"));
  const file = join(folder, "accounts.csv");
  writeFileSync(file, "name,numberofemployees\na,1\nb,two\n");
  const start = () =>
    spawn(process.execPath, [launcher, "sandbox", "--port", "0", "--print-env", "--seed", `account=${file}`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  const failing = start();
  let told = "";
  for await (const chunk of failing.stderr!) told += chunk;
  expect(told).toContain("line 3, column 'numberofemployees'");
  writeFileSync(file, "name,numberofemployees\na,1\nb,2\n");
  const child = start();
  const env = await listening(child);
  const { value } = (await (await fetch(`${env.BASE_URL}/_sandbox/rows/account`)).json()) as { value: unknown[] };
  expect(value).toHaveLength(2);
  child.kill("SIGTERM");
  await once(child, "exit");
  rmSync(folder, { recursive: true });
});

test("a signal to the launcher reaches the process behind it", async () => {
  const child = sandbox(...old);
  await listening(child);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("a launcher killed the hard way takes the process behind it along", async () => {
  const child = sandbox(...old);
  const env = await listening(child);
  child.kill("SIGKILL");
  await once(child, "exit");
  const gone = async () =>
    fetch(env.BASE_URL!).then(
      () => false,
      () => true,
    );
  while (!(await gone()));
});

test("a reader that closes the pipe early is no error", () => {
  const { status, stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${launcher}" --help | true`], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
});

test("a sandbox without room for its certificate says where, and what to do", () => {
  const env = { ...process.env, TMPDIR: join(lonely, "gone") };
  const { status, stdout } = spawnSync(process.execPath, [launcher, "sandbox", "--port", "0", "--json"], { env });
  expect(status).toBe(2);
  expect(JSON.parse(String(stdout)).error).toMatchObject({
    code: "usage",
    message: `The sandbox cannot start: its certificate cannot be written below ${env.TMPDIR} (ENOENT)`,
    remedy: "Make room there, or name another folder in TMPDIR.",
  });
});
