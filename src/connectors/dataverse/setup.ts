import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { key, keysQuery, list } from "./answers.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { getJson } from "./json.ts";
import { fresh } from "./kept.ts";

/** `name` is the schema name, prefix included (`new_LoyaltyTier`); the column's own name is that in lower case. */
export type NewColumn = { name: string; title: string } & (
  | { type: "text"; maxLength: number }
  | { type: "integer" }
  | { type: "decimal"; precision: number }
  | { type: "boolean" }
  | { type: "date" | "datetime" }
);

export type NewKey = { name: string; title: string; columns: string[] };

/**
 * An unmanaged solution of a publisher of its own. `name` is the unique name of both; `prefix`, 2 to 8 letters and digits,
 * begins the schema names of what is made in it; its choices are numbered from `options` x 10,000 (10,000 to 99,999).
 */
export type NewSolution = { name: string; title: string; prefix: string; options: number };

type Place = { api: WebApi };

const PATIENCE = 10 * 60_000;
const POLL = 2_000;

/**
 * Makes the publisher and the solution unless there are such; true when the solution was made. Dataverse takes only names
 * that begin with some publisher's prefix. Fails with destination_failed when the publisher has another prefix, since
 * somebody may have changed it. Source: section 0 of the page "Web API table schema operations sample".
 */
export async function ensureSolution({ api }: Place, wanted: NewSolution): Promise<boolean> {
  const { name, title, prefix, options } = wanted;
  const find = async <T>(rows: string, columns: string, row: z.ZodType<T>): Promise<T | undefined> => {
    const path = `${rows}?$select=${columns}&$filter=uniquename%20eq%20'${name}'`;
    return (await getJson(api, { path, doing: `look for ${name} in ${rows}` }, list(row))).value[0];
  };
  const names = { uniquename: name, friendlyname: title };
  const publisher = z.object({ publisherid: z.string(), customizationprefix: z.string() });
  const publishers = () => find("publishers", "publisherid,customizationprefix", publisher);
  if (!(await publishers())) {
    const prefixes = { customizationprefix: prefix, customizationoptionvalueprefix: options };
    await post(api, "publishers", { ...names, ...prefixes }, `add publisher ${name}`);
  }
  const { publisherid, customizationprefix } = (await publishers())!;
  if (customizationprefix.toLowerCase() !== prefix.toLowerCase())
    throw new SluiceError(
      "destination_failed",
      `Publisher ${name} has the prefix ${customizationprefix}, not ${prefix}.`,
      { remedy: `Give publisher ${name} the prefix ${prefix} again.` },
    );
  if (await find("solutions", "uniquename", z.object({}))) return false;
  const solution = { ...names, version: "1.0.0.0", "publisherid@odata.bind": `/publishers(${publisherid})` };
  await post(api, "solutions", solution, `add solution ${name}`);
  return true;
}

/**
 * Makes the column unless the table has one of that name; true when it was made. What exists is not changed, nor checked.
 * `solution`: the unique name of the one it goes into, beside the default solution. Needs the System Customizer role. What
 * is new is published by Dataverse itself. Sources: the pages "Create and update column definitions using the Web API" and
 * "Publish customizations".
 */
export async function ensureColumn(
  { api }: Place,
  object: string,
  column: NewColumn,
  solution?: string,
): Promise<boolean> {
  const doing = `add column ${column.name} to ${object}`;
  const attributes = `EntityDefinitions(LogicalName='${object}')/Attributes`;
  const name = column.name.toLowerCase();
  const path = `${attributes}?$select=LogicalName&$filter=LogicalName%20eq%20'${name}'`;
  const there = await getJson(api, { path, headers: fresh, doing }, list(z.object({ LogicalName: z.string() })));
  if (there.value.length > 0) return false;
  await post(api, attributes, attributeOf(column), doing, solution);
  return true;
}

/**
 * Makes the alternate key unless the table has one of that name, then waits until its index is built: only then does
 * Dataverse refuse doubles. Fails with destination_failed when the index cannot be built (doubles exist already) or is
 * not ready after ten minutes. Source: dataverse.md section 3.
 */
export async function ensureKey({ api }: Place, object: string, wanted: NewKey, solution?: string): Promise<boolean> {
  const doing = `add key ${wanted.name} to ${object}`;
  const keys = `EntityDefinitions(LogicalName='${object}')/Keys`;
  const status = async () => {
    const call = { path: `${keys}?${keysQuery}`, headers: fresh, doing };
    const { value } = await getJson(api, call, list(key));
    return value.find((k) => k.LogicalName === wanted.name.toLowerCase())?.EntityKeyIndexStatus;
  };
  const made = (await status()) === undefined;
  if (made) {
    const { name, title, columns } = wanted;
    await post(api, keys, { SchemaName: name, DisplayName: labelOf(title), KeyAttributes: columns }, doing, solution);
  }
  const end = api.clock.now() + PATIENCE;
  for (let now = await status(); now !== "Active"; now = await status()) {
    if (now === "Failed")
      throw new SluiceError("destination_failed", `The index of key ${wanted.name} on ${object} could not be built.`, {
        remedy: `Remove records of ${object} that are equal in ${wanted.columns.join(", ")}, then reactivate the key.`,
      });
    if (api.clock.now() > end)
      throw new SluiceError("destination_failed", `Key ${wanted.name} on ${object} is still ${now} after ten minutes.`);
    await api.clock.sleep(POLL);
  }
  return made;
}

async function post(api: WebApi, path: string, body: unknown, doing: string, solution?: string): Promise<Answer> {
  const headers = solution ? { "mscrm.solutionuniquename": solution } : {};
  const answer = await api.write({ method: "POST", path, headers, body: JSON.stringify(body), doing });
  if ("lost" in answer)
    throw new SluiceError("destination_failed", `No answer to the request to ${doing}: ${answer.lost}.`);
  if (answer.status >= 300) throw stopping(classify(answer), doing);
  return answer;
}

function attributeOf(column: NewColumn): Record<string, unknown> {
  const kind = { text: "String", integer: "Integer", decimal: "Decimal", boolean: "Boolean" } as const;
  const type = column.type === "date" || column.type === "datetime" ? "DateTime" : kind[column.type];
  return {
    "@odata.type": `Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
    AttributeType: type,
    AttributeTypeName: { Value: `${type}Type` },
    SchemaName: column.name,
    DisplayName: labelOf(column.title),
    RequiredLevel: {
      Value: "None",
      CanBeChanged: true,
      ManagedPropertyLogicalName: "canmodifyrequirementlevelsettings",
    },
    ...specifics(column),
  };
}

function specifics(column: NewColumn): Record<string, unknown> {
  switch (column.type) {
    case "text":
      return { MaxLength: column.maxLength, FormatName: { Value: "Text" } };
    case "integer":
      return { MinValue: -2147483648, MaxValue: 2147483647, Format: "None" };
    case "decimal":
      return { MinValue: -100000000000, MaxValue: 100000000000, Precision: column.precision };
    case "boolean":
      return { DefaultValue: false, OptionSet: yesNo };
    case "date":
      return { Format: "DateOnly", DateTimeBehavior: { Value: "DateOnly" } };
    case "datetime":
      return { Format: "DateAndTime", DateTimeBehavior: { Value: "UserLocal" } };
  }
}

const yesNo = {
  OptionSetType: "Boolean",
  TrueOption: { Value: 1, Label: labelOf("Yes") },
  FalseOption: { Value: 0, Label: labelOf("No") },
};

function labelOf(text: string): Record<string, unknown> {
  const one = { "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", Label: text, LanguageCode: 1033 };
  return { "@odata.type": "Microsoft.Dynamics.CRM.Label", LocalizedLabels: [one] };
}
