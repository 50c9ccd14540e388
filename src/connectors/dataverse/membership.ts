import { z } from "zod";
import type { Membership } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { MembershipTarget } from "../../core/project.ts";
import type { Column, ManyToMany, ObjectSchema } from "../../core/schema.ts";
import { list } from "./answers.ts";
import type { WebApi } from "./http.ts";
import { getJson } from "./json.ts";
import { listRelationship, memberTables } from "./member-parts.ts";
import { wire } from "./wire.ts";

const guid = /^[{]?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[}]?$/i;

type Describe = (name: string, signal?: AbortSignal) => Promise<ObjectSchema>;

/**
 * Finds the list or the record that an audience names, and refuses what cannot take rows of `object`: a list that is
 * dynamic, locked, inactive or of other members, a relationship that the table does not have.
 * @throws SluiceError mapping_unfit
 */
export async function findMembership(
  api: WebApi,
  describe: Describe,
  object: ObjectSchema,
  target: MembershipTarget,
  signal?: AbortSignal,
): Promise<Membership> {
  if ("list" in target) return findList(api, object, target.list, signal);
  const pair = relationshipOf(object, target.relationship);
  const other = await describe(pair.object, signal);
  const back = other.pairs?.find((p) => p.name === pair.name && p.object === object.name);
  if (!back) throw new SluiceError("mapping_unfit", `${pair.name} does not lead from ${other.name} to ${object.name}.`);
  const id = await onlyRecord(api, other, target.with, signal);
  const title = `The ${other.name} record with ${said(target.with)}`;
  return { relationship: pair.name, object: other.name, set: other.set, id, navigation: back.navigation, title };
}

function relationshipOf(object: ObjectSchema, name: string): ManyToMany {
  const pairs = object.pairs ?? [];
  const found = pairs.find((p) => p.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const names = pairs.map((p) => p.name);
  const offer = didYouMean(name, names) || `; it has ${names.join(", ") || "none"}.`;
  throw new SluiceError("mapping_unfit", `${object.name} has no many-to-many relationship ${name}${offer}`, {
    remedy: "Name the relationship by its schema name: make.powerapps.com, Tables, the table, Relationships.",
  });
}

const listRow = z.object({
  listid: z.string(),
  listname: z.string().nullish(),
  type: z.boolean().nullish(),
  lockstatus: z.boolean().nullish(),
  statecode: z.number(),
  createdfromcode: z.number(),
});
const listColumns = "listid,listname,type,lockstatus,statecode,createdfromcode";

async function findList(api: WebApi, object: ObjectSchema, named: string, signal?: AbortSignal): Promise<Membership> {
  const unfit = (message: string, remedy: string) => new SluiceError("mapping_unfit", message, { remedy });
  const id = guid.exec(named)?.[1];
  const filter = id ? `listid eq ${id}` : `listname eq ${literal(named)}`;
  const call = {
    path: `lists?$select=${listColumns}&$filter=${encodeURIComponent(filter)}`,
    doing: "find the marketing list",
  };
  const { value } = await getJson(api, call, list(listRow), signal);
  const [found] = value;
  if (!found)
    throw unfit(
      `There is no marketing list ${named}.`,
      "Correct the name, or create the list in Dynamics first: Sluice does not.",
    );
  if (value.length > 1)
    throw unfit(
      `${value.length} marketing lists are called ${named}.`,
      `Name the one you mean by its id: ${value.map((l) => l.listid).join(", ")}.`,
    );
  const name = `The marketing list ${found.listname ?? found.listid}`;
  const members = memberTables[found.createdfromcode] ?? "other";
  if (members !== object.name)
    throw unfit(
      `${name} is one of ${members} records, but the sync writes to ${object.name}.`,
      `Name a list of ${object.name} records.`,
    );
  if (found.type === true)
    throw unfit(
      `${name} is dynamic: its members are what its query finds.`,
      "Name a static list; Dynamics can copy a dynamic one to a static one.",
    );
  if (found.lockstatus === true) throw unfit(`${name} is locked.`, "Unlock it in Dynamics (Locked: No).");
  if (found.statecode !== 0) throw unfit(`${name} is inactive.`, "Activate it in Dynamics, or name another.");
  const navigation = listRelationship(object.name);
  const { listid } = found;
  return { relationship: navigation, object: "list", set: "lists", id: listid.toLowerCase(), navigation, title: name };
}

/** The id of the one record that has these values. @throws SluiceError mapping_unfit */
async function onlyRecord(
  api: WebApi,
  table: ObjectSchema,
  values: Record<string, string | number>,
  signal?: AbortSignal,
): Promise<string> {
  const terms = Object.entries(values).map(([name, value]) => {
    const column =
      name === "id" ? idColumn(table) : table.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
    if (!column)
      throw new SluiceError(
        "mapping_unfit",
        `${table.name} has no column ${name} to find the record by${
          didYouMean(
            name,
            table.columns.map((c) => c.name),
          ) || "."
        }`,
      );
    return `${wire.property(table, column.name)} eq ${literalOf(column, value)}`;
  });
  const call = {
    path: `${table.set}?$select=${table.id}&$filter=${encodeURIComponent(terms.join(" and "))}&$top=2`,
    doing: `find the ${table.name} record with ${said(values)}`,
  };
  const { value } = await getJson(api, call, list(z.record(z.string(), z.unknown())), signal);
  if (value.length === 1) return String(value[0]![table.id]).toLowerCase();
  throw new SluiceError(
    "mapping_unfit",
    `${value.length === 0 ? "No" : "More than one"} ${table.name} record has ${said(values)}.`,
    {
      remedy: "Say under `with` what only one record has; its id is always good.",
    },
  );
}

const said = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

const idColumn = (table: ObjectSchema) => table.columns.find((c) => c.name === table.id)!;

function literalOf(column: Column, value: string | number): string {
  if (column.type === "guid" || column.type === "lookup") {
    const id = guid.exec(String(value))?.[1];
    if (id) return id;
    throw new SluiceError("mapping_unfit", `${column.name}: "${value}" is no id.`, {
      remedy: "An id looks like 7b0c4f6e-1c2d-4e5f-8a9b-0c1d2e3f4a5b.",
    });
  }
  if (column.type === "text") return literal(String(value));
  if (/^-?\d+(\.\d+)?$/.test(String(value))) return String(value);
  throw new SluiceError("mapping_unfit", `${column.name} is ${column.type}, and "${value}" is no number.`, {
    remedy: "Find the record by a text column, a number, or its id.",
  });
}

/** A string in an OData filter. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
