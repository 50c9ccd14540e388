import { keysOf } from "../build.ts";
import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import type { KeyIndex, Table } from "../model.ts";
import { readKeyStatus } from "../records/keys.ts";
import { columnNode } from "./column-node.ts";
import { label, madeOn, managed } from "./label.ts";
import { type MetadataNode, plainNode } from "./node.ts";
import { manyToManyNode, oneToMany, relationNode } from "./relation-node.ts";

const OWNERSHIP = { user: "UserOwned", business: "BusinessOwned", organization: "OrganizationOwned", none: "None" };

/** A table as EntityMetadata (dataverse.md section 3). */
export function tableNode(environment: Environment, table: Table): MetadataNode {
  return {
    type: "EntityMetadata",
    properties: {
      MetadataId: table.id,
      HasChanged: null,
      ActivityTypeMask: table.activity ? 1 : 0,
      AutoRouteToOwnerQueue: false,
      CanTriggerWorkflow: table.owned !== "none",
      Description: label(table.description),
      DisplayCollectionName: label(table.plural),
      DisplayName: label(table.label, table.words),
      EntityHelpUrl: null,
      EntityHelpUrlEnabled: false,
      IsDocumentManagementEnabled: false,
      IsOneNoteIntegrationEnabled: false,
      IsInteractionCentricEnabled: false,
      IsKnowledgeManagementEnabled: false,
      IsDocumentRecommendationsEnabled: false,
      IsMSTeamsIntegrationEnabled: false,
      SettingOf: null,
      AutoCreateAccessTeams: false,
      IsRetrieveAuditEnabled: false,
      IsRetrieveMultipleAuditEnabled: false,
      IsArchivalEnabled: false,
      IconLargeName: null,
      IconMediumName: null,
      IconSmallName: null,
      IconVectorName: null,
      IsBusinessProcessEnabled: false,
      IsEnabledForExternalChannels: false,
      UsesBusinessDataLabelTable: false,
      IsSLAEnabled: false,
      IsBPFEntity: false,
      IsActivity: table.activity,
      IsActivityParty: false,
      IsAvailableOffline: table.owned !== "none",
      IsChildEntity: false,
      IsAIRUpdated: table.custom,
      IsCustomEntity: table.custom,
      IsEnabledForCharts: true,
      IsEnabledForTrace: false,
      IsImportable: !table.seedOnly && !table.intersect,
      IsIntersect: table.intersect,
      IsLogicalEntity: false,
      IsManaged: !table.custom,
      IsPrivate: false,
      IsReadingPaneEnabled: true,
      IsQuickCreateEnabled: false,
      IsStateModelAware: table.columns.has("statecode"),
      IsEnforceStateTransitions: false,
      IsValidForAdvancedFind: !table.intersect,
      IsReadOnlyInMobileClient: managed(false, "canmodifymobileclientreadonly"),
      IsSolutionAware: false,
      EnforceStateTransitions: false,
      ExternalName: null,
      ExternalCollectionName: null,
      DataProviderId: null,
      DataSourceId: null,
      EntityColor: null,
      EntitySetName: table.set,
      LogicalCollectionName: table.set,
      CollectionSchemaName: collectionSchema(table),
      LogicalName: table.name,
      SchemaName: table.schema,
      ObjectTypeCode: table.code,
      OwnershipType: OWNERSHIP[table.owned],
      PrimaryIdAttribute: table.idColumn,
      PrimaryNameAttribute: table.nameColumn ?? null,
      PrimaryImageAttribute: table.primaryImage ?? null,
      RecurrenceBaseEntityLogicalName: null,
      ReportViewName: table.intersect ? null : `Filtered${table.schema}`,
      TableType: table.partition === undefined ? "Standard" : "Elastic",
      ChangeTrackingEnabled: table.tracking,
      IsOptimisticConcurrencyEnabled: table.concurrency,
      HasActivities: table.activities === true,
      HasFeedback: false,
      HasNotes: table.notes === true,
      HasEmailAddresses: table.columns.has("emailaddress1"),
      IntroducedVersion: table.custom ? "1.0.0.0" : "5.0.0.0",
      MobileOfflineFilters: "",
      DaysSinceRecordLastModified: 0,
      CreatedOn: madeOn(table.made),
      ModifiedOn: madeOn(table.made),
      OwnerId: null,
      OwnerIdType: 8,
      OwningBusinessUnit: null,
      CanBeInCustomEntityAssociation: managed(!table.intersect, "canbeincustomentityassociation"),
      CanBeInManyToMany: managed(!table.intersect && table.partition === undefined, "canbeinmanytomany"),
      CanBePrimaryEntityInRelationship: managed(!table.intersect, "canbeprimaryentityinrelationship"),
      CanBeRelatedEntityInRelationship: managed(!table.intersect, "canberelatedentityinrelationship"),
      CanCreateAttributes: managed(!table.intersect && !table.seedOnly, "cancreateattributes"),
      CanCreateCharts: managed(true, "cancreatecharts"),
      CanCreateForms: managed(true, "cancreateforms"),
      CanCreateViews: managed(true, "cancreateviews"),
      CanChangeHierarchicalRelationship: managed(true, "canchangehierarchicalrelationship"),
      CanChangeTrackingBeEnabled: managed(true, "canchangetrackingbeenabled"),
      CanEnableSyncToExternalSearchIndex: managed(true, "canenablesynctoexternalsearchindex"),
      CanModifyAdditionalSettings: managed(true, "canmodifyadditionalsettings"),
      IsAuditEnabled: managed(table.audited === true, "canmodifyauditsettings"),
      IsConnectionsEnabled: managed(false, "canmodifyconnectionsettings"),
      IsCustomizable: managed(true, "iscustomizable"),
      IsDuplicateDetectionEnabled: managed(table.duplicates === true, "canmodifyduplicatedetectionsettings"),
      IsMailMergeEnabled: managed(false, "canmodifymailmergesettings"),
      IsMappable: managed(true, "ismappable"),
      IsOfflineInMobileClient: managed(false, "canmodifymobileclientoffline"),
      IsRenameable: managed(true, "isrenameable"),
      IsValidForQueue: managed(false, "canmodifyqueuesettings"),
      IsVisibleInMobile: managed(false, "canmodifymobilevisibility"),
      IsVisibleInMobileClient: managed(false, "canmodifymobileclientvisibility"),
      SyncToExternalSearchIndex: false,
      Privileges: table.intersect ? [] : privileges(table),
      Settings: [],
    },
    typed: {},
    typedNavigations: {},
    navigations: {
      Attributes: () => columnNodes(environment, table),
      Keys: () => keysOf(table).map((key) => keyNode(table, key)),
      ManyToOneRelationships: () => table.relations.map((relation) => relationNode(environment, table, relation)),
      OneToManyRelationships: () => oneToMany(environment, table),
      ManyToManyRelationships: () => table.manyToMany.map((link) => manyToManyNode(environment, link)),
    },
  };
}

/** The plural with the capitals of the table's own name: `sample_BankAccounts`. */
function collectionSchema({ name, schema, set }: Table): string {
  let same = 0;
  while (same < name.length && name[same] === set[same]) same++;
  return `${schema.slice(0, same)}${set.slice(same)}`;
}

/** The table's columns as its `Attributes` list them. */
export function columnNodes(environment: Environment, table: Table): MetadataNode[] {
  return [...table.columns.values()].map((column, n) => columnNode(environment, table, column, n + 1));
}

/** An alternate key as EntityKeyMetadata (dataverse.md section 3). To read it counts towards the end of `Pending`. */
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

const PRIVILEGES = ["Create", "Read", "Write", "Delete", "Assign", "Share", "Append", "AppendTo"];

/** SecurityPrivilegeMetadata; ids as in the table of privileges. */
function privileges(table: Table): Record<string, unknown>[] {
  return PRIVILEGES.map((name) => ({
    CanBeBasic: table.owned === "user",
    CanBeDeep: table.owned === "user" || table.owned === "business",
    CanBeGlobal: true,
    CanBeLocal: table.owned === "user" || table.owned === "business",
    CanBeEntityReference: false,
    CanBeParentEntityReference: false,
    CanBeRecordFilter: false,
    Name: `prv${name}${table.schema}`,
    PrivilegeId: namedGuid(`privilege prv${name}${table.schema}`),
    PrivilegeType: name,
  }));
}
