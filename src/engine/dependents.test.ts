import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector, Dependents } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";

/** What goes with a deleted record is told before it goes. */

const synced = useSyncedWorld();
const rows = ["1", "2"].map((id) => ({ id, code: id, name: null, born: null }));

/** A destination that knows this of the records that hang on others. */
const knowing =
  (found: () => Dependents) =>
  (crm: Connector): Connector => ({
    ...crm,
    open: (config, io) => ({ ...crm.open(config, io), dependents: async () => found() }),
  });

async function told(found: () => Dependents, source = rows.slice(0, 1)): Promise<string[]> {
  synced.settings = { onLeave: "delete", allowDelete: true };
  synced.world.source = rows;
  await synced.run();
  synced.world.source = source;
  await synced.run({ through: knowing(found) });
  const { warnings } = JSON.parse(readFileSync(synced.file("plan.json"), "utf8")) as { warnings: string[] };
  return warnings.filter((each) => /deleted/.test(each));
}

test("a run that deletes says what the destination deletes and empties with it; one that does not asks nobody", async () => {
  const deleted = [
    { object: "annotation", column: "objectid" },
    { object: "task", column: "new_other" },
    { object: "task", column: "regardingobjectid" },
  ];
  const all = { deleted, emptied: ["account.primarycontactid"] };
  expect(await told(() => all)).toEqual([
    "With each deleted contact the destination deletes what belongs to it in annotation and task, and empties account.primarycontactid where they point at it. No plan counts that, and no undo brings it back.",
  ]);
  expect(await told(() => ({ deleted: [], emptied: [] }))).toEqual([]);
  const asked = () => {
    throw new Error("asked");
  };
  expect(await told(asked, rows)).toEqual([]);
});

test("what nobody may look at is told, and holds up nothing", async () => {
  const refused = () => {
    throw new SluiceError("not_allowed", "No privilege.");
  };
  expect(await told(refused)).toEqual(["What else goes with a deleted contact could not be looked at. No privilege."]);
});
