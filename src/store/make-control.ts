import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

/**
 * A history needs little: with PGlite's 128 MB of buffers opening one took twice as long, and they stayed; segments of its log
 * are 16 MB each, however little is in them.
 */
const startParams = [...PGlite.defaultStartParams, "-c", "shared_buffers=16MB"];
const initDbStartParams = ["--wal-segsize=1"];

/** Opens the embedded control database at `path`. */
export const openEngine = (path: string): Promise<PGlite> => PGlite.create(path, { startParams });

/**
 * Makes an embedded control database at `path`, with nothing in it yet; a process killed meanwhile leaves no half of one. The
 * first takes seconds; it is kept as `template`, and every later one is a copy of that.
 */
export async function makeControl(path: string, template = besideTheCode()): Promise<void> {
  const draft = `${path}.new`;
  rmSync(draft, { recursive: true, force: true });
  if (!(await copied(template, draft))) {
    await make(draft);
    keep(draft, template);
  }
  renameSync(draft, path);
}

/** Not in /tmp, where others could put some of theirs; and for this PGlite alone. */
function besideTheCode(): string {
  const engine = fileURLToPath(import.meta.resolve("@electric-sql/pglite"));
  const { version } = JSON.parse(readFileSync(join(dirname(engine), "../package.json"), "utf8")) as { version: string };
  return fileURLToPath(new URL(`../../node_modules/.cache/sluice/control-${version}`, import.meta.url));
}

/**
 * In memory first: a third of the time that PGlite takes where each of its files is on disk. Two thirds of them are those of
 * databases that are there to be copied, and nobody does.
 */
async function make(path: string): Promise<void> {
  const engine = await PGlite.create({ startParams, initDbStartParams });
  await engine.exec("UPDATE pg_database SET datistemplate = false");
  for (const unused of ["template0", "template1"]) await engine.exec(`DROP DATABASE ${unused}`);
  const content = await engine.dumpDataDir("none").finally(() => engine.close());
  await (await PGlite.create(path, { startParams, loadDataDir: content })).close();
}

/** Whether there is a template, and its copy opens: PGlite does not fsync, so a power cut may have left half of it. */
async function copied(template: string, path: string): Promise<boolean> {
  if (!existsSync(template)) return false;
  try {
    cpSync(template, path, { recursive: true });
    await (await openEngine(path)).close();
    return true;
  } catch {
    // Where there was no room, or another process threw the template away, making one tells.
    for (const broken of [template, path]) rmSync(broken, { recursive: true, force: true });
    return false;
  }
}

/** Where the code cannot be written to, or its disk is full, the next one is made as this was. */
function keep(made: string, template: string): void {
  const draft = `${template}.${process.pid}`;
  try {
    mkdirSync(dirname(draft), { recursive: true });
    cpSync(made, draft, { recursive: true });
    renameSync(draft, template);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
}
