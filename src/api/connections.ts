import { z } from "zod";
import { checkStep } from "../core/check.ts";
import { operation } from "./operation.ts";

const column = z.object({
  name: z.string(),
  title: z.string(),
  type: z.string(),
  required: z.boolean(),
  writable: z.boolean(),
  details: z.string().describe("Length, range, options or targets, in words"),
});

/** What a connection holds: its tables, or one table's columns and keys. */
export const describe = operation({
  method: "GET",
  path: "/api/connections/:connection/objects",
  summary: "List the tables of a connection, or the columns of one table",
  request: z.object({ connection: z.string(), object: z.string().optional() }),
  response: z.union([
    z.object({ connection: z.string(), objects: z.array(z.object({ name: z.string(), title: z.string() })) }),
    z.object({
      connection: z.string(),
      object: z.string(),
      title: z.string(),
      id: z.string(),
      columns: z.array(column),
      keys: z.array(z.object({ name: z.string(), columns: z.array(z.string()), active: z.boolean() })),
    }),
  ]),
});

/** Tests connections step by step; what is wrong with one is in its steps. No name: every connection of the project. */
export const check = operation({
  method: "POST",
  path: "/api/connections/check",
  summary: "Test a connection step by step, with cause and remedy for what is wrong",
  request: z.object({ connection: z.string().optional() }),
  response: z.object({
    environment: z.string(),
    connections: z.array(z.object({ connection: z.string(), steps: z.array(checkStep) })),
    failed: z.number().describe("Steps that failed"),
    warnings: z.number(),
  }),
});
