import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { key, keysQuery, list } from "./answers.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { getJson } from "./json.ts";

/** `name` is the schema name, prefix included (`new_LoyaltyTier`); the column's own name is that in lower case. */
export type NewColumn = { name: string; title: string } & (
  | { type: "text"; maxLength: number }
  | { type: "integer" }
  | { type: "decimal"; precision: number }
  | { type: "boolean" }
  | { type: "date" | "datetime" }
);

export type NewKey = { name: string; title: string; columns: string[] };

type Place = { api: WebApi };

const PATIENCE = 10 * 60_000;
const POLL = 2_000;

/**
 * Makes the column unless the table has one of that name; true when it was made. What exists is not changed, nor checked.
 * Needs the System Customizer role. Source: the Web API page "Create and update column definitions".
 */
export async function ensureColumn({ api }: Place, object: string, column: NewColumn): Promise<boolean> {
  const doing = `add column ${column.name} to ${object}`;
  const attributes = `EntityDefinitions(LogicalName='${object}')/Attributes`;
  const name = column.name.toLowerCase();
  const path = `${attributes}?$select=LogicalName&$filter=LogicalName%20eq%20'${name}'`;
  const there = await getJson(api, { path, headers: fresh, doing }, list(z.object({ LogicalName: z.string() })));
  if (there.value.length > 0) return false;
  await post(api, attributes, attributeOf(column), doing);
  return true;
}

/**
 * Makes the alternate key unless the table has one of that name, then waits until its index is built: only then does
 * Dataverse refuse doubles. Fails with destination_failed when the index cannot be built (doubles exist already) or is
 * not ready after ten minutes. Source: dataverse.md section 3.
 */
export async function ensureKey({ api }: Place, object: string, wanted: NewKey): Promise<boolean> {
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
    await post(api, keys, { SchemaName: name, DisplayName: labelOf(title), KeyAttributes: columns }, doing);
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

const fresh = { consistency: "Strong" };

async function post(api: WebApi, path: string, body: unknown, doing: string): Promise<Answer> {
  const answer = await api.write({ method: "POST", path, body: JSON.stringify(body), doing });
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
