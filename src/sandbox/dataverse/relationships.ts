import type { Environment } from "./environment.ts";
import { type Column, isLookup, type ManyToMany, type Relation, type Table } from "./model.ts";

/** A lookup of a table, by its navigation property: where it leads. */
export type SingleNavigation = { relation: Relation; column: Column; target: Table };

/** A collection of a table's row: children that look at it, or rows of another table linked through an intersect table. */
export type CollectionNavigation =
  | { kind: "1:N"; name: string; other: Table; relation: Relation; column: Column }
  | { kind: "N:N"; name: string; other: Table; link: ManyToMany; intersect: Table; near: Column; far: Column };

/** The lookup behind a navigation property; undefined when there is none. `owner` leads to a table per row: see `ownerTable`. */
export function singleNavigation(environment: Environment, table: Table, name: string): SingleNavigation | undefined {
  for (const relation of table.relations) {
    if (relation.navigation !== name) continue;
    const column = table.columns.get(relation.column);
    // An owner is looked for among the users first: teams are found by the type stored beside the id.
    const target = environment.tables.get(relation.target === "owner" ? "systemuser" : relation.target);
    if (column && isLookup(column) && target) return { relation, column, target };
  }
  return undefined;
}

type Known = { version: number; collections: Map<string, CollectionNavigation> };
const known = new WeakMap<Table, Known>();

/** Every collection-valued navigation property of a table, by name. */
export function collectionsOf(environment: Environment, table: Table): Map<string, CollectionNavigation> {
  const found = known.get(table);
  if (found?.version === environment.metadataVersion) return found.collections;
  const collections = new Map<string, CollectionNavigation>();
  for (const other of environment.tables.values()) {
    for (const relation of other.relations) {
      const column = other.columns.get(relation.column);
      if (relation.target !== table.name || !column || !isLookup(column)) continue;
      const name = relation.collection ?? relation.schema;
      if (!collections.has(name)) collections.set(name, { kind: "1:N", name, other, relation, column });
    }
  }
  for (const link of table.manyToMany) {
    for (const first of [true, false]) {
      if ((first ? link.first : link.second) !== table.name) continue;
      const collection = manyToMany(environment, table, link, first);
      if (collection) collections.set(collection.name, collection);
    }
  }
  known.set(table, { version: environment.metadataVersion, collections });
  return collections;
}

/** The table's collection of this name, 1:N or N:N; undefined when it has none. */
export function collectionNavigation(
  environment: Environment,
  table: Table,
  name: string,
): CollectionNavigation | undefined {
  return collectionsOf(environment, table).get(name);
}

/** The relationship seen from its first or its second end; a table linked with itself is both. */
function manyToMany(
  environment: Environment,
  table: Table,
  link: ManyToMany,
  first: boolean,
): CollectionNavigation | undefined {
  const other = environment.tables.get(first ? link.second : link.first);
  const intersect = environment.tables.get(link.intersect);
  if (!other || !intersect) return undefined;
  const same = other === table;
  const near = linkColumn(intersect, table, same ? (first ? "one" : "two") : "");
  const far = linkColumn(intersect, other, same ? (first ? "two" : "one") : "");
  if (!near || !far) return undefined;
  return { kind: "N:N", name: first ? link.firstNavigation : link.secondNavigation, other, link, intersect, near, far };
}

/** The column of an intersect table that holds the ids of one end: `contactid`, or the lookup of a delivered one. */
function linkColumn(intersect: Table, end: Table, suffix: string): Column | undefined {
  const own = intersect.columns.get(end.idColumn + suffix);
  if (own) return own;
  return [...intersect.columns.values()].find((column) => isLookup(column) && column.targets?.includes(end.name));
}

/** What the Web API reference gives most tables collections of, behind the table's own name, and the sandbox lacks. */
const ABSENT_COLLECTIONS = new RegExp(
  `_(${"activity_parties ActivityPointers Annotation Appointments AsyncOperations BulkDeleteFailures Connections1 Connections2 DuplicateBaseRecord DuplicateMatchingRecord Emails Faxes IncidentResolutions Letters MailboxTrackingFolders PhoneCalls PostFollows PostRegardings Posts PrincipalObjectAttributeAccess ProcessSession ProcessSessions QueueItem RecurringAppointmentMasters ServiceAppointments SharepointDocumentLocation SharepointDocumentLocations SocialActivities SyncErrors Tasks".replaceAll(" ", "|")})$`,
  "i",
);

/** Whether a collection that is not there is one of Dataverse's (`Account_Emails`): of a table the sandbox lacks. */
export function isAbsentCollection(table: Table, name: string): boolean {
  const own = name.slice(0, table.name.length).toLowerCase() === table.name;
  return own && ABSENT_COLLECTIONS.test(name.slice(table.name.length));
}
