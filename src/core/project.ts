import { z } from "zod";
import { currency, withCurrency } from "./currency.ts";

/**
 * A project as code: one YAML file per resource; the file's name (without its ending) is the resource's name.
 * sluice.yaml, connections/*.yaml, models/*.yaml, audiences/*.yaml, syncs/*.yaml. Schemas are strict: a key nobody
 * knows is a typo, and a typo in a mapping writes wrong data.
 */
const days = z.number().min(0);

export const retention = z.strictObject({
  plans: days.default(30).describe("Days that plans are kept, and each until the next command that works on the sync"),
  outcomes: days.default(90).describe("Days that it is known what became of each row of a run"),
  beforeImages: days.default(30).describe("Days that a run can be undone"),
});
export type Retention = z.infer<typeof retention>;

export const projectFile = z.strictObject({
  name: z.string().min(1).describe("What people call this project"),
  retention: retention
    .default({ plans: 30, outcomes: 90, beforeImages: 30 })
    .describe(
      "How long plans and runs are kept; the latest run of a sync always is, and what an undo that is kept takes back",
    ),
  environments: z
    .record(
      z.string(),
      z.strictObject({
        connections: z
          .record(z.string(), z.record(z.string(), z.unknown()))
          .default({})
          .describe("Connection -> settings"),
      }),
    )
    .default({})
    .describe("Per environment (test, production, ...): settings that replace those of connections/*.yaml"),
});
export type ProjectFile = z.infer<typeof projectFile>;

/** `type` names the connector (a folder under src/connectors); the other keys are that connector's own `config`. */
export const connectionFile = z.looseObject({
  type: z.string().min(1).describe("The kind of system: dataverse or files"),
});

const oneOrMore = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((v) => (Array.isArray(v) ? v : [v]));

export const modelFile = z
  .strictObject({
    connection: z.string().describe("Where the rows come from"),
    table: z.string().optional().describe("A table of the connection"),
    sql: z.string().optional().describe("Or one SELECT over its tables"),
    key: oneOrMore.describe("The column, or columns, that name a row"),
  })
  .refine((m) => (m.table === undefined) !== (m.sql === undefined), { message: "say either table or sql" });
export type ModelFile = z.infer<typeof modelFile>;

export const audienceFile = z
  .strictObject({
    model: z.string().describe("The model whose rows it names"),
    where: z.string().optional().describe("A condition over the model's columns"),
    sql: z.string().optional().describe("Or one SELECT over the connection's tables whose columns are the model's key"),
  })
  .refine((a) => (a.where === undefined) !== (a.sql === undefined), { message: "say either where or sql" });
export type AudienceFile = z.infer<typeof audienceFile>;

const lookupWay = z.strictObject({
  object: z.string().optional().describe("The table pointed at; needed where the column allows several"),
  from: z.string().optional().describe("Source column, where it is not that of the line"),
  by: z
    .union([z.string().min(1), z.record(z.string(), z.string().min(1))])
    .describe(
      "The column of that table that holds the source's value; several, such as a key's: column -> source column",
    ),
  missing: z
    .enum(["reject", "null", "create"])
    .default("reject")
    .describe("When there is no such parent: the row waits for it, goes without, or it is made first"),
});
export type LookupWay = z.infer<typeof lookupWay>;

/** One way to find the parent, or several in order: the first whose value is there and finds a record wins. */
const lookup = z.union([
  lookupWay.transform((way) => [way]),
  z.array(lookupWay).min(1, { message: "say at least one way" }),
]);

/** Whether a way of a lookup says itself where its value comes from. */
const hasSource = (way: LookupWay) => way.from !== undefined || typeof way.by === "object";

const precedence = z.enum(["overwrite", "keep", "fill"]);

const longLine = z
  .strictObject({
    from: z.string().optional().describe("Source column"),
    value: z.union([z.string(), z.number(), z.boolean()]).optional().describe("Or the same constant for every row"),
    expression: z.string().min(1).optional().describe("Or one SQL expression over the row's columns"),
    values: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional()
      .describe("What to write for each source value; others are written as they are"),
    delimiter: z
      .string()
      .min(1)
      .optional()
      .describe(
        "What stands between several options or parties in one text; else a semicolon, or a comma where there is none",
      ),
    formats: z.array(z.string()).min(1).optional().describe("Date formats of the source, such as d/M/yyyy"),
    zone: z.string().optional().describe("The time zone of the source's dates and times, such as Europe/Berlin"),
    decimal: z.enum([".", ","]).default(".").describe("The decimal sign in source text"),
    rounding: z
      .enum(["nearest", "down", "reject"])
      .optional()
      .describe("What happens to more digits than the column holds: nearest, but reject where it holds whole numbers"),
    format: z.enum(["email", "phone", "url"]).optional().describe("What a text must be; a phone number becomes E.164"),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, "must be two capital letters, such as DE")
      .optional()
      .describe("Where a phone number without + is from, such as DE"),
    currency: currency
      .optional()
      .describe("What an amount of money is in: EUR, or { from: COLUMN }; one for all amounts of a record"),
    lookup: lookup
      .optional()
      .describe("How a lookup column finds the row it points at: one way, or a list of ways tried in order"),
    empty: z
      .enum(["clear", "skip"])
      .default("clear")
      .describe("What an empty source value does: clear the column, or leave it alone"),
    write: z
      .enum(["always", "on create", "when empty"])
      .default("always")
      .describe("Whether the column is kept in step, set once on records we make, or filled only where it is empty"),
    firstContact: precedence.optional().describe("As the sync's `firstContact`, for this column"),
    drift: precedence.optional().describe("As the sync's `drift`, for this column"),
    conflict: precedence.optional().describe("As the sync's `conflict`, for this column"),
    tooLong: z
      .enum(["reject", "truncate"])
      .default("reject")
      .describe("What happens to a row whose text is longer than its column"),
  })
  .refine((l) => [l.from, l.value, l.expression].filter((said) => said !== undefined).length <= 1, {
    message: "say one of from, value and expression",
  })
  .refine((l) => (l.from ?? l.value ?? l.expression) !== undefined || (l.lookup?.every(hasSource) ?? false), {
    message: "say one of from, value and expression",
  });

/** `emailaddress1: email` is short for `emailaddress1: { from: email }`. */
export const mappingLine = z.union([
  z
    .string()
    .min(1)
    .transform((from) => longLine.parse({ from })),
  longLine,
]);
export type MappingLine = z.infer<typeof longLine>;

/** A number of rows, or a share of the known ones. */
const rowLimit = z.union([
  z.int().min(0),
  z.string().regex(/^\d+(\.\d+)?\s*%$/, { error: "say a number of rows, or a share such as 20 %" }),
]);

const byIsoCode = { object: "transactioncurrency", by: "isocurrencycode" };

const membershipTarget = z.union([
  z.strictObject({ list: z.string().min(1).describe("A static marketing list, by name or id") }),
  z.strictObject({
    relationship: z.string().min(1).describe("A many-to-many relationship of the table, by its schema name"),
    with: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .refine((w) => Object.keys(w).length > 0, { message: "say a column and its value" })
      .describe("The record at its other end: columns and values that only one record has; `id` is its primary id"),
  }),
]);
/** What an audience's rows are put into. */
export type MembershipTarget = z.infer<typeof membershipTarget>;

/** `vip: new_vip` is short for `vip: { column: new_vip }`. */
const audienceTarget = z.union([
  z
    .string()
    .min(1)
    .transform((column) => ({ column })),
  z.strictObject({ column: z.string().min(1).describe("A text column that receives realized or exited") }),
  ...membershipTarget.options,
]);

export const syncFile = z.strictObject({
  model: z.string().describe("The rows to send"),
  to: z.string().describe("The destination connection"),
  object: z.string().describe("The destination table"),
  match: oneOrMore.describe("Destination columns, mapped below, that tell which record a row is"),
  mode: z
    .enum(["upsert", "update", "create"])
    .default("upsert")
    .describe("Create and update, only update what exists, or only create what does not"),
  firstContact: precedence
    .default("overwrite")
    .describe("When a row is first linked to a record that exists; `fill`: only write what is empty there"),
  drift: precedence
    .default("overwrite")
    .describe("When somebody changed a mapped column in the destination; `fill`: only put back what they emptied"),
  conflict: precedence
    .optional()
    .describe("When the source changed a column, too, and to something else; as `drift` unless said"),
  concurrency: z
    .enum(["last", "strict"])
    .default("last")
    .describe("Who wins when somebody changes a record while a run writes it: the last one, or whoever was first"),
  severalMatches: z
    .enum(["reject", "oldest", "newest"])
    .default("reject")
    .describe("When several records match one row: reject the row, or take the oldest or newest record"),
  deletedThere: z
    .enum(["hold", "recreate", "unlink"])
    .default("hold")
    .describe(
      "When somebody deleted a linked record: leave it so; take the one record that fits its row in its place, or else make it anew; or go on as with a row that never had one (which differs where `mode` is `create`: what fits is left alone, and not linked)",
    ),
  mirror: z
    .enum(["auto", "all", "touched", "none"])
    .default("auto")
    .describe(
      "What is read of the destination before a run writes: all of the table (afterwards what has changed), the records of rows looked at, or nothing (below); `auto`: `touched` where the rows are under 20 % of a large table",
    ),
  onLeave: z
    .enum(["nothing", "clear", "deactivate", "delete"])
    .default("nothing")
    .describe("When a row is gone from the source"),
  allowDelete: z.boolean().default(false).describe("Must be true where `onLeave` is delete"),
  leaveLimit: rowLimit
    .optional()
    .describe("The most known rows that may leave in one run: a number, or a share such as `20 %`"),
  deleteLimit: rowLimit
    .optional()
    .describe("The most records that may be deleted in one run; as many as may leave, unless said"),
  changeLimit: rowLimit
    .optional()
    .describe(
      "The most records that exist and may be changed in one run; any number, but for first contact and a new mapping",
    ),
  requestLimit: z
    .int()
    .min(1)
    .optional()
    .describe("The most requests one run may need, each written row counting as one; any number, unless said"),
  mapping: z
    .record(z.string(), mappingLine)
    .transform((mapping, context) =>
      withCurrency(
        mapping,
        (of) => longLine.parse({ ...(typeof of === "string" ? { value: of } : of), lookup: byIsoCode }),
        (line, message) => context.addIssue({ code: "custom", path: [line, "currency"], message }),
      ),
    )
    .describe("Destination column -> source column, or a longer line (below)"),
  audiences: z
    .record(z.string(), audienceTarget)
    .default({})
    .describe("Audience -> the text column that receives realized or exited, or what its rows are put into (below)"),
});
export type SyncFile = z.infer<typeof syncFile>;
