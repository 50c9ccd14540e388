import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { dying } from "./dying.test-data.ts";
import { layout } from "./layout.ts";

const synced = useSyncedWorld();
const row = (id: string, name = `N${id}`) => ({ id, code: `C${id}`, name, born: null });

test("rows of a run that died are counted once, whether or not they have changed since", async () => {
  synced.world.source = [row("1"), row("2")];
  await synced.run();
  synced.world.source = [row("1"), row("2"), row("3"), row("4"), row("5")];
  await expect(synced.run({ through: dying })).rejects.toThrow();
  synced.world.source = [row("1"), row("2"), row("3", "x"), row("4", "x"), row("5"), row("6")];
  rmSync(layout(synced.folder, "").state);
  const done = await synced.other("rebuild");
  const none = { excluded: 0, rejected: 0 };
  expect(done).toMatchObject({ report: { received: 6, linked: 3, differ: 2, missing: 1, ...none } });
});

test("a rebuild knows of an undo that was approved for some rows alone", async () => {
  synced.world.source = [row("1"), row("2")];
  await synced.run();
  synced.world.source = [row("1", "wrong"), row("2", "wrong"), row("3")];
  await synced.run();
  const of = synced.last();
  await synced.undo(of);
  const plan = await synced.plan(1);
  synced.world.source = [row("1", "wrong"), row("2", "wrong"), row("3", "moved")];
  await synced.run({ apply: plan });
  synced.approved = synced.approved.filter((c) => c !== "undone");
  rmSync(layout(synced.folder, "").state);
  await synced.other("rebuild");
  await expect(synced.run()).rejects.toMatchObject({ code: "undone" });
});
