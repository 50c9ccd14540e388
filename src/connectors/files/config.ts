import { z } from "zod";
import { contradiction } from "../../core/date-detection.ts";
import { readFormat } from "../../core/dates.ts";

export const columnTypes = ["text", "integer", "decimal", "boolean", "date", "timestamp"] as const;
export type DeclaredType = (typeof columnTypes)[number];

export const fileFormats = ["csv", "json", "parquet"] as const;
export type FileFormat = (typeof fileFormats)[number];

const longColumn = z
  .strictObject({
    type: z.enum(columnTypes),
    formats: z.array(z.string()).min(1).optional().describe("How dates are written, such as d/M/yyyy"),
  })
  .superRefine((column, issues) => {
    if (!column.formats) return;
    if (column.type !== "date" && column.type !== "timestamp") {
      issues.addIssue({ code: "custom", path: ["formats"], message: "formats are for date and timestamp columns" });
    }
    const read = column.formats.map((f) => readFormat(f));
    for (const [i, format] of read.entries()) {
      if ("problem" in format) issues.addIssue({ code: "custom", path: ["formats", i], message: format.problem });
    }
    const twins = contradiction(read.flatMap((f) => ("strptime" in f ? [f.strptime] : [])));
    if (twins) {
      const message = `${twins.join(" and ")} read the same text as two different days; only one can hold`;
      issues.addIssue({ code: "custom", path: ["formats"], message });
    }
  });

/** `birth: date` is short for `birth: { type: date }`. */
const column = z.union([z.enum(columnTypes).transform((type) => ({ type, formats: undefined })), longColumn]);

const table = z.strictObject({
  path: z.string().min(1).optional().describe("File, relative to the folder; * and ? stand for any text"),
  format: z
    .enum([...fileFormats, "tsv", "ndjson"])
    .optional()
    .describe("Where the ending does not tell"),
  delimiter: z.string().min(1).max(4).optional().describe("Between the values; found out otherwise"),
  quote: z.string().max(1).optional().describe('Around values; " otherwise, empty for none'),
  header: z
    .boolean()
    .default(true)
    .describe("Whether the first row names the columns; column1, column2, ... otherwise"),
  encoding: z
    .string()
    .optional()
    .describe("utf-8, utf-16, latin-1, windows-1252, ...; utf-8 otherwise")
    .refine(knownEncoding, {
      message: "is not an encoding we know; usual ones are utf-8, utf-16, latin-1, windows-1252",
    }),
  columns: z.record(z.string(), column).default({}).describe("Types of columns where detection is not wanted"),
});

export const filesConfig = z.strictObject({
  folder: z.string().min(1).describe("Folder of the files, relative to the project"),
  tables: z.record(z.string(), table).default({}).describe("Only for files that need more than their name"),
});

export type FilesConfig = z.infer<typeof filesConfig>;
export type TableConfig = z.infer<typeof table>;

export const plainTable: TableConfig = table.parse({});

/** The name Node's decoder has for an encoding. Latin-1 means windows-1252, as everywhere on the web. */
export function decoderName(encoding: string): string {
  const name = encoding.toLowerCase().replace(/^latin-?(\d)$/, "latin$1");
  return new TextDecoder(name === "utf-16" ? "utf-16le" : name).encoding;
}

function knownEncoding(encoding: string | undefined): boolean {
  if (encoding === undefined) return true;
  try {
    decoderName(encoding);
    return true;
  } catch {
    // TextDecoder has no way to ask whether it knows a name but to try.
    return false;
  }
}
