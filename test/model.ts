import {
  type Batch,
  type BatchOutcome,
  type Connector,
  movedThere,
  type Page,
  type ReadRequest,
  type RowOutcome,
  type Session,
  type Wire,
} from "../src/core/connector.ts";
import type { Column, ObjectSchema } from "../src/core/schema.ts";

/**
 * A model of the outside: a source whose rows come and go, a CRM that people and plug-ins change too, and faults on the
 * way. It keeps what it was given in plain maps and speaks the connector contract, so the real engine runs against it
 * in process, thousands of times a minute. Histories over it are the ground of unit, crash and two-way tests.
 */
export type Value = string | null;
export type Record_ = { id: string; created: number; version: number; values: Record<string, Value> };
export type SourceRow = Record<string, Value>;

export type Outside = {
  source: SourceRow[];
  /** Audience -> source keys in it. */
  audiences: Record<string, Set<string>>;
  crm: Map<string, Record_>;
  /** Marketing lists: name -> the ids of its members. */
  lists: Map<string, Set<string>>;
  /** Lists that let nobody in or out. */
  locked: Set<string>;
  /** What a new record holds where nothing was said. */
  defaults: Record<string, Value>;
  /** What a plug-in makes of a value when it is written. */
  rewrite: (column: string, value: Value) => Value;
  /** Asked before each write request: what goes wrong with it. */
  fault: (request: number) => Fault;
  /** Rows the CRM refuses for reasons of its own. */
  refuses: (values: Record<string, Value>) => boolean;
  /** Records the CRM does not let go. */
  keeps: (id: string) => boolean;
  /** What people deleted, and may bring back. */
  bin: Map<string, Record_>;
  log: { version: number; id: string; deleted: boolean }[];
  writes: number;
  requests: number;
  clock: number;
};

/** lost: written, but the answer never came. unsent: the request never arrived. */
export type Fault = "none" | "lost" | "unsent";

export function outside(): Outside {
  return {
    source: [],
    audiences: {},
    crm: new Map(),
    lists: new Map(),
    locked: new Set(),
    defaults: {},
    rewrite: (_, value) => value,
    fault: () => "none",
    refuses: () => false,
    keeps: () => false,
    bin: new Map(),
    log: [],
    writes: 0,
    requests: 0,
    clock: 0,
  };
}

/** What a person does in the CRM: never through us. */
export const people = {
  create(world: Outside, values: Record<string, Value>): string {
    const id = guid(++world.clock);
    put(world, id, values, true);
    return id;
  },
  edit(world: Outside, id: string, values: Record<string, Value>): void {
    if (world.crm.has(id)) put(world, id, values, false);
  },
  remove(world: Outside, id: string): void {
    for (const members of world.lists.values()) members.delete(id);
    const record = world.crm.get(id);
    if (!record) return;
    world.bin.set(id, record);
    world.crm.delete(id);
    world.log.push({ version: ++world.clock, id, deleted: true });
  },
  /** The record is back as it was, with its id. */
  restore(world: Outside, id: string): void {
    const record = world.bin.get(id);
    if (!record || world.crm.has(id)) return;
    const version = ++world.clock;
    world.crm.set(id, { ...record, version });
    world.log.push({ version, id, deleted: false });
  },
  /** Two records become one: the other is made inactive, and its memberships go over. What the first lacks it takes from it. */
  merge(world: Outside, into: string, other: string): void {
    const [kept, lost] = [world.crm.get(into), world.crm.get(other)];
    if (!kept || !lost || into === other) return;
    const taken = Object.entries(lost.values).filter(([c]) => c !== "statecode" && (kept.values[c] ?? null) === null);
    for (const members of world.lists.values()) if (members.delete(other)) members.add(into);
    put(world, into, Object.fromEntries(taken), false);
    put(world, other, { statecode: "1" }, false);
  },
};

/** Ids that sort by age and look like the destination's. */
export const guid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

function put(world: Outside, id: string, values: Record<string, Value>, isNew: boolean): void {
  const old = world.crm.get(id);
  const version = ++world.clock;
  const rewritten = Object.fromEntries(Object.entries(values).map(([c, v]) => [c, world.rewrite(c, v)]));
  world.crm.set(id, {
    id,
    created: isNew ? version : old!.created,
    version,
    values: { ...(isNew ? world.defaults : old?.values), ...rewritten },
  });
  world.log.push({ version, id, deleted: false });
}

/** The CRM as a destination. Its JSON is plain: property = column name, all values text. */
export function crmConnector(world: Outside, object: ObjectSchema): Connector {
  const wire: Wire = {
    etag: "@version",
    property: (_, column) => column,
    identity: (o, op) =>
      op === "create"
        ? `CASE WHEN id IS NULL THEN '"new":true' ELSE '"${o.id}":"' || id || '"' END`
        : `'"${o.id}":"' || id || '"'`,
    fragment: (_, column, value) => [`'"${column.name}":'`, `coalesce(to_json(${value})::VARCHAR, 'null')`],
  };
  const session: Session = {
    wire,
    objects: async () => [object],
    describe: async () => object,
    async *read(_, request) {
      world.requests++;
      if (request.ids ?? request.match) {
        const found = request.ids
          ? request.ids.flatMap((id) => world.crm.get(id) ?? [])
          : matching(world, request.match!);
        const value = found.map((r) => row(r, request.columns, object));
        yield { rows: JSON.stringify(value), deleted: [], count: value.length, last: true };
        return;
      }
      const since = request.cursor === undefined ? -1 : Number(request.cursor);
      const changed = new Map<string, boolean>();
      for (const entry of world.log) if (entry.version > since) changed.set(entry.id, entry.deleted);
      const rows = [...changed].flatMap(([id]) =>
        world.crm.has(id) ? [row(world.crm.get(id)!, request.columns, object)] : [],
      );
      const deleted = since < 0 ? [] : [...changed].flatMap(([id, gone]) => (gone && !world.crm.has(id) ? [id] : []));
      const cursor = String(world.clock);
      const page: Page = {
        rows: JSON.stringify(rows),
        deleted,
        count: rows.length + deleted.length,
        last: true,
      };
      yield request.track ? { ...page, cursor } : page;
    },
    async membership(_, target) {
      const title = "list" in target ? target.list : target.relationship;
      return { relationship: "members", object: "list", set: "lists", id: title, navigation: "members", title };
    },
    async *members(_, { id }) {
      world.requests++;
      const value = [...(world.lists.get(id) ?? [])].map((member) => ({ [object.id]: member }));
      yield { rows: JSON.stringify(value), deleted: [], count: value.length, last: true };
    },
    write: async (_, batch) => write(world, object, batch),
    close: async () => {},
  };
  return { id: "crm", title: "A modelled CRM", config: undefined as never, secrets: [], open: () => session };
}

function matching(world: Outside, { columns, values }: NonNullable<ReadRequest["match"]>): Record_[] {
  const wanted = new Set(values.map((row) => JSON.stringify(row.map(fold))));
  const holds = (r: Record_) => JSON.stringify(columns.map((c) => fold(r.values[c] ?? null)));
  return [...world.crm.values()].filter((r) => wanted.has(holds(r)));
}

function row(record: Record_, columns: string[], object: ObjectSchema): Record<string, Value> {
  const created = new Date(record.created * 1000).toISOString();
  return {
    [object.id]: record.id,
    "@version": String(record.version),
    ...Object.fromEntries(columns.map((c) => [c, c === "createdon" ? created : (record.values[c] ?? null)])),
  };
}

async function write(world: Outside, object: ObjectSchema, batch: Batch): Promise<BatchOutcome> {
  const fault = world.fault(++world.requests);
  const elements = JSON.parse(`[${new TextDecoder().decode(batch.elements)}]`) as Record<string, Value>[];
  if (fault === "unsent") return { status: "unknown", exceptions: [] };
  const keys = await batch.keys();
  const exceptions: RowOutcome[] = [];
  const ids: { n: number; id: string }[] = [];
  const except = (n: number, status: RowOutcome["status"], code: string) =>
    exceptions.push({ n, status, code, message: code });
  for (const [i, element] of elements.entries()) {
    const { [object.id]: given, new: _, ...values } = element;
    const n = keys[i]!.n;
    const id = given ?? guid(++world.clock);
    const there = world.crm.has(id);
    const { etag } = keys[i]!;
    if (there && etag !== undefined && etag !== String(world.crm.get(id)!.version)) {
      except(n, "rejected", movedThere);
    } else if (batch.into) {
      if (world.locked.has(batch.into.id)) except(n, "rejected", "0x8004022e");
      else if (!there) except(n, "rejected", "0x80040217");
      else {
        const members = world.lists.get(batch.into.id)!;
        if (batch.op === "add") members.add(id);
        else members.delete(id);
        world.writes++;
      }
    } else if (batch.op === "delete") {
      if (world.keeps(id)) except(n, "rejected", "0x80040227");
      else if (there) {
        people.remove(world, id);
        world.writes++;
      }
    } else if (world.refuses(values)) except(n, "rejected", "0x1");
    else if (batch.op === "update" && !there) except(n, "rejected", "gone");
    else if (batch.op === "create" && (there || doubled(world, object, values))) except(n, "unknown", "duplicate");
    else {
      put(world, id, values, !there);
      world.writes++;
      if (batch.op === "create") ids.push({ n, id });
    }
  }
  if (fault === "lost") return { status: "unknown", exceptions: [] };
  const status = {
    create: "created",
    update: "updated",
    delete: "deleted",
    add: "updated",
    remove: "updated",
  } as const;
  return { status: status[batch.op], ...(batch.op === "create" && { ids }), exceptions };
}

function doubled(world: Outside, object: ObjectSchema, values: Record<string, Value>): boolean {
  return object.keys.some((key) => {
    if (!key.active || key.columns.some((c) => values[c] == null)) return false;
    return [...world.crm.values()].some((r) =>
      key.columns.every((c) => fold(r.values[c] ?? null) === fold(values[c] ?? null)),
    );
  });
}

const fold = (value: Value): Value => value?.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trimEnd() ?? null;

/** The source: a relation made of literal rows, all text, as a file of text columns would be. */
export function sourceConnector(world: Outside, columns: string[], key: string): Connector {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const literal = (value: Value) =>
    value === null ? "NULL::VARCHAR" : `(${value.split("\0").map(quoted).join(" || chr(0) || ")})`;
  const relation = (rows: SourceRow[], names: string[]) =>
    rows.length
      ? `SELECT * FROM (VALUES ${rows.map((r) => `(${names.map((n) => literal(r[n] ?? null)).join(",")})`).join(",")}) v(${names.join(",")})`
      : `SELECT ${names.map((n) => `NULL::VARCHAR AS ${n}`).join(", ")} WHERE false`;
  const session: Session = {
    objects: async () => [],
    describe: async () => {
      throw new Error("a source has no schema");
    },
    scan: async (query) => {
      const members = "sql" in query ? world.audiences[query.sql] : undefined;
      const names = members ? [key] : columns;
      return {
        views: [],
        select: members
          ? relation(
              [...members].map((m) => ({ [key]: m })),
              names,
            )
          : relation(world.source, names),
        columns: names.map((name) => ({ name, type: "VARCHAR" })),
        paths: [],
        dates: {},
      };
    },
    close: async () => {},
  };
  return { id: "rows", title: "Modelled rows", config: undefined as never, secrets: [], open: () => session };
}

/** A table with one column of each kind that matters to the reconcile. */
export function modelObject(keyed: boolean): ObjectSchema {
  const column = (name: string, type: Column["type"], rest: Partial<Column> = {}): Column => ({
    name,
    title: name,
    type,
    required: false,
    create: true,
    update: true,
    ...rest,
  });
  return {
    name: "contact",
    title: "Contact",
    set: "contacts",
    id: "contactid",
    label: "code",
    columns: [
      column("contactid", "guid", { update: false }),
      column("code", "text", { maxLength: 20 }),
      column("name", "text", { maxLength: 20 }),
      column("amount", "money", { precision: 2, min: -1000, max: 1000 }),
      column("born", "date"),
      column("size", "double", { min: -1000, max: 1000 }),
      column("vip", "text", { maxLength: 10 }),
      column("statecode", "state", {
        choices: [
          { value: 0, label: "Active" },
          { value: 1, label: "Inactive" },
        ],
      }),
      column("createdon", "datetime", { create: false, update: false }),
    ],
    keys: [{ name: "code", columns: ["code"], active: keyed }],
    can: { bulk: true, deltas: true, concurrency: true },
  };
}
