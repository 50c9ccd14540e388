import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector } from "../core/connector.ts";
import { dying } from "./dying.test-data.ts";

/** What a run sees of the destination, and what it does unseen, by how much of it is read. */

const synced = useSyncedWorld();

const row = (id: string, code: string | null, name: string | null = null) => ({ id, code, name });
const names = () => [...synced.world.crm.values()].map((r) => `${r.values.code}: ${r.values.name ?? ""}`).sort();
const idOf = (code: string) => [...synced.world.crm.values()].find((r) => r.values.code === code)!.id;

/** Counts what is asked of the table. */
function counting(size?: number) {
  const asked = { all: 0, ids: 0, values: 0 };
  const through = (crm: Connector): Connector => ({
    ...crm,
    open: (config, io) => {
      const session = crm.open(config, io);
      return {
        ...session,
        size: async () => size,
        read(object, request, signal) {
          if (request.ids) asked.ids += request.ids.length;
          else if (request.match) asked.values += request.match.values.length;
          else asked.all++;
          return session.read!(object, request, signal);
        },
      };
    },
  });
  return { asked, through };
}

describe.each(["touched", "none"])("mirror: %s", (mirror) => {
  test("nothing is doubled: new rows find the records that are there, whoever made them", async () => {
    synced.settings = { mirror };
    const there = people.create(synced.world, { code: "a ", name: "Old" });
    synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
    const { asked, through } = counting();
    expect(await synced.run({ through })).toMatchObject({ created: 1, updated: 1, writes: 2 });
    expect(asked).toEqual({ all: 0, ids: 2, values: 2 });
    expect(synced.world.crm.get(there)?.values).toMatchObject({ code: "A", name: "Ann" });
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
    synced.world.source.push(row("3", "b", "Bea"));
    expect(await synced.run()).toMatchObject({ rejected: 1, unchanged: 2, writes: 0 });
    expect(names()).toEqual(["A: Ann", "B: Ben"]);
  });

  test("what was deleted there stays deleted, and one made anew in its place is met", async () => {
    synced.settings = { mirror, deletedThere: "unlink" };
    synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
    await synced.run();
    people.remove(synced.world, idOf("A"));
    synced.world.source = [row("1", "A", "Anna"), row("2", "B", "Ben")];
    const first = await synced.run();
    const second = await synced.run();
    expect(first.created + second.created).toBe(1);
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
    expect(names()).toEqual(["A: Anna", "B: Ben"]);
    synced.settings = { mirror };
    people.remove(synced.world, idOf("B"));
    synced.world.source = [row("1", "A", "Anna"), row("2", "B", "Benno")];
    expect(await synced.run()).toMatchObject({ excluded: 1, created: 0, writes: 0 });
    expect(await synced.run()).toMatchObject({ excluded: 1, created: 0, writes: 0 });
  });

  test("a row whose record was deleted there waits until the record is back, and no other record is asked for", async () => {
    synced.settings = { mirror };
    synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben"), row("3", "C", "Cid")];
    await synced.run();
    const id = idOf("A");
    people.remove(synced.world, id);
    synced.world.source[0] = row("1", "A", "Anna");
    for (let n = 0; n < 3; n++) expect(await synced.run()).toMatchObject({ excluded: 1, unchanged: 2, writes: 0 });
    people.restore(synced.world, id);
    const { asked, through } = counting();
    expect(await synced.run({ through })).toMatchObject({ updated: 1, unchanged: 2, excluded: 0, writes: 1 });
    expect(asked).toEqual({ all: 0, ids: 2, values: 0 }); // before it is written, and after
    expect(names()).toEqual(["A: Anna", "B: Ben", "C: Cid"]);
    const later = counting();
    expect(await synced.run(later)).toMatchObject({ unchanged: 3, writes: 0 });
    expect(later.asked).toEqual({ all: 0, ids: 0, values: 0 });
  });

  test("what a run that died had written is met by asking for it, with its journal or without", async () => {
    synced.settings = { mirror, drift: "keep" };
    synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
    await expect(synced.run({ through: dying })).rejects.toThrow("dead");
    await rm(synced.file("journal.ndjson"));
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
    synced.world.source = [row("1", "A", "Anna"), row("2", "B", "Ben"), row("3", "C", "Cid")];
    await expect(synced.run({ through: dying })).rejects.toThrow("dead");
    synced.world.source[0] = row("1", "A", "Anne");
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 2, created: 0, writes: 1 });
    expect(names()).toEqual(["A: Anne", "B: Ben", "C: Cid"]);
  });

  test("a lost answer is found out by asking for the record", async () => {
    synced.settings = { mirror };
    synced.world.source = [row("1", "A", "Ann")];
    synced.world.fault = () => {
      synced.world.fault = () => "none";
      return "lost";
    };
    expect(await synced.run()).toMatchObject({ created: 1, failed: 0 });
    synced.world.fault = () => {
      synced.world.fault = () => "none";
      return "lost";
    };
    synced.world.source = [row("1", "A", "Anna")];
    expect(await synced.run()).toMatchObject({ updated: 1, failed: 0 });
    expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
    expect(names()).toEqual(["A: Anna"]);
  });
});

test("touched: what others changed is seen where the row changes, and only there", async () => {
  synced.settings = { mirror: "touched", drift: "keep" };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  for (const id of synced.world.crm.keys()) people.edit(synced.world, id, { name: "By hand" });
  const { asked, through } = counting();
  expect(await synced.run({ through })).toMatchObject({ unchanged: 2, writes: 0 });
  expect(asked).toEqual({ all: 0, ids: 0, values: 0 });
  synced.world.source = [row("1", "A", "Anna"), row("2", "B", "Ben")];
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  synced.settings = { mirror: "touched", drift: "overwrite" };
  expect(await synced.run()).toMatchObject({ updated: 2, writes: 2 });
  expect(names()).toEqual(["A: Anna", "B: Ben"]);
});

test("none, with a key: nothing is asked before a create; a record that is there is met by the key, then taken over", async () => {
  synced.keyed = true;
  synced.settings = { mirror: "none" };
  people.create(synced.world, { code: "A", name: "Old" });
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  const { asked, through } = counting();
  expect(await synced.run({ through })).toMatchObject({ created: 1, failed: 1 });
  expect(asked).toMatchObject({ all: 0, ids: 1, values: 1 }); // read back, after writing
  expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1 });
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(names()).toEqual(["A: Ann", "B: Ben"]);
});

test("auto: touched where the rows are few in a large table, until what changed is known anyway", async () => {
  synced.world.source = [row("1", "A", "Ann")];
  const large = counting(1_000_000);
  await synced.run(large);
  expect(large.asked.all).toBe(0);
  const small = counting(1000);
  await synced.run(small);
  expect(small.asked.all).toBe(1);
  const grown = counting(1_000_000);
  expect(await synced.run(grown)).toMatchObject({ unchanged: 1, writes: 0 });
  expect(grown.asked).toEqual({ all: 1, ids: 0, values: 0 });
});

test("from one mode to another and back: what changed meanwhile is met, nothing is made twice", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  synced.settings = { mirror: "all" };
  await synced.run();
  const ghost = people.create(synced.world, { code: "C", name: "Ghost" });
  await synced.run();
  people.remove(synced.world, ghost);
  people.edit(synced.world, idOf("B"), { name: "By hand" });
  synced.settings = { mirror: "touched" };
  synced.world.source.push(row("3", "C", "Cid"));
  expect(await synced.run()).toMatchObject({ created: 1, rejected: 0 });
  synced.settings = { mirror: "all" };
  expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 2 });
  expect(names()).toEqual(["A: Ann", "B: Ben", "C: Cid"]);
});
