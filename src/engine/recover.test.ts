import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { dying } from "./dying.test-data.ts";

const synced = useSyncedWorld();

beforeEach(() => {
  synced.keyed = true;
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", null)];
});

const row = (id: string, code: string, name: string | null) => ({ id, code, name });

/** A run that dies before it reads back what it wrote, so nothing of it is folded. */
const dyingRun = () => expect(synced.run({ through: dying })).rejects.toThrow("dead");

const there = () => [...synced.world.crm.values()].map((r) => r.values).sort((a, b) => (a.code! < b.code! ? -1 : 1));

describe.each([
  ["kept", "a key"],
  ["kept", "no key"],
  ["deleted", "a key"],
  ["deleted", "no key"],
])("a run died after it had created its records: the journal %s, %s", (journal, guard) => {
  beforeEach(() => {
    synced.keyed = guard === "a key";
  });
  const die = async () => {
    await dyingRun();
    if (journal === "deleted") await rm(synced.file("journal.ndjson"));
  };

  test("nothing is written again, and what Dynamics filled in by itself stays", async () => {
    synced.world.defaults = { name: "new", amount: "5" };
    await die();
    const before = there();
    expect(before[1]).toMatchObject({ code: "B", name: "new" });
    expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
    expect(there()).toEqual(before);
  });

  test("only what changed in the source since then is written", async () => {
    synced.world.defaults = { name: "new" };
    await die();
    synced.world.source = [row("1", "A", "Anna"), row("2", "B", null)];
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
    expect(there()).toMatchObject([{ name: "Anna" }, { name: "new" }]);
  });

  test("a row that left since then is a row that left", async () => {
    synced.settings = { onLeave: "clear" };
    await die();
    synced.world.source = [row("2", "B", null)];
    expect(await synced.run()).toMatchObject({ received: 2, updated: 1, unchanged: 1 });
    expect(there()).toMatchObject([{ code: "A", name: null }, { code: "B" }]);
  });

  test("a second death changes nothing", async () => {
    synced.world.defaults = { name: "new" };
    await die();
    synced.world.source.push(row("3", "C", null));
    await die();
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
    expect(there().map((r) => r.name)).toEqual(["Ann", "new", "new"]);
  });

  test("a record made anew, because somebody had deleted it, is not made twice", async () => {
    synced.settings = { deletedThere: "recreate" };
    await synced.run();
    people.remove(synced.world, [...synced.world.crm.keys()][0]!);
    await die();
    expect(synced.world.crm.size).toBe(2);
    expect(await synced.run()).toMatchObject({ unchanged: 2, failed: 0, writes: 0 });
    expect(synced.world.crm.size).toBe(2);
  });

  test("what somebody else wrote meanwhile is put right, as after any run", async () => {
    await die();
    const [id] = [...synced.world.crm].find(([, r]) => r.values.code === "A")!;
    people.edit(synced.world, id, { name: "Zoe" });
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1 });
    expect(there()[0]).toMatchObject({ name: "Ann" });
  });
});

test("with the journal a record is found whose match value was rewritten", async () => {
  synced.world.rewrite = (column, value) => (column === "code" ? `X-${value}` : value);
  await dyingRun();
  expect(await synced.run()).toMatchObject({ created: 0 });
  expect(synced.world.crm.size).toBe(2);
});

test("without the journal several records that fit are for the policy to judge", async () => {
  synced.keyed = false;
  await dyingRun();
  await rm(synced.file("journal.ndjson"));
  for (const r of [...synced.world.crm.values()]) {
    people.remove(synced.world, r.id);
    people.create(synced.world, { code: r.values.code! });
    people.create(synced.world, { code: r.values.code! });
  }
  expect(await synced.run()).toMatchObject({ rejected: 2, writes: 0 });
});

test("a torn last line of the journal is no line", async () => {
  await dyingRun();
  const journal = synced.file("journal.ndjson");
  await truncate(journal, (await readFile(journal)).length - 20);
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a plan that a power cut has torn does no harm", async () => {
  await dyingRun();
  await writeFile(synced.file("change-1-create.parquet"), "PAR1");
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(await readdir(join(synced.folder, "runs"))).toHaveLength(2);
});

test("a record that was there before belongs to nobody's dead run", async () => {
  people.create(synced.world, { code: "A", name: "old" });
  await dyingRun();
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(there()).toMatchObject([{ code: "A", name: "Ann" }, { code: "B" }]);
});

test.skipIf(!existsSync("/dev/full"))(
  "no room for the journal: the run says so, and the next one knows what was sent",
  async () => {
    synced.settings = { mode: "create", match: "code" };
    const run = join(synced.folder, "runs", "run-1");
    await mkdir(run, { recursive: true });
    await symlink("/dev/full", join(run, "journal.ndjson"));
    await expect(synced.run()).rejects.toMatchObject({ code: "disk_full" });
    expect(synced.world.crm.size).toBe(2);
    await rm(join(run, "journal.ndjson"));
    expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, rejected: 0, writes: 0 });
    expect(synced.world.crm.size).toBe(2);
  },
);
