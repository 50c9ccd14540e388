import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector } from "../core/connector.ts";
import { guardCodes } from "../core/guards.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { openDuck, text } from "./duck.ts";

const synced = useSyncedWorld();
// DuckDB hands on 2,048 rows at a time: no group has fewer.
const [ROWS, LONG] = [3_000, 8_000];

/** A CRM whose texts may have any length. */
const roomy = (crm: Connector): Connector => ({
  ...crm,
  open(config, io) {
    const session = crm.open(config, io);
    const roomier = (object: ObjectSchema) => ({
      ...object,
      columns: object.columns.map((column) => ({ ...column, maxLength: 2 * LONG })),
    });
    return { ...session, describe: async (...of) => roomier(await session.describe(...of)) };
  },
});

/** The largest group of rows in a file of the newest run: its share of the bytes. */
async function largest(file: string): Promise<number> {
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: synced.folder });
  try {
    const sizes = `SELECT sum(total_uncompressed_size) AS bytes FROM parquet_metadata(${text(synced.file(file))}) GROUP BY row_group_id`;
    return (await duck.one<{ share: number }>(`SELECT max(bytes) / sum(bytes) AS share FROM (${sizes})`)).share;
  } finally {
    await duck.close();
  }
}

test("texts of any length are written in groups that memory has room for: changes, what was held, what undo makes anew", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  synced.approved = guardCodes;
  synced.world.source = Array.from({ length: ROWS }, (_, n) => ({
    ...{ id: `${n}`, code: `C${n}` },
    name: `${n}${"x".repeat(LONG)}`,
  }));
  await synced.run({ through: roomy });
  expect(await largest("change-1-create.parquet")).toBeLessThan(0.8);
  synced.world.source = [];
  await synced.run({ through: roomy });
  const of = synced.last();
  expect(await largest("deleted.parquet")).toBeLessThan(0.8);
  await synced.undo(of, { through: roomy });
  expect(await largest("change-1-create.parquet")).toBeLessThan(0.8);
});

test("what `concurrency: strict` reads before it writes goes by the bytes of the changes, too", async () => {
  let reads = 0;
  const counting = (crm: Connector): Connector => ({
    ...crm,
    open(config, io) {
      const session = roomy(crm).open(config, io);
      return {
        ...session,
        read(object, request, signal) {
          if (request.ids) reads++;
          return session.read!(object, request, signal);
        },
      };
    },
  });
  const rows = (letter: string) =>
    Array.from({ length: 1_200 }, (_, n) => ({ id: `${n}`, code: `C${n}`, name: `${n}${letter.repeat(15_000)}` }));
  synced.settings = { concurrency: "strict" };
  synced.world.source = rows("x");
  await synced.run({ through: counting });
  expect(reads).toBe(0);
  synced.world.source = rows("y");
  expect(await synced.run({ through: counting })).toMatchObject({ updated: 1_200, writes: 1_200 });
  expect(reads).toBe(2);
});
