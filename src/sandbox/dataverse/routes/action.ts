import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import type { Table } from "../model.ts";
import { findRow, missing, parseReference } from "../records/references.ts";
import { type ApiRequest, jsonBody, requireMethod } from "../request.ts";
import type { Row } from "../row.ts";

type Json = Record<string, unknown>;
/** A row that a parameter names, and the object it was named by. */
export type NamedRow = { table: Table; row: Row; body: Json };

const CRM = /^#?Microsoft\.Dynamics\.CRM\.(\w+)$/;

/**
 * The parameters of an action. Throws 404 for another verb than POST, and the OData reader's 400 for a parameter the
 * action does not have or one of `needed` that is missing.
 */
export function parametersOf(request: ApiRequest, action: string, needed: string[], optional: string[] = []): Json {
  requireMethod(request, "POST");
  const nothing = needed.length === 0 && request.call.body.length === 0;
  const body = nothing ? {} : jsonBody(request, "");
  for (const name of Object.keys(body)) {
    if (name.startsWith("@") || needed.includes(name) || optional.includes(name)) continue;
    throw errors.unknownParameter(name, action);
  }
  const absent = needed.find((name) => body[name] === undefined || body[name] === null);
  if (absent !== undefined) throw errors.missingParameter(absent, action);
  return body;
}

/**
 * The existing row behind a parameter of an entity type: `{"@odata.type": "Microsoft.Dynamics.CRM.x", "xid": "..."}`,
 * or a reference in `@odata.id`. Types are mandatory where the parameter may be of several tables (page merge-entity).
 * Throws 400 when it names no row and 404 when there is none.
 */
export function rowParameter(request: ApiRequest, name: string, value: unknown, table?: Table): NamedRow {
  const body = objectParameter(name, value);
  const reference = body["@odata.id"];
  if (typeof reference === "string") {
    const { table: named, key } = parseReference(request.environment, reference);
    const row = findRow(named, key);
    if (!row) throw missing(named, key);
    return { table: named, row, body };
  }
  const type = typeParameter(request, name, body, table);
  const id = body[type.idColumn];
  if (typeof id !== "string" || !GUID.test(id))
    throw errors.badParameter(name, `it needs the primary key '${type.idColumn}'`);
  const row = type.byId.get(id.toLowerCase());
  if (!row) throw errors.missing(type.name, id.toLowerCase());
  return { table: type, row, body };
}

/** A parameter that is an object. Throws 400 otherwise. */
export function objectParameter(name: string, value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw errors.badParameter(name, "it must be an object");
}

/** The table an object's `@odata.type` names, else the one the parameter is declared with. */
export function typeParameter(request: ApiRequest, name: string, body: Json, table?: Table): Table {
  const type = body["@odata.type"];
  if (type === undefined && table) return table;
  const found = request.environment.tables.get(CRM.exec(String(type))?.[1] ?? "");
  if (found) return found;
  throw errors.badParameter(
    name,
    `'@odata.type' is missing or names no entity type: ${JSON.stringify(type) ?? "none"}`,
  );
}

/** A parameter that is a text: a string, or bytes as base64. Throws 400 otherwise. */
export function textParameter(value: unknown, type: "Edm.String" | "Edm.Binary" = "Edm.String"): string {
  if (typeof value === "string") return value;
  throw errors.wrongType("", value, type);
}

/** A parameter of type Edm.Boolean. Throws 400 otherwise. */
export function flagParameter(value: unknown): boolean {
  if (typeof value !== "boolean") throw errors.wrongType("", value, "Edm.Boolean");
  return value;
}
