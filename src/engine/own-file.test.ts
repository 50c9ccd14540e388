import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDuck, text } from "./duck.ts";
import { writeOwnFile } from "./own-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-own-"));
});
afterAll(() => rm(folder, { recursive: true }));
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test.each([".csv", ".parquet"])(
  "nobody else may read a file (%s), nor its draft while it is written",
  async (ending) => {
    const file = join(folder, `rows${ending}`);
    await writeFile(file, "of before", { mode: 0o644 });
    const before = process.umask();
    const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
    await writeOwnFile(file, async (draft) => {
      await duck.run(`COPY (SELECT 1 AS n) TO ${text(draft)}`);
      expect(await modeOf(draft)).toBe(0o600);
    });
    await duck.close();
    expect(await modeOf(file)).toBe(0o600);
    expect(process.umask()).toBe(before);
  },
);

test("what cannot be written leaves nothing beside, and the mask is as it was", async () => {
  const before = process.umask();
  const full = () => Promise.reject(new Error("ENOSPC: no space left on device"));
  await expect(writeOwnFile(join(folder, "full.csv"), full)).rejects.toMatchObject({ code: "disk_full" });
  expect((await readdir(folder)).filter((name) => name.startsWith("full"))).toEqual([]);
  expect(process.umask()).toBe(before);
});

test("nothing else is written over: what is called like a draft stays, a link leads to its target, a pipe is refused", async () => {
  const [file, real, link] = ["rows.json", "real.json", "link.json"].map((name) => join(folder, name));
  await writeFile(`${file}.new`, "precious");
  await writeOwnFile(file!, (draft) => writeFile(draft, "rows"));
  expect(await readFile(`${file}.new`, "utf8")).toBe("precious");
  await writeFile(real!, "before");
  await symlink(real!, link!);
  await writeOwnFile(link!, (draft) => writeFile(draft, "rows"));
  expect((await lstat(link!)).isSymbolicLink()).toBe(true);
  expect(await readFile(real!, "utf8")).toBe("rows");
  await rm(real!);
  await writeOwnFile(link!, (draft) => writeFile(draft, "anew"));
  expect(await readFile(real!, "utf8")).toBe("anew");
  const never = () => Promise.reject(new Error("written"));
  for (const there of ["/dev/null", folder])
    await expect(writeOwnFile(there, never)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(/no file/),
    });
});

test("a fault that is no fault of the file is told as it is", async () => {
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
  const copy = (sql: string, to = join(folder, "a.csv")) =>
    writeOwnFile(to, (draft) => duck.run(`COPY (${sql}) TO ${text(draft)}`));
  await expect(copy("SELECT missing FROM range(1)")).rejects.toMatchObject({ code: "bug" });
  await expect(copy("SELECT 1", join(folder, "nowhere", "a.csv"))).rejects.toMatchObject({ code: "usage" });
  await duck.close();
});
