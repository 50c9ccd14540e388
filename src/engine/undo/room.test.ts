import { expect, test, vi } from "vitest";
import { useSyncedWorld } from "../../../test/synced-world.ts";
import { SluiceError } from "../../core/errors.ts";

/** The least memory that a state of millions of rows needs is more than a test can fill. */
const never = vi.hoisted(() => ({ room: true }));
vi.mock("../settle.ts", async (original) => {
  const real = await original<typeof import("../settle.ts")>();
  const noRoomToFold: typeof real.noRoomToFold = async (planned) =>
    never.room ? await real.noRoomToFold(planned) : new SluiceError("out_of_memory", "Too little for this.");
  return { ...real, noRoomToFold };
});

const synced = useSyncedWorld();

test("an undo that memory does not let fold is told so before it writes anything, and counts as none", async () => {
  const say = async (name: string) => {
    synced.world.source = [{ id: "1", code: "A", name, born: null }];
    await synced.run();
    return synced.last();
  };
  await say("a");
  const of = await say("b");
  const writes = synced.world.writes;
  never.room = false;
  expect((await synced.undo(of, { dryRun: true })).warnings).toEqual([expect.stringContaining("Too little for this.")]);
  await expect(synced.undo(of)).rejects.toMatchObject({ code: "out_of_memory" });
  expect(synced.world.writes).toBe(writes);
  never.room = true;
  synced.approved = [];
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  expect((await synced.undo(of)).counts).toMatchObject({ updated: 1 });
});
