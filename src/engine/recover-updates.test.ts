import { rm } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector } from "../core/connector.ts";
import { dying } from "./dying.test-data.ts";

/** A run died after it had updated its records: what it sent is ours, not somebody else's change. */

const synced = useSyncedWorld();
const row = (id: string, code: string, name: string | null, born: string | null = null) => ({ id, code, name, born });
const born = { from: "born", formats: ["yyyy-MM-dd"] };
const dyingRun = () => expect(synced.run({ through: dying })).rejects.toThrow("dead");
const there = () => [...synced.world.crm.values()].map((r) => r.values).sort((a, b) => (a.code! < b.code! ? -1 : 1));

describe.each(["overwrite", "keep"])("drift: %s", (drift) => {
  beforeEach(async () => {
    synced.settings = { drift, onLeave: "clear", mapping: { code: "code", name: "name", born } };
    synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
    await synced.run();
    synced.world.source = [row("1", "A", "Anna", "2000-01-01"), row("2", "B", "Ben")];
    await dyingRun();
    expect(there()).toMatchObject([{ name: "Anna", born: "2000-01-01" }, { name: "Ben" }]);
  });

  test("what it wrote is not written again", async () => {
    expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  });

  test("the source moves again, and back to what it was", async () => {
    synced.world.source = [row("1", "A", "Anne", "2000-01-01"), row("2", "B", "Ben")];
    expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
    expect(there()[0]).toMatchObject({ name: "Anne" });
    synced.world.source = [row("1", "A", "Anna"), row("2", "B", "Ben")];
    await dyingRun();
    synced.world.source = [row("1", "A", "Anne", "2000-01-01"), row("2", "B", "Ben")];
    expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
    expect(there()[0]).toMatchObject({ name: "Anne", born: "2000-01-01" });
    expect(await synced.run()).toMatchObject({ writes: 0 });
  });

  test("what people changed meanwhile is judged by the policy", async () => {
    const [id] = [...synced.world.crm].find(([, r]) => r.values.code === "A")!;
    people.edit(synced.world, id, { name: "Zoe" });
    const writes = drift === "keep" ? 0 : 1;
    expect(await synced.run()).toMatchObject({ updated: writes, writes });
    expect(there()[0]).toMatchObject({ name: drift === "keep" ? "Zoe" : "Anna", born: "2000-01-01" });
  });

  test("the row left since then, and the mapping lost a column", async () => {
    synced.settings = { drift, onLeave: "clear" };
    synced.world.source = [row("2", "B", "Ben")];
    expect(await synced.run()).toMatchObject({ received: 2, updated: 1, unchanged: 1 });
    expect(there()[0]).toMatchObject({ code: "A", name: null });
  });
});

describe("an amount keeps more digits since a run died", () => {
  const finer = (crm: Connector): Connector => ({
    ...crm,
    open(config, io) {
      const session = crm.open(config, io);
      const describe: typeof session.describe = async (...asked) => {
        const object = await session.describe(...asked);
        return { ...object, columns: object.columns.map((c) => (c.name === "amount" ? { ...c, precision: 4 } : c)) };
      };
      return { ...session, describe };
    },
  });
  const mapping = { code: "code", amount: "name" };

  test("what it wrote is ours, and takes what the source says later", async () => {
    synced.settings = { drift: "keep", mapping };
    synced.world.source = [row("1", "A", "1.5")];
    await synced.run();
    synced.world.source = [row("1", "A", "2.5")];
    await dyingRun();
    synced.world.source = [row("1", "A", "3.5")];
    expect(await synced.run({ through: finer })).toMatchObject({ updated: 1, writes: 1 });
    expect(there()).toMatchObject([{ amount: expect.stringMatching(/^3.50*$/) }]);
  });

  test.each(["code", "amount"])("so is what it made, its journal lost, matched by %s", async (match) => {
    synced.settings = { firstContact: "keep", mapping, match };
    synced.world.source = [row("1", "A", "1.5")];
    await dyingRun();
    await rm(synced.file("journal.ndjson"));
    const [code, amount] = match === "code" ? ["A", "2.5"] : ["B", "1.5"];
    synced.world.source = [row("1", code, amount)];
    expect(await synced.run({ through: finer })).toMatchObject({ created: 0, updated: 1, writes: 1 });
  });
});

test("a record that the dead run took over and filled takes what the source says later", async () => {
  synced.settings = { firstContact: "fill", drift: "keep" };
  people.create(synced.world, { code: "A" });
  synced.world.source = [row("1", "A", "Ann")];
  await dyingRun();
  expect(there()).toMatchObject([{ code: "A", name: "Ann" }]);
  synced.world.source = [row("1", "A", "Anna")];
  expect(await synced.run()).toMatchObject({ received: 1, updated: 1, writes: 1 });
  expect(there()).toMatchObject([{ name: "Anna" }]);
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
});

test("a record that a dead run, or one that heard no answer, put to rest is woken when its row returns", async () => {
  synced.settings = { onLeave: "deactivate" };
  const state = () => there()[0]!.statecode ?? "0";
  const all = [row("1", "A", "Ann"), row("9", "Z", null)];
  synced.world.source = all;
  await synced.run();
  synced.world.source = all.slice(1);
  await dyingRun();
  expect(state()).toBe("1");
  synced.world.source = all;
  expect(await synced.run()).toMatchObject({ updated: 1 });
  expect(state()).toBe("0");
  synced.world.source = all.slice(1);
  synced.world.fault = () => "lost";
  expect(await synced.run()).toMatchObject({ failed: 1 });
  synced.world.fault = () => "none";
  synced.world.source = all;
  expect(await synced.run()).toMatchObject({ updated: 1, failed: 0 });
  expect(state()).toBe("0");
});

test("a record that a dead run deleted is not somebody else's deletion: should its row come back, it is made anew", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  const all = [row("1", "A", "Ann"), row("9", "Z", null)];
  synced.world.source = all;
  await synced.run();
  synced.world.source = all.slice(1);
  await dyingRun();
  expect(there()).toMatchObject([{ code: "Z" }]);
  synced.world.source = all;
  expect(await synced.run()).toMatchObject({ received: 2, created: 1, unchanged: 1, excluded: 0 });
  expect(there()).toMatchObject([{ code: "A" }, { code: "Z" }]);
});

test("a row at fault whose record a dead run deleted, for the row had left, is counted no more", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true, mapping: { code: "code", name: "name", born } };
  synced.world.source = [row("1", "A", "Ann"), row("9", "Z", null)];
  await synced.run();
  synced.world.source = [row("1", "A", "Ann", "soon"), row("9", "Z", null)];
  expect(await synced.run()).toMatchObject({ received: 2, rejected: 1 });
  synced.world.source = [row("9", "Z", null)];
  await dyingRun();
  expect(there()).toMatchObject([{ code: "Z" }]);
  expect(await synced.run()).toMatchObject({ received: 1, unchanged: 1, rejected: 0 });
});

test("an update whose answer was lost is known by the one value that was not rewritten", async () => {
  synced.settings = { drift: "keep", mapping: { code: "code", name: "name", born } };
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  synced.world.rewrite = (column, value) => (column === "name" ? `${value} (new)` : value);
  synced.world.fault = () => "lost";
  synced.world.source = [row("1", "A", "Anna", "2000-01-01")];
  expect(await synced.run()).toMatchObject({ updated: 1, failed: 0 });
  synced.world.fault = () => "none";
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  synced.world.source = [row("1", "A", "Anne", "2000-01-01")];
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(there()).toMatchObject([{ name: "Anne (new)" }]);
});

test("what a dead run wrote after its other updates, into states, is not somebody else's change either", async () => {
  const states = { from: "born", values: { on: "0", off: "1" } };
  synced.settings = { drift: "keep", mapping: { code: "code", name: "name", statecode: states } };
  const all = (...said: string[]) => said.map((state, i) => row(String(i), `A${i}`, "Ann", state));
  const state = () => there().map((r) => r.statecode);
  synced.world.source = all("on", "off");
  await synced.run();
  expect(state()).toEqual(["0", "1"]);
  synced.world.source = all("off", "on", "off");
  await dyingRun();
  expect(state()).toEqual(["1", "0", "1"]);
  synced.world.source = all("on", "off", "on");
  expect(await synced.run()).toMatchObject({ received: 3, updated: 3, writes: 3 });
  expect(state()).toEqual(["0", "1", "0"]);
  expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test.each(["all", "touched"])(
  "it died after its fold: what was seen stays what was seen (mirror: %s)",
  async (mirror) => {
    synced.settings = { drift: "keep", mirror, mapping: { code: "code", name: "name", born } };
    synced.world.rewrite = (column, value) => (column === "name" ? (value?.toUpperCase() ?? null) : value);
    synced.world.source = [row("1", "A", "Ann")];
    await synced.run();
    synced.world.source = [row("1", "A", "Anna", "2000-01-01")];
    expect(await synced.run()).toMatchObject({ updated: 1 });
    await rm(synced.file("done.json"));
    expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
    synced.world.source = [row("1", "A", "Anne", "2000-01-01")];
    expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
    expect(there()).toMatchObject([{ name: "ANNE", born: "2000-01-01" }]);
  },
);
