import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import type { Call, WebApi } from "./http.ts";
import { jsonOf, readWhole } from "./json.ts";

/** Asks about the schema, past the server's caches of about 30 seconds: a column made a moment ago must be seen. */
export const fresh = { consistency: "Strong" };

/** What the version does not tell, such as which tables take bulk messages, is believed for a day. */
const LONGEST = 24 * 3600_000;

export type Answers = {
  /** As `getJson`, but from the disk where the answer is there. `keep`: false for what may change without the version. */
  get<T>(call: Call, schema: z.ZodType<T>, signal?: AbortSignal, keep?: (value: T) => boolean): Promise<T>;
};

/**
 * Answers about the schema, kept in `folder`. `state` names all they depend on: the organisation, the user (whose
 * language labels are in) and the version of the environment's metadata. Where it differs from the last time everything
 * is thrown away. Several processes may share it: each reads what any of them has kept. Each answer is kept under its whole address, so that another API version, or a Sluice that asks for
 * other fields, finds nothing; one that is damaged or in another form counts as absent. Without `state` or `folder`
 * nothing is kept.
 */
export async function openAnswers(
  api: WebApi,
  folder: string | undefined,
  state: string | undefined,
): Promise<Answers> {
  const place = folder !== undefined && state !== undefined ? join(folder, digest(state)) : undefined;
  if (place !== undefined) await keepOnly(folder!, digest(state!));
  return {
    async get(call, schema, signal, keep = () => true) {
      const file = place === undefined ? undefined : join(place, `${digest(call.path)}.json`);
      const known = file === undefined ? undefined : await kept(file, schema);
      if (known !== undefined) return known.value;
      const answer = await readWhole(api, { ...call, headers: { ...fresh, ...call.headers } }, signal);
      const value = jsonOf(answer, call.doing, schema);
      if (file !== undefined && keep(value)) await keepWhole(join(folder!, `${randomUUID()}.new`), file, answer.body);
      return value;
    },
  };
}

async function kept<T>(file: string, schema: z.ZodType<T>): Promise<{ value: T } | undefined> {
  try {
    if (Math.abs(Date.now() - (await stat(file)).mtimeMs) > LONGEST) return undefined;
    const checked = schema.safeParse(JSON.parse(await readFile(file, "utf8")));
    return checked.success ? { value: checked.data } : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || (thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

/**
 * Whole or not at all: a reader never sees half an answer. `draft` has a name of its own and lies where the next who opens the
 * answers clears away, so that nobody's death leaves it for long; where another process clears it, or the answers of this
 * state, away meanwhile, the answer is not kept.
 */
async function keepWhole(draft: string, file: string, body: string | Buffer): Promise<void> {
  try {
    await writeFile(draft, body, { mode: 0o600 });
    await rename(draft, file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
    await rm(draft, { force: true });
  }
}

/** Where another process, which sees another state, removes the folder in the very moment that it is made, nothing is kept. */
async function keepOnly(folder: string, name: string): Promise<void> {
  try {
    await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
  const others = (await readdir(folder)).filter((other) => other !== name);
  await Promise.all(others.map((other) => clear(join(folder, other))));
}

/** What another process puts into a folder while it is removed stays for the next who opens the answers. */
async function clear(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw thrown;
  }
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
