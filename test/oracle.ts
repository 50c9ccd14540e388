import { trimValue } from "../src/core/blanks.ts";
import { canonValue } from "../src/core/canon.ts";
import { foldValue } from "../src/core/fold.ts";
import { type Decision, type ReconcileColumn, type Row, reconcile, type TouchedRow } from "../src/core/reconcile.ts";
import type { ObjectSchema } from "../src/core/schema.ts";
import { matchedAnew, type Policies } from "../src/core/state.ts";
import type { Outside, SourceRow } from "./model.ts";

/**
 * What a run should do to the model of the outside, worked out one row at a time by the oracle of the core. It keeps
 * its own idea of links and base, and never looks at what the engine keeps.
 */
export type Memory = {
  link: Map<string, { id: string; left: boolean }>;
  sent: Map<string, Row>;
  seen: Map<string, Row>;
  /** Records that a run of ours deactivated. */
  rested: Set<string>;
  /** Records that are in the list by us. */
  listed: Set<string>;
};
export const memory = (): Memory => ({
  link: new Map(),
  sent: new Map(),
  seen: new Map(),
  rested: new Set(),
  listed: new Set(),
});

export type OracleSync = {
  object: ObjectSchema;
  columns: ReconcileColumn[];
  match: string;
  key: string;
  audience: string;
  /** The list that is filled by the audience of the same name. */
  list: string;
  policies: Policies;
  mirror: string;
  /** Columns whose line says nothing where the source is empty (`empty: skip`). */
  silent: string[];
};
export type Expected = {
  decisions: Decision[];
  /** Source key -> the state its record is put into. */
  states: Map<string, "0" | "1">;
  counts: Record<
    "received" | "created" | "updated" | "deleted" | "unchanged" | "excluded" | "rejected" | "writes",
    number
  >;
};

/** Decides for every row of the source and every row that left; changes nothing. */
export function expect_(sync: OracleSync, world: Outside, past: Memory): Expected {
  const byKey = Map.groupBy(world.source, (r) => (r[sync.key] ?? "").trim());
  const present = new Map(
    [...byKey].filter(([key, rows]) => key !== "" && rows.length === 1).map(([key, rows]) => [key, rows[0]!]),
  );
  const doubled = [...byKey].filter(([key, rows]) => key === "" || rows.length > 1);
  const keysAtFault = doubled.reduce((sum, [, rows]) => sum + rows.length, 0);
  const mapped = new Map([...present].map(([key, row]) => [key, mapRow(sync, row)]));
  const unlinked = [...mapped].filter(([key]) => !linkedNow(sync, world, past, key, mapped.get(key)!.valid));
  const matchCounts = Map.groupBy(unlinked, ([, m]) => m.match ?? "");
  const gone = new Set([...past.link.keys()].filter((key) => !byKey.has(key)));

  const decisions: Decision[] = [];
  // Rows that have a record come first: what they are about to make of it is nobody else's.
  const becoming: { id: string; takenBy: string; created: number; match: string }[] = [];
  const isLinked = (key: string) => linkedNow(sync, world, past, key, mapped.get(key)?.valid ?? false);
  const keys = new Set([...present.keys(), ...gone]);
  for (const key of [...keys].toSorted((a, b) => Number(isLinked(b)) - Number(isLinked(a)))) {
    const link = past.link.get(key);
    if (gone.has(key) && link!.left) continue;
    const m = mapped.get(key);
    const linked = isLinked(key);
    const touched: TouchedRow = {
      key,
      want: m?.want,
      valid: m?.valid ?? false,
      member: {
        [sync.columns.find((c) => c.role === "status")!.name]:
          !gone.has(key) && (world.audiences[sync.audience]?.has(key) ?? false),
      },
      linkId: link?.id ?? null,
      sent: linked ? (past.sent.get(key) ?? null) : null,
      seen: linked ? (past.seen.get(key) ?? null) : null,
      matchValue: m?.match ?? null,
      matchShared: m?.match != null && (matchCounts.get(m.match)?.length ?? 0) > 1,
      candidates:
        m?.match == null
          ? []
          : candidates(
              sync,
              world,
              past,
              m.match,
              present,
              doubled.map(([k]) => k),
            ).concat(becoming.filter((b) => b.match === m.match)),
      have: link ? haveOf(sync, world, link.id) : null,
      haveOf: (id) => haveOf(sync, world, id) as Row,
      list: {
        want: world.audiences[sync.list]?.has(key) ?? false,
        ours: (id) => past.listed.has(id),
        there: (id) => world.lists.get(sync.list)?.has(id) ?? false,
      },
    };
    const decision = reconcile(touched, sync.columns, sync.policies);
    decisions.push(decision);
    const value = decision.write[sync.match];
    if (linked && typeof value === "string" && touched.have !== "gone")
      becoming.push({ id: decision.id!, takenBy: key, created: 0, match: foldValue(value) });
  }
  const adopted = new Set(decisions.filter((d) => d.action === "adopt").map((d) => d.id));
  for (const d of decisions)
    if (["leave", "delete"].includes(d.action) && adopted.has(d.id))
      Object.assign(d, { action: "forget", write: {}, accept: {}, member: "leave" });
  // Who is there without a record, and could be the record's owner under a new key, keeps it from being deleted.
  const wanted = new Set(unlinked.map(([, m]) => m.match));
  const going = decisions.filter((d) => {
    const value = d.action === "delete" ? ((haveOf(sync, world, d.id!) as Row)[sync.match] ?? null) : null;
    return value === null || !wanted.has(foldValue(value));
  });
  const states = new Map(
    going.flatMap((d) => {
      const state = stateOf(sync, d, past, present.has(d.key));
      return state === null ? [] : [[d.key, state]];
    }),
  );
  return { decisions: going, states, counts: count(going, states, present, world.source.length, keysAtFault) };
}

/** What became of the world and what is remembered, once the decisions were carried out. `records`: id by key after the run. */
export function remember(
  sync: OracleSync,
  world: Outside,
  past: Memory,
  { decisions, states }: Expected,
  created: (key: string) => string,
  present: Set<string>,
): void {
  for (const d of decisions) {
    if (d.action === "forget" || d.action === "delete") {
      for (const map of [past.link, past.sent, past.seen]) map.delete(d.key);
      continue;
    }
    const id = d.action === "create" ? created(d.key) : d.id;
    // A valid row that is refused has no record, or one that is gone: unless it goes on as one that never had any, it keeps that link.
    if (sync.policies.deletedThere === "unlink" && ["reject", "exclude"].includes(d.action) && d.code !== null)
      for (const map of [past.link, past.sent, past.seen]) map.delete(d.key);
    if (id !== null && ["add", "take"].includes(d.member)) past.listed.add(id);
    if (id !== null && ["remove", "drop"].includes(d.member)) past.listed.delete(id);
    if (id !== null && states.get(d.key) === "1") past.rested.add(id);
    if (id !== null && states.get(d.key) === "0") past.rested.delete(id);
    if (d.action === "adopt")
      for (const [key, l] of past.link)
        if (l.id === id && key !== d.key) for (const map of [past.link, past.sent, past.seen]) map.delete(key);
    if (
      id !== null &&
      ["create", "adopt"].includes(d.action) &&
      (past.link.get(d.key)?.id !== id || !past.sent.has(d.key))
    ) {
      // A record we made has met every column; one that was there meets those that are decided.
      const met = d.action === "create" ? Object.fromEntries(sync.columns.map((c) => [c.name, null])) : {};
      past.sent.set(d.key, met);
      past.seen.set(d.key, {});
    }
    if (
      id === null ||
      (d.action === "reject" && !past.link.has(d.key)) ||
      (d.action === "exclude" && !past.link.has(d.key))
    )
      continue;
    past.link.set(d.key, { id, left: !present.has(d.key) });
    const now = haveOf(sync, world, id);
    for (const [column, value] of Object.entries({ ...d.write, ...d.accept })) {
      past.sent.get(d.key)![column] = value;
      past.seen.get(d.key)![column] = now === "gone" ? value : (now[column] ?? null);
    }
    // A record we made holds its defaults where we said nothing: agreed, too.
    if (d.action === "create" && now !== "gone") past.seen.set(d.key, { ...now });
  }
  // A column that the mapping has lost is forgotten: should it come back, it is met anew.
  const mapped = new Set(sync.columns.map((c) => c.name));
  for (const rows of [past.sent, past.seen])
    for (const row of rows.values()) for (const column of Object.keys(row)) if (!mapped.has(column)) delete row[column];
  const linked = new Set([...past.link.values()].map(({ id }) => id));
  for (const id of past.listed) if (!linked.has(id)) past.listed.delete(id);
}

function mapRow(sync: OracleSync, row: SourceRow): { want: Row; valid: boolean; match: string | null } {
  const want: Row = {};
  let valid = true;
  for (const { name, role } of sync.columns) {
    if (role === "status") continue;
    const column = sync.object.columns.find((c) => c.name === name)!;
    const raw = row[name] ?? null;
    const bad = raw !== null && (raw === "bad" || (column.type === "text" && raw.length > column.maxLength!));
    if (bad) valid = false;
    if (sync.silent.includes(name) && (raw ?? "").trim() === "") continue;
    want[name] = bad ? null : canonValue(column, raw);
  }
  const match = want[sync.match] ?? null;
  return { want, valid, match: match === null || trimValue(match) === "" ? null : foldValue(match) };
}

function linkedNow(sync: OracleSync, world: Outside, past: Memory, key: string, valid: boolean): boolean {
  const link = past.link.get(key);
  return link !== undefined && !(matchedAnew(sync.policies) && valid && !world.crm.has(link.id));
}

function haveOf(sync: OracleSync, world: Outside, id: string): Row | "gone" {
  const record = world.crm.get(id);
  if (!record) return "gone";
  return Object.fromEntries(
    sync.columns.map((c) => [
      c.name,
      canonValue(sync.object.columns.find((o) => o.name === c.name)!, record.values[c.name] ?? null),
    ]),
  );
}

function candidates(
  sync: OracleSync,
  world: Outside,
  past: Memory,
  match: string,
  present: Map<string, unknown>,
  faulty: string[],
) {
  const owners = new Map([...past.link].map(([key, l]) => [l.id, key]));
  return [...world.crm.values()].flatMap((record) => {
    const value = (haveOf(sync, world, record.id) as Row)[sync.match] ?? null;
    if (value === null || foldValue(value) !== match) return [];
    const owner = owners.get(record.id);
    const takenBy = owner !== undefined && (present.has(owner) || faulty.includes(owner)) ? owner : null;
    return [{ id: record.id, takenBy, created: record.created }];
  });
}

/** With onLeave deactivate: who leaves is put to rest; its record is woken by its row's return, or by who takes it over. */
function stateOf(sync: OracleSync, d: Decision, past: Memory, present: boolean): "0" | "1" | null {
  if (d.action === "leave") return sync.policies.onLeave === "deactivate" ? "1" : null;
  return present && ["update", "adopt"].includes(d.action) && past.rested.has(d.id!) ? "0" : null;
}

/** Whether its record is put into the list, or taken out. */
export const moves = (d: Decision): boolean => d.member === "add" || d.member === "remove";

function count(
  decisions: Decision[],
  states: Expected["states"],
  present: Map<string, unknown>,
  received: number,
  keysAtFault: number,
): Expected["counts"] {
  const of = {
    received,
    created: 0,
    updated: 0,
    deleted: 0,
    unchanged: 0,
    excluded: 0,
    rejected: keysAtFault,
    writes: 0,
  };
  for (const d of decisions) {
    const sent =
      Number(Object.keys(d.write).length > 0 || d.action === "create") + Number(states.has(d.key)) + Number(moves(d));
    const writes = sent > 0;
    of.writes += sent;
    if (d.action === "reject" || d.action === "status") of.rejected++;
    else if (d.action === "exclude") of.excluded++;
    else if (d.action === "delete") {
      of.received++;
      of.deleted++;
      of.writes++;
    } else if (!present.has(d.key)) {
      if (writes) {
        of.received++;
        of.updated++;
      }
    } else if (d.action === "create") of.created++;
    else if (writes) of.updated++;
    else of.unchanged++;
  }
  return of;
}
