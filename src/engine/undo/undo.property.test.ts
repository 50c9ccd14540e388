import fc from "fast-check";
import { expect, test } from "vitest";
import { outside, people } from "../../../test/model.ts";
import { useSyncedWorld } from "../../../test/synced-world.ts";

const synced = useSyncedWorld();

/** What each row says its name is; null: the row is not there. */
const names = fc.array(fc.option(fc.constantFrom("a", "b", "c")), { minLength: 4, maxLength: 4 });
/** A person gives a record another name. */
const edits = fc.array(fc.record({ row: fc.nat(3), name: fc.constantFrom("a", "b", "c", "p") }), { maxLength: 3 });
const step = fc.record({ names, edits });

const held = () => new Map([...synced.world.crm.values()].map((r) => [r.values.code!, r.values.name ?? null]));
const edit = (all: { row: number; name: string }[]) => {
  for (const { row, name } of all)
    for (const record of [...synced.world.crm.values()])
      if (record.values.code === `C${row}`) people.edit(synced.world, record.id, { name });
};
const run = async (said: (string | null)[]) => {
  synced.world.source = said.flatMap((name, i) =>
    name === null ? [] : [{ id: `${i}`, code: `C${i}`, name, born: null }],
  );
  synced.world.source.push({ id: "9", code: "C9", name: "stays", born: null });
  await synced.run();
};

test("after any history a value is back where it still was the run's, and is told where it is not", async () => {
  await fc.assert(
    fc.asyncProperty(step, fc.array(step, { maxLength: 1 }), async (first, later) => {
      synced.begin();
      synced.world = outside();
      await run(["a", "b", "c", "a"]);
      edit(first.edits);
      const there = held();
      await run(first.names);
      const of = synced.last();
      const written = held();
      const touchedLater = new Set<string>();
      for (const { names: said, edits: by } of later) {
        edit(by);
        const was = held();
        await run(said);
        for (const [code, name] of held()) if (was.get(code) !== name) touchedLater.add(code);
      }
      edit(later.length > 0 ? [] : first.edits.slice(0, 1));
      const now = held();
      const { counts, problems } = await synced.undo(of);
      const told = new Set(problems.flatMap((group) => group.keys));
      for (const [code, name] of held()) {
        const id = code.slice(1);
        const wrote = there.get(code) !== written.get(code);
        if (!wrote) expect(name, `${code} was not the run's`).toBe(now.get(code));
        else if (now.get(code) === there.get(code)) expect(name).toBe(there.get(code));
        else if (now.get(code) !== written.get(code) || touchedLater.has(code)) {
          expect(name, `${code} is somebody else's`).toBe(now.get(code));
          expect(told, `${code} is told`).toContain(id);
        } else expect(name, `${code} is back`).toBe(there.get(code));
      }
      const { received, created, updated, deleted, unchanged, excluded, rejected, failed } = counts!;
      expect(created + updated + deleted + unchanged + excluded + rejected + failed).toBe(received);
    }),
    { numRuns: 6 },
  );
}, 600_000);
