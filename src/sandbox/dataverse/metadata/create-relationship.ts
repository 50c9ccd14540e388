import { addColumn, intersectTable } from "../build.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { addTable } from "../messages.ts";
import type { ManyToMany, Relation, Table } from "../model.ts";
import { collectionsOf } from "../relationships.ts";
import { columnLine, requireElasticKind, typeName } from "./create-column.ts";
import { labelText } from "./label.ts";
import { type Body, changed, customName, type Maker } from "./maker.ts";
import { CASCADES, manyToManyId, relationId } from "./relation-node.ts";

/**
 * `POST RelationshipDefinitions`: a lookup with its relationship, or a many-to-many relationship with its intersect
 * table. Returns its MetadataId. Source: create-update-entity-relationships-using-web-api.md.
 */
export function createRelationship(maker: Maker, body: Body): string {
  const type = typeName(body);
  if (type === "ManyToManyRelationshipMetadata") return createManyToMany(maker, body);
  if (type === "OneToManyRelationshipMetadata") {
    return relationId(createOneToMany(maker, body, body.Lookup as Body | undefined, "lookup"));
  }
  throw errors.badSchema(
    `'@odata.type' must be Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata or ManyToManyRelationshipMetadata; it is '${type}'.`,
  );
}

/**
 * A 1:N relationship. A lookup that is there already gets the relationship's table as one more target (multi-table
 * lookups: multitable-lookup.md). `several`: navigation names carry the target, as those of several targets do.
 */
export function createOneToMany(
  maker: Maker,
  body: Body,
  lookup: Body | undefined,
  kind: "lookup" | "customer",
  several = false,
): Relation {
  const { environment } = maker;
  const schema = newRelationshipName(maker, body);
  const target = endOf(environment, body.ReferencedEntity, "ReferencedEntity");
  const table = endOf(environment, body.ReferencingEntity, "ReferencingEntity");
  if (typeof lookup !== "object" || lookup === null) throw errors.badSchema("Lookup is missing.");
  const rules = cascadeOf(body.CascadeConfiguration, isElastic(table, target));
  const line = columnLine(maker, { ...lookup, "@odata.type": "LookupAttributeMetadata" });
  if (table.partition !== undefined) requireElasticKind({ ...line, kind });
  const known = table.columns.get(line.name);
  if (known && (known.kind !== kind || !known.custom || known.targets?.includes(target.name))) {
    throw errors.duplicateColumn(line.name, table.name);
  }
  const plain = known || several ? `${line.schema}_${target.name}` : line.schema;
  const navigation =
    body.ReferencingEntityNavigationPropertyName ?? (table.activity ? `${plain}_${table.name}` : plain);
  const collection = body.ReferencedEntityNavigationPropertyName ?? schema;
  freeName(environment, table, navigation);
  freeName(environment, target, collection);
  const relation: Relation = {
    column: line.name,
    target: target.name,
    navigation: navigation as string,
    collection: collection as string,
    schema,
    custom: true,
    ...rules,
    ...shownOf(body),
    ...(body.IsHierarchical === true ? { hierarchical: true } : {}),
  };
  if (known) known.targets = [...known.targets!, target.name];
  else addColumn(table, { ...line, kind, targets: [target.name] }, true).made = environment.clock.now();
  table.relations.push(relation);
  changed(environment, table);
  return relation;
}

/** What a relationship only shows: the label of its menu, and whether it is offered in searches. */
function shownOf(body: Body): Pick<Relation, "menu" | "hidden"> {
  const menu = labelText((body.AssociatedMenuConfiguration as Body | null | undefined)?.Label);
  return {
    ...(menu === undefined ? {} : { menu }),
    ...(body.IsValidForAdvancedFind === false ? { hidden: true } : {}),
  };
}

function newRelationshipName(maker: Maker, body: Body): string {
  const schema = customName(maker, body.SchemaName, "relationship");
  const taken = (other: { schema: string }) => other.schema.toLowerCase() === schema.toLowerCase();
  for (const table of maker.environment.tables.values()) {
    if (table.relations.some(taken) || table.manyToMany.some(taken)) throw errors.duplicateTable(schema);
  }
  return schema;
}

function endOf(environment: Environment, name: unknown, property: string): Table {
  const table = typeof name === "string" ? environment.tables.get(name) : undefined;
  if (!table) throw errors.badSchema(`${property} must name a table; '${String(name)}' is none.`);
  if (table.intersect || table.seedOnly)
    throw errors.badSchema(`The table '${table.name}' cannot be in a relationship.`);
  return table;
}

/** A navigation property's name: no property, lookup or collection of the table has it. */
function freeName(environment: Environment, table: Table, name: unknown): void {
  if (typeof name !== "string" || !/^[A-Za-z_]\w{0,127}$/.test(name)) {
    throw errors.badSchema(`'${String(name)}' is no name for a navigation property.`);
  }
  const taken =
    table.columns.has(name) ||
    table.relations.some((each) => each.navigation === name) ||
    collectionsOf(environment, table).has(name);
  if (taken) throw errors.badSchema(`The table '${table.name}' already has a property named '${name}'.`);
}

const ON_DELETE = ["Cascade", "RemoveLink", "Restrict"];
const OTHER_RULES = ["NoCascade", "Cascade", "Active", "UserOwned"];

/** Whether a relationship of these tables must not cascade (create-elastic-tables.md, "Adding Relationships"). */
export function isElastic(...ends: (Table | undefined)[]): boolean {
  return ends.some((end) => end?.partition !== undefined);
}

/**
 * CascadeConfiguration, checked. Nothing given means: remove the link on delete, nothing else; of elastic tables, for
 * which nothing but NoCascade is allowed: nothing at all.
 */
export function cascadeOf(value: unknown, elastic: boolean): Pick<Relation, "onDelete" | "cascade"> {
  if (elastic) return elasticCascade(value ?? {});
  if (value === undefined || value === null) return {};
  if (typeof value !== "object") throw errors.badSchema("CascadeConfiguration must be an object.");
  const given = value as Record<string, unknown>;
  const cascade: Record<string, string> = {};
  for (const name of CASCADES) {
    const rule = given[name];
    if (rule === undefined || rule === null) continue;
    if (!OTHER_RULES.includes(String(rule)))
      throw errors.badSchema(`CascadeConfiguration.${name} cannot be '${rule}'.`);
    cascade[name] = String(rule);
  }
  const { Delete: onDelete } = given;
  if (onDelete === undefined || onDelete === null) return { cascade };
  if (!ON_DELETE.includes(String(onDelete)))
    throw errors.badSchema(`CascadeConfiguration.Delete cannot be '${onDelete}'.`);
  return { cascade, onDelete: onDelete as NonNullable<Relation["onDelete"]> };
}

function elasticCascade(given: object): Pick<Relation, "onDelete" | "cascade"> {
  const rules = given as Record<string, unknown>;
  const other = [...CASCADES, "Delete"].find((name) => (rules[name] ?? "NoCascade") !== "NoCascade");
  if (other !== undefined) throw errors.elastic(`cascading: CascadeConfiguration.${other} must be NoCascade`);
  return { cascade: {}, onDelete: "NoCascade" };
}

function createManyToMany(maker: Maker, body: Body): string {
  const { environment } = maker;
  const schema = newRelationshipName(maker, body);
  const first = endOf(environment, body.Entity1LogicalName, "Entity1LogicalName");
  const second = endOf(environment, body.Entity2LogicalName, "Entity2LogicalName");
  if (isElastic(first, second)) throw errors.elastic("many-to-many relationships");
  const intersect = customName(maker, body.IntersectEntityName ?? schema, "intersect table").toLowerCase();
  if (environment.tables.has(intersect)) throw errors.duplicateTable(intersect);
  const firstNavigation = body.Entity1NavigationPropertyName ?? schema;
  // Both ends of one table cannot have one name.
  const secondNavigation = body.Entity2NavigationPropertyName ?? (first === second ? `${schema}_two` : schema);
  if (first === second && firstNavigation === secondNavigation) {
    throw errors.badSchema("The navigation property name cannot be the same on both sides.");
  }
  freeName(environment, first, firstNavigation);
  freeName(environment, second, secondNavigation);
  const link: ManyToMany = {
    schema,
    first: first.name,
    firstNavigation: firstNavigation as string,
    second: second.name,
    secondNavigation: secondNavigation as string,
    intersect,
    custom: true,
    menus: [body.Entity1AssociatedMenuConfiguration, body.Entity2AssociatedMenuConfiguration].map((each) =>
      labelText((each as Body | null | undefined)?.Label),
    ),
    ...(body.IsValidForAdvancedFind === false ? { hidden: true } : {}),
  };
  const table = intersectTable(link, first, second, 10_000 + environment.tables.size);
  table.custom = true;
  addTable(environment, table);
  for (const end of new Set([first, second])) {
    end.manyToMany.push(link);
    changed(environment, end);
  }
  return manyToManyId(link);
}

/** `CreateCustomerRelationships`: a Customer column, which leads to accounts and contacts. */
export function createCustomerLookup(maker: Maker, body: Body): { RelationshipIds: string[]; AttributeId: string } {
  const targets = relationshipsIn(body).map((each) => each.ReferencedEntity);
  if (targets.length !== 2 || !targets.includes("account") || !targets.includes("contact")) {
    throw errors.badSchema("A customer column has two relationships: one to account, one to contact.");
  }
  return createSeveral(maker, body, "customer");
}

/** `CreatePolymorphicLookupAttribute`: a lookup with several targets (multitable-lookup.md). */
export function createPolymorphicLookup(maker: Maker, body: Body): { RelationshipIds: string[]; AttributeId: string } {
  return createSeveral(maker, body, "lookup");
}

function relationshipsIn(body: Body): Body[] {
  const list = body.OneToManyRelationships;
  if (!Array.isArray(list) || list.length === 0 || list.some((each) => typeof each !== "object" || each === null)) {
    throw errors.badSchema("OneToManyRelationships must list the relationships.");
  }
  return list as Body[];
}

function createSeveral(maker: Maker, body: Body, kind: "lookup" | "customer") {
  const lookup = body.Lookup as Body | undefined;
  const made: Relation[] = [];
  const list = relationshipsIn(body);
  const table = endOf(maker.environment, list[0]!.ReferencingEntity, "ReferencingEntity");
  const name = String(lookup?.SchemaName).toLowerCase();
  if (table.columns.has(name)) throw errors.duplicateColumn(name, table.name);
  try {
    for (const each of list) {
      if (each.ReferencingEntity !== table.name) throw errors.badSchema("All relationships must be of one table.");
      made.push(createOneToMany(maker, each, lookup, kind, true));
    }
  } catch (error) {
    table.relations = table.relations.filter((relation) => !made.includes(relation));
    table.columns.delete(name);
    changed(maker.environment, table);
    throw error;
  }
  return { RelationshipIds: made.map(relationId), AttributeId: table.columns.get(made[0]!.column)!.id };
}
