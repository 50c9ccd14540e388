import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { SluiceError } from "../../src/core/errors.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** The state folder on a disk of 64 MB at most, which is full at one phase after the other. */

const bench = useWorkbench();
const person = (n: number, name = "Name") => ({
  id: `${n}`,
  name: `${name} ${n}`,
  email: `${n}@example.com`,
  vip: n % 4 ? "no" : "yes",
});
const mount = (...args: string[]) => execFileSync("mount", args, { stdio: "ignore" });
const disk = () => join(bench.folder, ".sluice");

/** A disk of its own takes the right to mount one, which only a privileged user of Linux has. */
const mayMount = (() => {
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

afterEach(() => {
  if (mayMount) execFileSync("umount", [disk()], { stdio: "ignore" });
});

function onEmptyDisk(): void {
  mkdirSync(disk(), { recursive: true });
  mount("-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", disk());
}

/** From now on the disk holds what it holds, and so much more. */
function leaveRoom(kilobytes: number): void {
  const { blocks, bfree, bsize } = statfsSync(disk());
  const size = Math.min(64 * 1024, Math.ceil(((blocks - bfree) * bsize) / 1024) + kilobytes);
  mount("-o", `remount,size=${Math.max(4, size)}k`, disk());
}

test.skipIf(!mayMount)(
  "wherever the disk is full, the run says so and stops; with room all is as if nothing had been",
  async () => {
    await bench.begin({
      "syncs/people.yaml": peopleSync({
        onLeave: "delete",
        allowDelete: true,
        leaveLimit: "50 %",
        audiences: { vip: { list: "VIP" } },
      }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    });
    await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
    onEmptyDisk();
    const days = [
      Array.from({ length: 400 }, (_, n) => person(n)),
      Array.from({ length: 420 }, (_, n) => person(n, n % 3 ? "Name" : "Two")).filter(
        ({ id }) => Number(id) % 10 !== 3,
      ),
    ];
    for (const rows of days) {
      bench.source("people", rows);
      let full = 0;
      for (const kilobytes of [0, 16, 48, 96, 160, 256, 400, 640, 1024, 64 * 1024]) {
        leaveRoom(kilobytes);
        const error = await bench.runThroughFaults().then(
          () => undefined,
          (thrown: SluiceError) => thrown,
        );
        if (!error) break;
        expect(error).toMatchObject({ code: "disk_full", remedy: expect.stringMatching(/room/) });
        full++;
      }
      expect(full).toBeGreaterThan(2);
      leaveRoom(64 * 1024);
      await bench.runThroughFaults();
      const contacts = await bench.rows("contact");
      expect(contacts.map((row) => [row.externaluseridentifier, row.lastname]).sort()).toEqual(
        rows.map(({ id, name }) => [id, name]).sort(),
      );
      expect(await bench.rows("listmember")).toHaveLength(rows.filter(({ vip }) => vip === "yes").length);
      expect(await bench.run()).toMatchObject({ received: rows.length, unchanged: rows.length, writes: 0 });
      expect(await bench.verify()).toMatchObject({ differences: 0 });
    }
  },
);

test.skipIf(!mayMount)(
  "a compaction that finds no room says so, leaves the state as it was and nothing beside it",
  async () => {
    await bench.begin();
    onEmptyDisk();
    for (const name of ["Name", "Two"]) {
      const rows = Array.from({ length: 2000 }, (_, n) => person(n, n % 5 ? "Name" : name));
      bench.source("people", rows);
      await bench.run();
    }
    leaveRoom(16);
    const { syncs } = await bench.repair();
    expect(syncs.flatMap(({ steps }) => steps)).toContainEqual(
      expect.objectContaining({ step: "repair: state", status: "failed", remedy: expect.stringMatching(/room/) }),
    );
    expect(readdirSync(join(disk(), "default", "people")).filter((name) => name.includes(".new"))).toEqual([]);
    leaveRoom(64 * 1024);
    expect(await bench.repair()).toMatchObject({ failed: 0 });
    expect(await bench.run()).toMatchObject({ received: 2000, unchanged: 2000, writes: 0 });
  },
);

test.skipIf(!mayMount)("on a full disk doctor --repair removes what is kept no longer", async () => {
  await bench.begin();
  onEmptyDisk();
  bench.source(
    "people",
    Array.from({ length: 50 }, (_, n) => person(n)),
  );
  const [plan] = (await bench.plan()).plans;
  const folder = join(disk(), "default", "people", "runs", plan!.run);
  const longAgo = Date.now() / 1000 - 365 * 24 * 3600;
  utimesSync(folder, longAgo, longAgo);
  leaveRoom(0);
  expect(() => writeFileSync(join(disk(), "more"), "more")).toThrow(/ENOSPC/);
  rmSync(join(disk(), "more"));
  const { syncs } = await bench.repair();
  expect(syncs.flatMap(({ steps }) => steps)).toContainEqual(
    expect.objectContaining({ step: "repair: retention", detail: expect.stringMatching(/^1 plans and runs removed/) }),
  );
  expect(existsSync(folder)).toBe(false);
});
