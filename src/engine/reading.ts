import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { SluiceError } from "../core/errors.ts";
import { type Duck, parquetRows, text } from "./duck.ts";
import { canonVersion } from "./shape/build.ts";
import { inGroups } from "./sql/names.ts";
import { onDisk, writeWhole } from "./whole-file.ts";

/** Older ones are not taken up again: more has changed in the meantime than reading anew would cost. */
const LONGEST = 24 * 3600_000;

/** A read as far as it has come. `place`: see `Page`. `began`: milliseconds since 1970. */
const readingFile = z.strictObject({
  fits: z.string(),
  began: z.number(),
  place: z.string(),
  pages: z.number(),
  rows: z.number(),
  parts: z.array(z.string()),
});
export type Reading = z.infer<typeof readingFile>;

/** `of`: everything the read's rows depend on; `folder`: where it is kept. */
export type Kept = { folder: string; of: unknown };

/**
 * What a long full read has got so far, kept on disk as `reading.json` and the Parquet files it names, so that one that
 * is broken off need not begin anew. A file that it does not name is of no account.
 */
export async function startReading(duck: Duck, { of }: Kept): Promise<Reading> {
  const { engine } = await duck.one<{ engine: string }>("SELECT version() AS engine");
  const fits = createHash("sha256")
    .update(JSON.stringify([canonVersion, engine, of]))
    .digest("hex");
  return { fits, began: Date.now(), place: "", pages: 0, rows: 0, parts: [] };
}

/**
 * Puts the rows of the read that was broken off into the empty table `into`.
 * @returns undefined where there is none, or where it does not fit: then it is thrown away.
 */
export async function takeUp(duck: Duck, kept: Kept, into: string): Promise<Reading | undefined> {
  const { fits } = await startReading(duck, kept);
  const found = await readFile(join(kept.folder, "reading.json"), "utf8").catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return "null";
    throw thrown;
  });
  const { data: reading } = readingFile.safeParse(parsed(found));
  const young = reading !== undefined && Math.abs(Date.now() - reading.began) < LONGEST;
  if (!young || reading.fits !== fits || !(await load(duck, kept, reading, into))) {
    await dropReading(kept);
    return undefined;
  }
  return reading;
}

/** What the disk has spoilt is read anew. */
async function load(duck: Duck, { folder }: Kept, { parts }: Reading, into: string): Promise<boolean> {
  try {
    const paths = parts.map((part) => join(folder, part));
    await duck.run(`INSERT INTO ${into} SELECT * FROM ${parquetRows(paths)}`);
    return true;
  } catch (thrown) {
    if (thrown instanceof SluiceError && thrown.code === "bug") return false;
    throw thrown;
  }
}

/** Adds the rows of the pages after `last.pages` in the table `from`. Whoever dies meanwhile leaves `last`, whole. */
export async function keepReading(
  duck: Duck,
  { folder }: Kept,
  from: string,
  last: Reading,
  now: Pick<Reading, "place" | "pages" | "rows">,
): Promise<Reading> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = `${now.pages}.parquet`;
  await duck.run(
    `COPY (SELECT * FROM ${from} WHERE seq > ${last.pages}) TO ${text(join(folder, part))} (FORMAT parquet, ${inGroups})`,
  );
  await onDisk(join(folder, part));
  const reading = { ...last, ...now, parts: [...last.parts, part] };
  await writeWhole(join(folder, "reading.json"), reading);
  return reading;
}

export const dropReading = ({ folder }: Kept): Promise<void> => rm(folder, { recursive: true, force: true });

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
