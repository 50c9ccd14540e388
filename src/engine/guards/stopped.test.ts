import { expect, test } from "vitest";
import { useSyncedWorld } from "../../../test/synced-world.ts";
import type { Connector } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";

const synced = useSyncedWorld();

/** A destination that stops the run at the first record it is to delete. */
const deletingNothing = (connector: Connector): Connector => ({
  ...connector,
  open(config, io) {
    const session = connector.open(config, io);
    return {
      ...session,
      write(object, batch, signal) {
        if (batch.op === "delete") throw new SluiceError("not_allowed", "Stopped.");
        return session.write!(object, batch, signal);
      },
    };
  },
});

test("what a person let pass, and the run did not come to, is judged anew in the next one", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  synced.world.source = Array.from({ length: 30 }, (_, i) => ({ id: `${i}`, code: `C${i}`, name: null }));
  await synced.run();
  synced.world.source = synced.world.source.slice(0, 10);
  synced.approved = ["too_many_leaves", "too_many_deletes"];
  expect(await synced.run({ through: deletingNothing })).toMatchObject({ received: 30, deleted: 0, failed: 20 });
  synced.approved = [];
  await expect(synced.run()).rejects.toMatchObject({ code: "too_many_leaves" });
  expect(synced.world.crm.size).toBe(30);
  synced.approved = ["too_many_leaves", "too_many_deletes"];
  expect(await synced.run()).toMatchObject({ received: 30, deleted: 20, unchanged: 10, failed: 0 });
  synced.approved = [];
  expect(await synced.run()).toMatchObject({ received: 10, unchanged: 10, writes: 0 });
});
