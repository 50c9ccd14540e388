import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { listImages } from "../files/image-configs.ts";
import { forgetContents } from "../files/relation.ts";
import { removeTable } from "../messages.ts";
import type { Column, ManyToMany, Relation, Table } from "../model.ts";
import { changed } from "./maker.ts";
import { manyToManyId, relationId } from "./relation-node.ts";

/** `DELETE .../Attributes(...)`: custom columns only; a key over the column stands in the way. */
export function dropColumn(environment: Environment, table: Table, name: string): void {
  const column = table.columns.get(name)!;
  if (!column.custom || name === table.idColumn || name === table.nameColumn || column.of !== undefined) {
    throw errors.badSchema(
      `The column '${name}' of ${table.name} cannot be deleted: only custom ones can, and not the primary name.`,
    );
  }
  forbidKeyed(table, column);
  table.columns.delete(name);
  for (const other of [...table.columns.values()]) {
    if (other.of === name || isImagePart(column, other) || (column.kind === "money" && other.name === `${name}_base`))
      table.columns.delete(other.name);
  }
  if (column.kind === "image" || column.kind === "file") forgetContents(environment, table, column);
  if (table.primaryImage === name) choosePrimaryImage(table);
  if (column.kind === "image") listImages(environment, table);
  table.relations = table.relations.filter((relation) => relation.column !== name);
  changed(environment, table);
}

/** Another image stands for the rows then (image-attributes.md, "Update image columns"). */
function choosePrimaryImage(table: Table): void {
  delete table.primaryImage;
  for (const { kind, name } of table.columns.values()) if (kind === "image") table.primaryImage ??= name;
}

function isImagePart({ kind, name }: Column, other: Column): boolean {
  return kind === "image" && (other.name === `${name}id` || other.of === `${name}id`);
}

function forbidKeyed(table: Table, column: Column): void {
  if (table.keys.some((key) => key.columns.includes(column))) throw errors.inUse("Attribute", column.id);
}

/** `DELETE RelationshipDefinitions(...)`: custom ones only. The lookup goes with its last relationship. */
export function dropRelationship(environment: Environment, id: string): void {
  for (const table of environment.tables.values()) {
    const relation = table.relations.find((each) => relationId(each) === id);
    if (relation) {
      dropRelation(environment, table, relation);
      return;
    }
    const link = table.manyToMany.find((each) => manyToManyId(each) === id);
    if (link) {
      dropManyToMany(environment, link);
      return;
    }
  }
  throw errors.missing("RelationshipMetadataBase", id);
}

function dropRelation(environment: Environment, table: Table, relation: Relation): void {
  if (!relation.custom)
    throw errors.badSchema(`The relationship '${relation.schema}' cannot be deleted: it is not a custom one.`);
  const column = table.columns.get(relation.column);
  const rest = table.relations.filter((each) => each !== relation);
  if (column && !rest.some((each) => each.column === relation.column)) {
    if (!column.custom)
      throw errors.badSchema(
        `The relationship cannot be deleted: the column '${column.name}' of ${table.name} is not a custom one.`,
      );
    forbidKeyed(table, column);
    table.columns.delete(column.name);
  } else if (column) {
    column.targets = column.targets?.filter((target) => target !== relation.target) ?? [];
  }
  table.relations = rest;
  changed(environment, table);
}

function dropManyToMany(environment: Environment, link: ManyToMany): void {
  if (!link.custom)
    throw errors.badSchema(`The relationship '${link.schema}' cannot be deleted: it is not a custom one.`);
  const intersect = environment.tables.get(link.intersect);
  if (intersect) removeTable(environment, intersect);
  for (const name of new Set([link.first, link.second])) {
    const end = environment.tables.get(name);
    if (!end) continue;
    end.manyToMany = end.manyToMany.filter((each) => each !== link);
    changed(environment, end);
  }
}

/** `DELETE EntityDefinitions(...)`: custom tables only, with their relationships and the lookups that lead to them. */
export function dropTable(environment: Environment, table: Table): void {
  if (!table.custom || table.intersect)
    throw errors.badSchema(`The table '${table.name}' cannot be deleted: it is not a custom one.`);
  forgetContents(environment, table);
  const incoming = [...environment.tables.values()].flatMap((other) =>
    other === table
      ? []
      : other.relations.filter((each) => each.target === table.name).map((each) => ({ other, each })),
  );
  for (const { other, each } of incoming) {
    const column = other.columns.get(each.column);
    if (column && other.keys.some((key) => key.columns.includes(column))) throw errors.inUse("Entity", table.id);
  }
  for (const { other, each } of incoming) dropRelation(environment, other, each);
  for (const link of [...table.manyToMany]) dropManyToMany(environment, link);
  removeTable(environment, table);
  listImages(environment, table);
  changed(environment);
}

/** `DELETE .../Keys(...)`. */
export function dropKey(environment: Environment, table: Table, name: string): void {
  if (table.partition !== undefined) throw errors.badSchema(`The key '${name}' of ${table.name} cannot be deleted.`);
  table.keys = table.keys.filter((key) => key.name !== name);
  changed(environment, table);
}
