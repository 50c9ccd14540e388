import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import type { KeyIndex, ManyToMany, Relation, Table } from "../model.ts";
import { readKeyStatus } from "../records/keys.ts";
import { columnNode } from "./column-node.ts";
import { label, managed } from "./label.ts";
import type { MetadataNode } from "./node.ts";

const OWNERSHIP = { user: "UserOwned", business: "BusinessOwned", organization: "OrganizationOwned", none: "None" };

/** A table as EntityMetadata (dataverse.md section 3). */
export function tableNode(environment: Environment, table: Table): MetadataNode {
  return {
    type: "EntityMetadata",
    properties: {
      LogicalName: table.name,
      SchemaName: table.schema,
      EntitySetName: table.set,
      LogicalCollectionName: table.set,
      CollectionSchemaName: table.set,
      DisplayName: label(table.label),
      DisplayCollectionName: label(table.plural),
      Description: label(undefined),
      PrimaryIdAttribute: table.idColumn,
      PrimaryNameAttribute: table.nameColumn ?? null,
      PrimaryImageAttribute: table.columns.has("entityimage") ? "entityimage" : null,
      ObjectTypeCode: table.code,
      OwnershipType: OWNERSHIP[table.owned],
      TableType: "Standard",
      ChangeTrackingEnabled: table.tracking,
      IsOptimisticConcurrencyEnabled: table.concurrency,
      IsActivity: table.activity,
      IsCustomEntity: table.custom,
      IsManaged: !table.custom,
      IsIntersect: false,
      IsPrivate: false,
      IsLogicalEntity: false,
      IsValidForAdvancedFind: true,
      IsCustomizable: managed(true, "iscustomizable"),
      CanCreateAttributes: managed(true, "cancreateattributes"),
      IsDuplicateDetectionEnabled: managed(false, "canmodifyduplicatedetectionsettings"),
      IsAuditEnabled: managed(false, "canmodifyauditsettings"),
      MetadataId: table.id,
      HasChanged: null,
    },
    typed: {},
    typedNavigations: {},
    navigations: {
      Attributes: () => columnNodes(table),
      Keys: () => table.keys.map((key) => keyNode(table, key)),
      ManyToOneRelationships: () => table.relations.map((relation) => relationNode(environment, table, relation)),
      OneToManyRelationships: () => oneToMany(environment, table),
      ManyToManyRelationships: () => table.manyToMany.map(manyToManyNode),
    },
  };
}

export function columnNodes(table: Table): MetadataNode[] {
  return [...table.columns.values()].map((column, n) => columnNode(table, column, n + 1));
}

export function keyNode(table: Table, key: KeyIndex): MetadataNode {
  return plainNode("EntityKeyMetadata", {
    LogicalName: key.name,
    SchemaName: key.schema,
    EntityLogicalName: table.name,
    KeyAttributes: key.columns.map((column) => column.name),
    EntityKeyIndexStatus: readKeyStatus(key),
    DisplayName: label(key.label),
    IsManaged: false,
    IsSynchronous: false,
    AsyncJob: null,
    MetadataId: key.id,
    HasChanged: null,
  });
}

function oneToMany(environment: Environment, table: Table): MetadataNode[] {
  return [...environment.tables.values()].flatMap((other) =>
    other.relations
      .filter((relation) => relation.target === table.name)
      .map((relation) => relationNode(environment, other, relation)),
  );
}

function relationNode(environment: Environment, table: Table, relation: Relation): MetadataNode {
  const target = environment.tables.get(relation.target);
  return plainNode("OneToManyRelationshipMetadata", {
    SchemaName: relation.schema,
    RelationshipType: "OneToManyRelationship",
    ReferencingEntity: table.name,
    ReferencingAttribute: relation.column,
    ReferencingEntityNavigationPropertyName: relation.navigation,
    ReferencedEntity: relation.target,
    ReferencedAttribute: target?.idColumn ?? `${relation.target}id`,
    ReferencedEntityNavigationPropertyName: relation.schema,
    IsCustomRelationship: table.custom,
    IsManaged: false,
    MetadataId: namedGuid(`relation ${relation.schema} ${relation.navigation}`),
    HasChanged: null,
  });
}

function manyToManyNode(link: ManyToMany): MetadataNode {
  return plainNode("ManyToManyRelationshipMetadata", {
    SchemaName: link.schema,
    RelationshipType: "ManyToManyRelationship",
    Entity1LogicalName: link.first,
    Entity1IntersectAttribute: `${link.first}id`,
    Entity1NavigationPropertyName: link.firstNavigation,
    Entity2LogicalName: link.second,
    Entity2IntersectAttribute: `${link.second}id`,
    Entity2NavigationPropertyName: link.secondNavigation,
    IntersectEntityName: link.intersect,
    MetadataId: namedGuid(`relation ${link.schema}`),
    HasChanged: null,
  });
}

function plainNode(type: string, properties: Record<string, unknown>): MetadataNode {
  return { type, properties, typed: {}, navigations: {}, typedNavigations: {} };
}
