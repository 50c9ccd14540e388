import { existsSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { expect, test } from "vitest";
import { openJournal } from "./journal.ts";

/** The files that this process has open. */
async function openFiles(): Promise<string[]> {
  const folder = "/proc/self/fd";
  return await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => "")));
}

const line = { w: "1-create", f: 1, t: 2, s: "created", i: [], x: [] } as const;

test.runIf(existsSync("/dev/full") && existsSync("/proc/self/fd"))(
  "a journal without room says so, and keeps no file open",
  async () => {
    const journal = await openJournal("/dev/full");
    const [first, second] = [journal.append({ ...line, i: [], x: [] }), journal.append({ ...line, i: [], x: [] })];
    const closed = journal.close();
    for (const failed of [first, second, closed]) await expect(failed).rejects.toMatchObject({ code: "disk_full" });
    expect(await openFiles()).not.toContain("/dev/full");
  },
);
