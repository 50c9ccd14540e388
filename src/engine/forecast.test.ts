import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector } from "../core/connector.ts";
import { estimate } from "./forecast.ts";

const synced = useSyncedWorld();
const waves = [
  { wave: "1-create", op: "create" as const, rows: 250, atATime: 100 },
  { wave: "2-update", op: "update" as const, rows: 0, atATime: 100 },
  { wave: "4-delete", op: "delete" as const, rows: 11, atATime: 10 },
];

test("before any measure the first requests' size counts, no time is told, and each row counts for the entitlement", () => {
  expect(estimate(waves, 7, undefined, undefined)).toEqual({
    waves: [
      { wave: "1-create", rows: 250, requests: 3 },
      { wave: "4-delete", rows: 11, requests: 2 },
    ],
    ...{
      refresh: 7,
      readfirst: 0,
      readback: 1,
      requests: 13,
      counted: 269,
      daily: null,
      share: null,
      seconds: null,
      measured: null,
    },
  });
});

test("a measured run gives requests and time; a known entitlement the share", () => {
  const last = { run: "r", rows: 1000, requests: 4, seconds: 10 };
  expect(estimate(waves, 1, last, 1000)).toMatchObject({
    waves: [{ requests: 1 }, { requests: 1 }],
    ...{ requests: 4, share: 0.263, seconds: 2.61, measured: "r" },
  });
});

test("records that are read before they are written cost requests, and count", () => {
  const strict = waves.map((wave) => ({ ...wave, readFirst: wave.op === "create" ? 0 : 2 * wave.rows }));
  expect(estimate(strict, 7, undefined, undefined, 10)).toMatchObject({ readfirst: 3, requests: 16, counted: 272 });
});

test("a plan without changes costs what it has cost already", () => {
  expect(estimate([], 3, undefined, 500_000)).toMatchObject({ waves: [], readback: 0, requests: 3, counted: 3 });
});

test("a run keeps what it took, and the next plan tells by it", async () => {
  synced.world.source = Array.from({ length: 120 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name: "x" }));
  expect((await synced.plan()).forecast).toMatchObject({ measured: null, seconds: null, counted: 121 });
  await synced.run();
  const first = synced.last();
  synced.world.source = synced.world.source.map((row) => ({ ...row, name: "y" }));
  const { forecast } = await synced.plan();
  expect(forecast).toMatchObject({ waves: [{ wave: "2-update", rows: 120 }], measured: first });
  expect(forecast!.seconds).toBeGreaterThan(0);
});

test("the guard of the request budget goes by the figure that the forecast tells", async () => {
  synced.world.source = Array.from({ length: 120 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name: "x" }));
  synced.settings = { requestLimit: 120 };
  synced.approved = [];
  expect((await synced.plan()).forecast).toMatchObject({ counted: 121 });
  await expect(synced.run()).rejects.toMatchObject({ code: "request_budget", message: / about 121 requests/ });
  synced.settings = { requestLimit: 121 };
  expect(await synced.run()).toMatchObject({ created: 120 });
});

test("what strict reads before it writes is counted: changed records once, deleted ones for their image too", async () => {
  synced.world.source = Array.from({ length: 150 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name: "x" }));
  await synced.run();
  synced.world.source = synced.world.source.slice(20).map((row) => ({ ...row, name: "y" }));
  synced.settings = { onLeave: "delete", allowDelete: true };
  expect((await synced.plan()).forecast.readfirst).toBe(1);
  synced.settings.concurrency = "strict";
  expect((await synced.plan()).forecast.readfirst).toBe(3);
});

/** A CRM that tells of each request, as one over HTTP does. */
const telling = (crm: Connector): Connector => ({
  ...crm,
  open(config, io) {
    const session = crm.open(config, io);
    const tell = <F extends (...args: never[]) => unknown>(of: F) =>
      ((...args) => {
        io.onRequest?.();
        return of(...args);
      }) as F;
    return { ...session, read: tell(session.read!), write: tell(session.write!) };
  },
});

test("what a measured run read before it wrote is not counted once more among the requests that write", async () => {
  const rows = (name: string) => Array.from({ length: 150 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name }));
  const requests = async (concurrency: string) => {
    synced.begin();
    synced.settings = { concurrency };
    for (const name of ["x", "y"]) {
      synced.world.source = rows(name);
      await synced.run({ through: telling });
    }
    synced.world.source = rows("z");
    const { waves, readfirst } = (await synced.plan()).forecast;
    return { writing: waves.map((wave) => wave.requests), readfirst };
  };
  const { writing } = await requests("last");
  expect(await requests("strict")).toEqual({ writing, readfirst: 2 });
});

test("the states that are read before records are put to rest, or woken, are counted", async () => {
  synced.world.source = Array.from({ length: 150 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name: "x" }));
  const all = synced.world.source;
  await synced.run();
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = all.slice(20);
  expect((await synced.plan()).forecast.readfirst).toBe(1);
  await synced.run();
  synced.world.source = all;
  expect((await synced.plan()).forecast.readfirst).toBe(1);
});
