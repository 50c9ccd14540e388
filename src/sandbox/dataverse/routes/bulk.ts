import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import type { Table } from "../model.ts";
import { deleteRow } from "../records/delete.ts";
import { findRow, type KeyPredicate, parseReference } from "../records/references.ts";
import { createRow, requireWritable, updateRow, upsertRow } from "../records/write.ts";
import { type ApiRequest, complexReply, jsonBody, noContent, requireMethod, transact } from "../request.ts";
import { idOf } from "../row.ts";
import { type Target, writeEach } from "./bulk-elastic.ts";
import { bodyPartition, sessionToken } from "./partition.ts";
import { existing } from "./record.ts";

/** The bulk messages by name (dataverse.md section 7). One transaction each: any error undoes all, but in elastic tables. */
export const BULK_ACTIONS: Record<string, (request: ApiRequest, table: Table) => Reply> = {
  CreateMultiple: posted(createMultiple),
  UpdateMultiple: posted(updateMultiple),
  UpsertMultiple: posted(upsertMultiple),
  DeleteMultiple: posted(deleteMultiple),
};

const SOURCE = "dataverse.md section 7";

export const BULK_OPERATIONS: Operation[] = [
  { name: "CreateMultiple", does: "creates rows, all or none; answers their ids in order", source: SOURCE },
  {
    name: "UpdateMultiple",
    does: "changes rows by primary id, all or none; the first of doubles counts",
    source: SOURCE,
  },
  { name: "UpsertMultiple", does: "creates or changes rows by key or id, all or none; doubles fail", source: SOURCE },
  { name: "DeleteMultiple", does: "deletes rows of elastic tables; refused on standard ones", source: SOURCE },
  {
    name: "Partial success",
    does: "of bulk messages on elastic tables, told by Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails",
    source: "bulk-operations.md",
  },
];

function posted(action: (request: ApiRequest, table: Table) => Reply): typeof action {
  return (request, table) => {
    requireMethod(request, "POST");
    return action(request, table);
  };
}

function createMultiple(request: ApiRequest, table: Table): Reply {
  const targets = targetsOf(request, table);
  const ids =
    table.partition === undefined
      ? transact(request, (tx) => targets.map((target) => idOf(createRow(tx, table, target))))
      : writeEach(request, table, targets, (tx, target) => ({ row: createRow(tx, table, target), status: 201 })).map(
          idOf,
        );
  const reply = complexReply(request, "CreateMultipleResponse", { Ids: ids }, ids.length);
  return { ...reply, headers: { ...reply.headers, ...sessionToken(request, table) } };
}

/** Of two targets with one id the first is applied and the later ignored. */
function updateMultiple(request: ApiRequest, table: Table): Reply {
  const targets = targetsOf(request, table);
  if (table.partition !== undefined) {
    const keys = targets.map((target) => elasticKey(table, target));
    writeEach(request, table, targets, (tx, target, n) => {
      const row = existing(table, keys[n]!);
      updateRow(tx, table, row, target);
      return { row, status: 204 };
    });
    return noContent(targets.length, sessionToken(request, table));
  }
  const seen = new Set<string>();
  transact(request, (tx) => {
    for (const target of targets) {
      const id = requiredId(table, target);
      if (seen.has(id)) continue;
      seen.add(id);
      const row = table.byId.get(id);
      if (!row) throw errors.missing(table.name, id);
      updateRow(tx, table, row, target);
    }
  });
  return noContent(seen.size);
}

/** Of elastic tables only (bulk-operations.md). */
function deleteMultiple(request: ApiRequest, table: Table): Reply {
  if (table.partition === undefined) throw errors.deleteMultiple();
  const targets = targetsOf(request, table);
  const keys = targets.map((target) => elasticKey(table, target));
  writeEach(request, table, targets, (tx, _, n) => {
    const row = existing(table, keys[n]!);
    requireWritable(tx.actor, table, "Delete");
    deleteRow(tx, table, row);
    return { row, status: 204 };
  });
  return noContent(targets.length);
}

/** The row of an elastic table that an item means, by its id and `partitionid`. */
function elasticKey(table: Table, target: Target): KeyPredicate {
  return bodyPartition(table, { id: requiredId(table, target) }, target);
}

/** Two targets for one row fail the whole request; nothing is said about what was created. */
function upsertMultiple(request: ApiRequest, table: Table): Reply {
  const targets = targetsOf(request, table);
  if (table.partition !== undefined) {
    const keys = targets.map((target) => bodyPartition(table, identityOf(request, table, target), target));
    writeEach(request, table, targets, (tx, target, n) => {
      const key = keys[n]!;
      const { row, created } = upsertRow(tx, table, findRow(table, key), target, key);
      return { row, status: created ? 201 : 204 };
    });
    return noContent(targets.length, sessionToken(request, table));
  }
  const written = new Set<unknown>();
  transact(request, (tx) => {
    for (const target of targets) {
      const key = identityOf(request, table, target);
      const row = findRow(table, key);
      if (row && written.has(row)) throw errors.duplicateId();
      written.add(upsertRow(tx, table, row, target, key).row);
    }
  });
  return noContent(targets.length);
}

function identityOf(request: ApiRequest, table: Table, target: Target): KeyPredicate {
  const reference = target["@odata.id"];
  if (reference !== undefined) {
    if (typeof reference !== "string") throw errors.wrongType(table.set, reference, "Edm.String");
    const { table: named, key } = parseReference(request.environment, reference);
    if (named !== table) throw errors.bulkBody(table.set, `'@odata.id' names '${named.set}', not '${table.set}'.`);
    return key;
  }
  const id = primaryId(table, target);
  if (id !== undefined) return { id };
  throw errors.bulkBody(
    table.set,
    `Each item of Targets must have '@odata.id' or the primary key '${table.idColumn}'.`,
  );
}

function requiredId(table: Table, target: Target): string {
  const id = primaryId(table, target);
  if (id !== undefined) return id;
  throw errors.bulkBody(table.set, `Each item of Targets must have the primary key '${table.idColumn}'.`);
}

function primaryId(table: Table, target: Target): string | undefined {
  const id = target[table.idColumn];
  if (id === undefined || id === null) return undefined;
  if (typeof id !== "string" || !GUID.test(id)) throw errors.wrongType(table.set, id, "Edm.Guid");
  return id.toLowerCase();
}

/** The items, each with the type that is mandatory on it. Throws the OData reader's 400 otherwise. */
function targetsOf(request: ApiRequest, table: Table): Target[] {
  if (!table.bulk) throw errors.messageUnsupported(table.name);
  const body = jsonBody(request, table.set);
  const targets = body.Targets;
  if (!Array.isArray(targets))
    throw errors.bulkBody(table.set, "The parameter 'Targets' was not found or is no collection.");
  if (targets.length === 0) throw errors.badSchema("The parameter 'Targets' holds no items.");
  const extra = Object.keys(body).find((name) => name !== "Targets" && !name.startsWith("@"));
  if (extra !== undefined) {
    throw errors.bulkBody(
      table.set,
      `The parameter '${extra}' in the request payload is not a valid parameter for the operation.`,
    );
  }
  const plain = `Microsoft.Dynamics.CRM.${table.name}`;
  for (const target of targets as unknown[]) {
    if (typeof target !== "object" || target === null || Array.isArray(target)) {
      throw errors.bulkBody(table.set, "A node of type 'StartObject' was expected in 'Targets'.");
    }
    const type = (target as Target)["@odata.type"];
    if (type === plain || type === `#${plain}`) continue;
    throw errors.bulkBody(
      table.set,
      type === undefined
        ? "A type named '' could not be resolved: '@odata.type' is required on every item of 'Targets'."
        : `A type named '${String(type)}' was found where '${plain}' was expected.`,
    );
  }
  return targets as Target[];
}
