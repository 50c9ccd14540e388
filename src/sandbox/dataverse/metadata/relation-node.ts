import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import type { ManyToMany, Relation, Table } from "../model.ts";
import { label, managed } from "./label.ts";
import type { MetadataNode } from "./node.ts";

/** Actions of CascadeConfiguration, apart from Delete, which is `Relation.onDelete`. */
export const CASCADES = ["Assign", "Share", "Unshare", "Reparent", "Merge", "RollupView"] as const;
/** Who wrote a row stays written there when the user goes. */
const HISTORY = new Set(["createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "ownerid"]);

/** The MetadataId: of the name and the lookup, since the relationships of a lookup with several targets may share a name. */
export function relationId(relation: Relation): string {
  return namedGuid(`relation ${relation.schema} ${relation.navigation}`);
}

export function manyToManyId(link: ManyToMany): string {
  return namedGuid(`relation ${link.schema}`);
}

/** A lookup of `table` as OneToManyRelationshipMetadata (dataverse.md section 3). */
export function relationNode(environment: Environment, table: Table, relation: Relation): MetadataNode {
  const target = environment.tables.get(relation.target);
  const collection = relation.collection ?? relation.schema;
  return {
    type: "OneToManyRelationshipMetadata",
    properties: base(relation, "OneToManyRelationship", relationId(relation)),
    typed: {
      ReferencedAttribute: target?.idColumn ?? `${relation.target}id`,
      ReferencedEntity: relation.target,
      ReferencingAttribute: relation.column,
      ReferencingEntity: table.name,
      IsHierarchical: relation.hierarchical === true,
      EntityKey: null,
      IsRelationshipAttributeDenormalized: false,
      ReferencedEntityNavigationPropertyName: collection,
      ReferencingEntityNavigationPropertyName: relation.navigation,
      RelationshipBehavior: 1,
      IsDenormalizedLookup: null,
      DenormalizedAttributeName: null,
      AssociatedMenuConfiguration: menu(relation.menu),
      CascadeConfiguration: cascade(relation),
      RelationshipAttributes: [],
    },
    navigations: {},
    typedNavigations: {},
  };
}

function cascade(relation: Relation): Record<string, string> {
  const rules: Record<string, string> = {};
  for (const name of CASCADES) rules[name] = relation.cascade?.[name] ?? "NoCascade";
  rules.Delete = relation.onDelete ?? (HISTORY.has(relation.column) ? "NoCascade" : "RemoveLink");
  rules.Archive = rules.Delete;
  return rules;
}

/** One many-to-many relationship as ManyToManyRelationshipMetadata. */
export function manyToManyNode(environment: Environment, link: ManyToMany): MetadataNode {
  const same = link.first === link.second;
  const end = (name: string, suffix: string) =>
    `${environment.tables.get(name)?.idColumn ?? `${name}id`}${same ? suffix : ""}`;
  return {
    type: "ManyToManyRelationshipMetadata",
    properties: base(link, "ManyToManyRelationship", manyToManyId(link)),
    typed: {
      Entity1LogicalName: link.first,
      Entity1IntersectAttribute: end(link.first, "one"),
      Entity1NavigationPropertyName: link.firstNavigation,
      Entity1AssociatedMenuConfiguration: menu(link.menus?.[0]),
      Entity2LogicalName: link.second,
      Entity2IntersectAttribute: end(link.second, "two"),
      Entity2NavigationPropertyName: link.secondNavigation,
      Entity2AssociatedMenuConfiguration: menu(link.menus?.[1]),
      IntersectEntityName: link.intersect,
    },
    navigations: {},
    typedNavigations: {},
  };
}

function base(relationship: Relation | ManyToMany, type: string, id: string): Record<string, unknown> {
  const { schema, hidden } = relationship;
  const custom = relationship.custom === true;
  return {
    MetadataId: id,
    HasChanged: null,
    SchemaName: schema,
    RelationshipType: type,
    SecurityTypes: type === "ManyToManyRelationship" ? "None" : "Append",
    IsCustomRelationship: custom,
    IsCustomizable: managed(custom, "iscustomizable"),
    IsValidForAdvancedFind: hidden !== true,
    IsManaged: !custom,
    IntroducedVersion: custom ? "1.0.0.0" : "5.0.0.0",
  };
}

function menu(text: string | undefined): Record<string, unknown> {
  return {
    Behavior: text === undefined ? "UseCollectionName" : "UseLabel",
    Group: "Details",
    Order: 10_000,
    IsCustomizable: true,
    Icon: null,
    ViewId: "00000000-0000-0000-0000-000000000000",
    AvailableOffline: true,
    MenuId: null,
    QueryApi: null,
    Label: label(text),
  };
}

/** Every relationship of the environment, each once. */
export function allRelations(environment: Environment): MetadataNode[] {
  const nodes: MetadataNode[] = [];
  for (const table of environment.tables.values()) {
    for (const relation of table.relations) nodes.push(relationNode(environment, table, relation));
    for (const link of table.manyToMany) {
      // Both ends list it; the first one tells.
      if (link.first === table.name || !environment.tables.has(link.first))
        nodes.push(manyToManyNode(environment, link));
    }
  }
  return nodes;
}

/** The lookups of all tables that lead to this one. */
export function oneToMany(environment: Environment, table: Table): MetadataNode[] {
  return [...environment.tables.values()].flatMap((other) =>
    other.relations
      .filter((relation) => relation.target === table.name)
      .map((relation) => relationNode(environment, other, relation)),
  );
}
