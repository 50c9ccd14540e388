import { readFile } from "node:fs/promises";
import { z } from "zod";
import { wire } from "../../src/connectors/dataverse/wire.ts";
import type { Connector, Page, Session } from "../../src/core/connector.ts";
import type { ObjectSchema } from "../../src/core/schema.ts";
import { accountId, accountNumber } from "./rows.ts";

const PAGE = 5000;

/**
 * A destination that takes everything at once: it has real tables (`schemas`: a JSON file of what Dataverse described)
 * and Dataverse's wire, `accounts` accounts that never change, and never any news. What is measured against it is the
 * engine alone.
 */
export const nullDestination: Connector<{ schemas: string; accounts: number }> = {
  id: "null",
  title: "Nothing",
  config: z.strictObject({ schemas: z.string(), accounts: z.number() }),
  secrets: [],
  open: ({ schemas, accounts }): Session => ({
    objects: async () => [],
    describe: async (name) => (JSON.parse(await readFile(schemas, "utf8")) as Record<string, ObjectSchema>)[name]!,
    wire,
    pace: () => ({ atOnce: 8, rows: 1000 }),
    write: async (_, { op }) => ({
      status: op === "create" ? "created" : op === "delete" ? "deleted" : "updated",
      exceptions: [],
    }),
    async *read({ name }, { cursor, ids }) {
      const rows = name === "account" && cursor === undefined && ids === undefined ? accounts : 0;
      for (let from = 0; from < rows; from += PAGE) yield page(from, Math.min(PAGE, rows - from), from + PAGE >= rows);
      if (rows === 0) yield page(0, 0, true);
    },
    close: async () => {},
  }),
};

function page(from: number, count: number, last: boolean): Page {
  const value = Array.from({ length: count }, (_, i) => ({
    accountid: accountId(from + i),
    accountnumber: accountNumber(from + i),
  }));
  return { rows: JSON.stringify(value), deleted: [], count, ...(last && { cursor: "1" }), last };
}
