import { createHash } from "node:crypto";
import type { Scan } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { type ColumnType, type ObjectSchema, whyNeverInactive, whyReadOnly } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import type { Ref, Shape, ShapeColumn } from "../shape.ts";
import { mappedColumn, matchColumn, oneLineEach, policiesOf } from "./columns.ts";
import type { Expressed } from "./expression.ts";
import { type Tables, wayHint } from "./lookup.ts";
import { refuseOverlap } from "./overlap.ts";
import { isParties } from "./parties.ts";
import { place } from "./place.ts";
import { checkValidity, writable } from "./writable.ts";

/** Raised when the meaning of stored values changes, so that every row is looked at once more. */
export const canonVersion = 1;

/** Settings that say how much or in which way a run may send, not what a row should hold. */
const besideWant = new Set(["leaveLimit", "deleteLimit", "changeLimit", "requestLimit", "mirror", "concurrency"]);

/** The bits of a mask: Parquet knows no whole number larger than 64 bits. */
const mostColumns = 64;

/** What was asked of the destination beforehand. */
type Given = { tables?: Tables; memberships?: Shape["memberships"]; prefix?: string | undefined };

/**
 * Checks a job's sync against the model's columns and the destination's metadata.
 * @throws SluiceError unknown_column, unknown_target, mapping_unfit with the place in the sync's YAML.
 */
export function shapeOf(
  job: Job,
  scan: Expressed,
  object: ObjectSchema,
  audienceScans: Scan[],
  given: Given = {},
): Shape {
  const { tables = new Map(), memberships = [] } = given;
  const file = job.syncFile;
  const why = whyReadOnly(object);
  if (why !== undefined) throw new SluiceError("table_read_only", why, { place: place(job, ["object"]) });
  const mapped = Object.entries(file.mapping).map(([name, line]) =>
    mappedColumn(job, object, name, line, scan, tables),
  );
  const [parties, columns] = [mapped.filter(isParties), mapped.filter((c) => !isParties(c))];
  for (const [i, column] of columns.entries()) column.index = i;
  for (const [i, party] of parties.entries()) party.index = mostColumns + i;
  for (const [audience, to] of Object.entries(file.audiences)) {
    if (!("column" in to)) continue;
    const at = place(job, ["audiences", audience]);
    const target = writable(object, to.column, at, given.prefix);
    checkValidity(job, object, target, "always", at);
    if (target.type !== "text" || (target.maxLength ?? 0) < "realized".length)
      throw new SluiceError("mapping_unfit", `${object.name}.${target.name} cannot hold an audience status.`, {
        remedy: `An audience needs a text column of at least ${"realized".length} characters; this is ${target.type}${target.maxLength ? ` of ${target.maxLength}` : ""}.`,
        place: at,
      });
    const index = job.audiences.findIndex((a) => a.name === audience);
    columns.push({
      index: columns.length,
      name: target.name,
      wire: { name: target.name },
      target,
      role: "status",
      policies: policiesOf(file),
      audience: index,
      clear: false,
    });
  }
  oneLineEach(job, [...columns, ...parties]);
  refuseOverlap(job, object, given.prefix);
  const followed = followingState(object, columns);
  if (followed) columns.push(followed);
  const match = file.match.map((name, i) => matchColumn(job, object, [...columns, ...parties], name, i));
  for (const column of columns) column.clear &&= !match.includes(column);
  for (const column of columns) if (!match.includes(column)) awaitOwnRows(object, columns, column);
  if (columns.length > mostColumns)
    throw new SluiceError("mapping_unfit", `${job.sync} maps ${columns.length} columns; ${mostColumns} is the most.`, {
      place: place(job, ["mapping"]),
    });
  const sources = [
    ...columns.flatMap((c) => (c.ways ? c.ways.flatMap((way) => way.keys) : [c]).map((each) => each.source)),
    ...parties.map((party) => party.source),
  ];
  const read = sources.flatMap((source) => (source && !source.computed ? [source.name] : []));
  const used = [...new Set([...read, ...scan.expressions.flatMap(({ reads }) => reads)])];
  const refs = new Map(
    [...columns, ...parties]
      .flatMap((c) => c.ways ?? [])
      .map((way): [string, Ref] => {
        const table = way.object === object.name ? object : tables.get(way.object)!;
        return [way.ref, { name: way.ref, object: table, by: way.keys.map((k) => k.column) }];
      }),
  );
  const { mode, severalMatches, deletedThere, onLeave } = file;
  if (onLeave === "deactivate") mustRest(job, object);
  const names = match
    .map((c) => c.name)
    .sort()
    .join();
  return {
    sync: job.sync,
    object: parties.length > 0 ? { ...object, can: { ...object.can, bulkCreate: false } } : object,
    columns,
    parties,
    match,
    keyed: object.keys.some((k) => k.active && [...k.columns].sort().join() === names),
    strict: strict(job, object),
    policies: {
      mode: mode === "create" && job.kind === "rebuild" ? "link" : mode,
      severalMatches,
      deletedThere,
      onLeave,
    },
    used,
    computed: scan.expressions,
    key: job.model.file.key,
    audiences: job.audiences.map((a, i) => ({
      name: a.name,
      ...(a.file.where !== undefined && { where: a.file.where }),
      scan: audienceScans[i]!,
    })),
    memberships,
    refs: [...refs.values()],
    fingerprint: digest([
      canonVersion,
      Object.fromEntries(Object.entries(file).filter(([setting]) => !besideWant.has(setting))),
      job.model.file,
      job.audiences,
      scan.dates,
      ...Object.entries(scan.typed ?? {}).filter(([name]) => scan.expressions.some((e) => e.reads.includes(name))),
      columns.map((c) => c.target),
      columns.map((c) => c.name),
      [...columns, ...parties].map((c) => c.ways?.map((way) => way.keys)),
      memberships.map(({ list }) => list),
    ]),
  };
}

function strict(job: Job, { name, can }: ObjectSchema): boolean {
  if (job.syncFile.concurrency === "last") return false;
  if (can.concurrency) return true;
  throw new SluiceError("mapping_unfit", `${name} does not tell versions of its records, so strict cannot be kept.`, {
    remedy: "Leave `concurrency` away; the last one to write then wins.",
    place: place(job, ["concurrency"]),
  });
}

/** Records that lose their row become inactive by an update. */
function mustRest(job: Job, object: ObjectSchema): void {
  const why = whyNeverInactive(object);
  if (why === undefined) return;
  throw new SluiceError("mapping_unfit", `Records of ${object.name} cannot be deactivated: ${why}.`, {
    remedy: "Let `onLeave` be `nothing`, `clear` or `delete`.",
    place: place(job, ["onLeave"]),
  });
}

/** A status says which state is meant: where it is mapped and the state is not, the state follows. */
function followingState(object: ObjectSchema, columns: ShapeColumn[]): ShapeColumn | undefined {
  const target = object.columns.find((c) => c.type === "state");
  const mapped = (type: ColumnType) => columns.some((c) => c.target.type === type);
  if (!target || !mapped("status") || mapped("state")) return undefined;
  const { name } = target;
  const { policies, line } = columns.find((c) => c.target.type === "status")!;
  const own = { index: columns.length, name, wire: { name }, target, policies, ...(line && { line }) };
  return { ...own, role: "mapped", follows: true, clear: false };
}

/** A parent may be another row of this very run where the sync writes all that it is found by, and a record can be made without it. */
function awaitOwnRows(object: ObjectSchema, columns: ShapeColumn[], column: ShapeColumn): void {
  if (column.target.required) return;
  const own = (name: string) => columns.find((c) => c.role === "mapped" && !c.ways && !c.follows && c.name === name);
  const awaits = (column.ways ?? []).flatMap(({ object: table, keys, missing }, way) => {
    const by = keys.flatMap((key) => own(key.column.name) ?? []);
    return table !== object.name || by.length < keys.length ? [] : [{ way, by, missing, hint: wayHint(table, keys) }];
  });
  if (awaits.length > 0) column.awaits = awaits;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
