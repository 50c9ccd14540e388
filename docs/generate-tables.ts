import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { settings as dataverse } from "../src/connectors/dataverse/config.ts";
import { dataverseErrors } from "../src/connectors/dataverse/dataverse-errors.ts";
import { entraErrors } from "../src/connectors/dataverse/entra-errors.ts";
import { networkErrors } from "../src/connectors/dataverse/network-errors.ts";
import {
  audienceFile,
  connectionFile,
  mappingLine,
  modelFile,
  projectFile,
  retention,
  syncFile,
} from "../src/core/project.ts";
import { columnTable, memberTable, rowTable } from "../src/core/state.ts";

// Writes the tables that stand between `<!-- table: NAME -->` and `<!-- end -->` in the documents below, from the code
// that holds their truth. Run: node docs/generate-tables.ts

export const documents = ["architecture.md", "project-files.md", "guides/dynamics.md"] as const;

type JsonSchema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  description?: string;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  required?: string[];
};

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
const longLine = schemaOf(mappingLine).anyOf!.find((s) => s.type === "object")!;

const tables: Record<string, () => string> = {
  project: () => keyTable(schemaOf(projectFile)),
  retention: () => keyTable(schemaOf(retention)),
  connection: () => keyTable(schemaOf(connectionFile)),
  dataverse: () => keyTable(schemaOf(dataverse)),
  model: () => keyTable(schemaOf(modelFile)),
  audience: () => keyTable(schemaOf(audienceFile)),
  sync: () => keyTable(schemaOf(syncFile)),
  mapping: () => keyTable(longLine),
  lookup: () => keyTable(longLine.properties!.lookup!.anyOf![0]!),
  entra: () => errorTable(Object.entries(entraErrors).map(([code, row]) => ({ code: `AADSTS${code}`, ...row }))),
  refusals: () => errorTable(dataverseErrors),
  silence: () => errorTable(networkErrors),
  columns: () => ruleTable(columnTable),
  rows: () => ruleTable(rowTable),
  members: () => ruleTable(memberTable),
};

/** `text` with every marked table made anew. A marker of an unknown name, or without its end, is an error. */
export function withTables(text: string): string {
  const made = text.replace(/(<!-- table: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, open, name, end) => {
    const table = tables[name as string];
    if (!table) throw new Error(`there is no table "${name}"; there are ${Object.keys(tables).join(", ")}`);
    return `${open}\n${table()}\n\n${end}`;
  });
  const count = (part: string) => made.split(part).length;
  if (count("<!-- table: ") !== count("<!-- end -->")) throw new Error("a table marker has no end");
  return made;
}

function keyTable(schema: JsonSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, key]) => {
    const need = schema.required?.includes(name) ? "required" : defaultText(key.default);
    return [code(name), values(key), need, key.description ?? ""];
  });
  return markdown(["key", "value", "default", "meaning"], rows);
}

/** The defaults of keys within keys stand in a table of their own. */
const defaultText = (value: unknown) =>
  value === undefined || (typeof value === "object" && !Array.isArray(value)) ? "" : code(String(value));

function values(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum) return schema.enum.map((v) => code(String(v))).join(", ");
  if (schema.anyOf) return schema.anyOf.map(values).join(" or ");
  if (schema.type === "array") return `list of ${values(schema.items ?? {})}`;
  if (schema.type === "object") return "keys";
  return [schema.type ?? "anything"].flat().join(", ").replaceAll("string", "text");
}

function errorTable(errors: readonly { code: string; cause: string; remedy: string }[]): string {
  const rows = errors.map(({ code: name, cause, remedy }) => [code(name), cause, remedy]);
  return markdown(["code", "what it means", "what to do"], rows);
}

type Rule = { when: object; then: unknown; code?: string; meaning: string };

function ruleTable(rules: readonly Rule[]): string {
  const rows = rules.map((rule) => [
    Object.entries(rule.when)
      .map(([name, value]) => `${name} ${code(String(value))}`)
      .join(", ") || "otherwise",
    rule.code === undefined ? action(rule.then) : `${action(rule.then)}, ${code(rule.code)}`,
    rule.meaning,
  ]);
  return markdown(["when", "then", "meaning"], rows);
}

/** A fixed action, or one that a policy of the sync chooses. */
function action(then: unknown): string {
  if (typeof then === "string") return `**${then}**`;
  const { by, is } = then as { by: string; is: Record<string, string> };
  const choices = Object.entries(is).map(([policy, act]) => `${code(policy)} **${act}**`);
  return `by ${code(by)}: ${choices.join(", ")}`;
}

const code = (text: string) => `\`${text}\``;

const markdown = (head: string[], rows: string[][]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The document's text as it stands, and as it should. */
export function document(name: (typeof documents)[number]): { path: URL; stands: string; should: string } {
  const path = new URL(name, import.meta.url);
  const stands = readFileSync(path, "utf8");
  return { path, stands, should: withTables(stands) };
}

if (import.meta.main) {
  for (const name of documents) {
    const { path, stands, should } = document(name);
    if (stands === should) continue;
    writeFileSync(path, should);
    console.log(`docs/${name} written`);
  }
}
