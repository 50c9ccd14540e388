import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { outside, people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";

/** Histories in which a record could be doubled, lost, overwritten or forgotten: each was met once. */

const synced = useSyncedWorld();

const row = (id: string, code: string | null, name: string | null = null, born: string | null = null) => ({
  id,
  code,
  name,
  born,
});
const names = () => [...synced.world.crm.values()].map((r) => `${r.values.code}: ${r.values.name ?? ""}`).sort();

test("a state of one organisation is refused for another before anything is read or written", async () => {
  synced.world.source = [row("1", "A")];
  await synced.run();
  const other = outside();
  await expect(synced.run({ into: other })).rejects.toMatchObject({ code: "state_elsewhere", kind: "state" });
  expect(other).toMatchObject({ requests: 0, writes: 0 });
});

test("a sync that matches by another column finds the records of rows that got new keys", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.settings = { match: "name" };
  synced.world.source = [row("1", "A", "Ann"), row("2-new", "B", "Ben")];
  expect(await synced.run()).toMatchObject({ created: 0 });
  expect(names()).toEqual(["A: Ann", "B: Ben"]);
});

test("a row that comes back together with a newcomer of the same match value keeps its record", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await synced.run();
  synced.world.source = [row("9", "Z")];
  await synced.run();
  synced.world.source = [row("1", "A", "Ann"), row("2", "A", "Anton"), row("9", "Z")];
  expect(await synced.run()).toMatchObject({ rejected: 1, created: 0 });
  expect(names()).toEqual(["A: Ann", "Z: "]);
});

test("a column that the mapping gains meets both sides for the first time: `keep` keeps, emptiness clears nothing", async () => {
  synced.world.source = [row("1", "A", "Ann", null), row("2", "B", "Ben", "2000-01-01")];
  await synced.run();
  for (const record of synced.world.crm.values()) people.edit(synced.world, record.id, { born: "1950-05-05" });
  const born = { from: "born", formats: ["yyyy-MM-dd"] };
  synced.settings = { mapping: { code: "code", name: "name", born } };
  expect(await synced.run()).toMatchObject({ updated: 1 });
  const dates = Object.fromEntries([...synced.world.crm.values()].map((r) => [r.values.code, r.values.born]));
  expect(dates).toEqual({ A: "1950-05-05", B: "2000-01-01" });
});

test("a row that could not go when the mapping gained a column meets it later, and emptiness still clears nothing", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben"), row("3", "C", "Cid"), row("4", "D", "Dan")];
  await synced.run();
  for (const record of synced.world.crm.values()) people.edit(synced.world, record.id, { born: "1950-05-05" });
  const born = { from: "born", formats: ["yyyy-MM-dd"], empty: "clear", drift: "overwrite", conflict: "overwrite" };
  synced.settings = { mapping: { code: "code", name: "name", born } };
  synced.world.refuses = (values) => values.name === "Cidney";
  // The first is at fault, the second comes twice, the third is refused, the fourth leaves for a while.
  const held = [row("1", "A", "A".repeat(21)), row("2", "B", "Ben"), row("2", "B", "Ben"), row("3", "C", "Cidney")];
  synced.world.source = held;
  expect(await synced.run()).toMatchObject({ rejected: 4, writes: 0 });
  synced.world.refuses = () => false;
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben"), row("3", "C", "Cid"), row("4", "D", "Dan")];
  expect(await synced.run()).toMatchObject({ unchanged: 4, writes: 0 });
  const dates = () => [...synced.world.crm.values()].map((r) => r.values.born);
  expect(dates()).toEqual(["1950-05-05", "1950-05-05", "1950-05-05", "1950-05-05"]);
  // From then on the column is like any other.
  for (const record of synced.world.crm.values()) people.edit(synced.world, record.id, { born: "1960-06-06" });
  expect(await synced.run()).toMatchObject({ updated: 4, writes: 4 });
  expect(dates()).toEqual([null, null, null, null]);
});

test("mirror none: what a new column holds is read before anything is written into it", async () => {
  synced.settings = { mirror: "none" };
  synced.world.source = [row("1", "A", "Ann", "2000-01-01"), row("2", "B", "Ben", "bad")];
  await synced.run();
  for (const record of synced.world.crm.values()) people.edit(synced.world, record.id, { born: "1950-05-05" });
  const born = { from: "born", formats: ["yyyy-MM-dd"], firstContact: "fill" };
  synced.settings = { mirror: "none", mapping: { code: "code", name: "name", born } };
  expect(await synced.run()).toMatchObject({ unchanged: 1, rejected: 1, writes: 0 });
  synced.world.source = [row("1", "A", "Ann", "2000-01-01"), row("2", "B", "Ben", "2000-01-01")];
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a line that skips agrees to what is there: what the source says later is a change, not a conflict", async () => {
  const name = { from: "name", empty: "skip", conflict: "keep" };
  synced.settings = { mapping: { code: "code", name } };
  people.create(synced.world, { code: "A", name: "Anna" });
  synced.world.source = [row("1", "A", null)];
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  synced.world.source = [row("1", "A", "Ann")];
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(names()).toEqual(["A: Ann"]);
});

test("a record that was to be taken over stays known where the destination refused that", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await synced.run();
  synced.world.refuses = (values) => values.name === "Other";
  synced.world.source = [row("1-new", "A", "Other"), row("9", "Z")];
  expect(await synced.run()).toMatchObject({ rejected: 1, created: 0 });
  synced.world.refuses = () => false;
  expect(await synced.run()).toMatchObject({ created: 0, updated: 1 });
  expect(names()).toEqual(["A: Other", "Z: "]);
});

test("deleted records of nobody are forgotten by a full read, so that no new row is taken for theirs", async () => {
  const ghost = people.create(synced.world, { code: "G", name: "Ghost" });
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  people.remove(synced.world, ghost);
  synced.settings = { mapping: { code: "code", name: "name", born: { from: "born", formats: ["yyyy-MM-dd"] } } };
  synced.world.source = [row("1", "A", "Anna", "2000-01-01")];
  await synced.run();
  synced.world.source.push(row("2", "G", "Gus"));
  expect(await synced.run()).toMatchObject({ created: 1, excluded: 0 });
});

test("what people change while we write is met by the next run", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  const [first] = [...synced.world.crm.values()];
  synced.world.fault = () => {
    people.edit(synced.world, first!.id, { name: "By hand" });
    synced.world.fault = () => "none";
    return "none";
  };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Benno")];
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(names()).toEqual(["A: Ann", "B: Benno"]);
  expect(await synced.run()).toMatchObject({ writes: 0 });
});

test("an id of ours is not chosen twice when a record's match value moves on and a new row takes the old one", async () => {
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  synced.world.source = [row("1", "B", "Ann")];
  await synced.run();
  synced.world.source.push(row("2", "A", "Anton"));
  expect(await synced.run()).toMatchObject({ created: 1, failed: 0, rejected: 0 });
  expect(names()).toEqual(["A: Anton", "B: Ann"]);
});

test("a record deactivated by us is activated by its row's return, even if the row was invalid at first", async () => {
  synced.settings = {
    onLeave: "deactivate",
    mapping: { code: "code", name: "name", born: { from: "born", formats: ["yyyy-MM-dd"] } },
  };
  synced.world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await synced.run();
  synced.world.source = [row("9", "Z")];
  await synced.run();
  const state = () => [...synced.world.crm.values()].find((r) => r.values.code === "A")!.values.statecode;
  expect(state()).toBe("1");
  synced.world.source = [row("1", "A", "Ann", "never"), row("9", "Z")];
  expect(await synced.run()).toMatchObject({ rejected: 1 });
  expect(state()).toBe("1");
  synced.world.source = [row("1", "A", "Ann", "2000-01-01"), row("9", "Z")];
  expect(await synced.run()).toMatchObject({ updated: 1 });
  expect(state()).toBe("0");
});

test("a record deactivated by us is activated by the row that takes it over", async () => {
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await synced.run();
  synced.world.source = [row("9", "Z")];
  await synced.run();
  synced.world.source = [row("1-new", "A", "Ann"), row("9", "Z")];
  await synced.run();
  expect([...synced.world.crm.values()].find((r) => r.values.code === "A")!.values.statecode).toBe("0");
  expect(await synced.run()).toMatchObject({ writes: 0 });
});

test("a record that was only activated by the row that takes it over is that row's from then on", async () => {
  synced.settings = { onLeave: "deactivate", drift: "keep", firstContact: "overwrite" };
  synced.world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await synced.run();
  synced.world.source = [row("9", "Z")];
  await synced.run();
  synced.world.source = [row("1-new", "A", "Ann"), row("9", "Z")];
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  const taken = [...synced.world.crm.values()].find((r) => r.values.code === "A")!;
  people.edit(synced.world, taken.id, { name: "By hand" });
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(names()).toEqual(["A: By hand", "Z: "]);
});

test("what was to follow the create of a record is not sent where the create was refused", async () => {
  synced.settings = { mapping: { code: "code", name: "name", statecode: { value: "Inactive" } } };
  synced.world.refuses = ({ code }) => code === "A";
  synced.world.source = [row("1", "A"), row("2", "B"), row("3", "C")];
  expect(await synced.run()).toMatchObject({ created: 2, rejected: 1, failed: 0, writes: 4 });
  const journal = readFileSync(synced.file("journal.ndjson"), "utf8").trim().split("\n");
  expect(journal.map((line) => JSON.parse(line))).toMatchObject([
    { w: "1-create", f: 0, t: 3, x: [{ status: "rejected" }] },
    { w: "3-complete", f: 0, t: 2, x: [] },
  ]);
  expect([...synced.world.crm.values()].map((r) => r.values.statecode)).toEqual(["1", "1"]);
  synced.world.refuses = () => false;
  expect(await synced.run()).toMatchObject({ created: 1, unchanged: 2, writes: 2 });
  expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test("a source whose keys all came back empty stops the run", async () => {
  synced.settings = { onLeave: "clear" };
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  synced.world.source = [row("", "A", "Ann"), row("", "B", "Ben")];
  await expect(synced.run()).rejects.toMatchObject({ code: "source_empty" });
  expect(names()).toEqual(["A: Ann"]);
});
