import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";

const synced = useSyncedWorld();
const rows = (name: string) => Array.from({ length: 50 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name }));

test.each(["key=acme", "id=7", "link_id=x", "w=1", "c_name=y", "gone=true"])(
  "a folder %s above the state is no column of any file: a run, its undo and the next run are as elsewhere",
  async (name) => {
    synced.folder = join(synced.folder, name);
    await mkdir(synced.folder);
    synced.world.source = rows("a");
    expect(await synced.run()).toMatchObject({ created: 50, writes: 50 });
    synced.world.source = rows("b");
    expect(await synced.run()).toMatchObject({ updated: 50, writes: 50 });
    expect((await synced.undo(synced.last())).counts).toMatchObject({ updated: 50, writes: 50 });
    synced.approved = ["undone"];
    expect(await synced.run()).toMatchObject({ updated: 50, writes: 50 });
    expect(await synced.run()).toMatchObject({ unchanged: 50, writes: 0 });
  },
);
