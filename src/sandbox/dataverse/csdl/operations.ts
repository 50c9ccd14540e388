/**
 * Functions and actions as `$metadata` declares them. One line each: `Name (parameter=type, ...) -> result`; a
 * parameter list that begins with `on=` is bound to it. Source: the Web API's function and action references.
 */
const FUNCTIONS = `
WhoAmI () -> WhoAmIResponse
RetrieveRolePrivilegesRole (RoleId=Guid) -> RetrieveRolePrivilegesRoleResponse
RetrieveUserPrivileges (on=systemuser) -> RetrieveUserPrivilegesResponse
RetrieveUserPrivilegeByPrivilegeName (on=systemuser, PrivilegeName=String) -> RetrieveUserPrivilegeByPrivilegeNameResponse
RetrieveTeamPrivileges (on=team) -> RetrieveTeamPrivilegesResponse
RetrievePrincipalAccess (on=systemuser, Target=crmbaseentity) -> RetrievePrincipalAccessResponse
RetrieveTotalRecordCount (EntityNames=[String]) -> RetrieveTotalRecordCountResponse
RetrieveVersion () -> RetrieveVersionResponse
RetrieveCurrentOrganization (AccessType=EndpointAccessType) -> RetrieveCurrentOrganizationResponse
RetrieveAvailableLanguages () -> RetrieveAvailableLanguagesResponse
RetrieveProvisionedLanguages () -> RetrieveProvisionedLanguagesResponse
GetValidManyToMany () -> GetValidManyToManyResponse
GetValidReferencedEntities (ReferencingEntityName=String) -> GetValidReferencedEntitiesResponse
GetValidReferencingEntities (ReferencedEntityName=String) -> GetValidReferencingEntitiesResponse
RetrieveDuplicates (BusinessEntity=crmbaseentity, MatchingEntityName=String, PagingInfo=PagingInfo) -> [crmbaseentity]
ExecuteCosmosSqlQuery (QueryText=String, EntityLogicalName=String, QueryParameters=ParameterCollection, PageSize=Int64, PagingCookie=String, PartitionId=String) -> expando`;

const ACTIONS = `
BulkDelete (QuerySet=[OrganizationQuery], JobName=String, SendEmailNotification=Boolean, ToRecipients=[crmbaseentity], CCRecipients=[crmbaseentity], RecurrencePattern=String, StartDateTime=DateTimeOffset, SourceImportId=Guid, RunNow=Boolean) -> BulkDeleteResponse
InsertOptionValue (OptionSetName=String, AttributeLogicalName=String, EntityLogicalName=String, Value=Int32, Label=Label, Description=Label, SolutionUniqueName=String) -> InsertOptionValueResponse
InsertStatusValue (OptionSetName=String, AttributeLogicalName=String, EntityLogicalName=String, Value=Int32, Label=Label, Description=Label, StateCode=Int32, SolutionUniqueName=String) -> InsertStatusValueResponse
UpdateOptionValue (OptionSetName=String, AttributeLogicalName=String, EntityLogicalName=String, Value=Int32, Label=Label, Description=Label, MergeLabels=Boolean, SolutionUniqueName=String)
UpdateStateValue (OptionSetName=String, AttributeLogicalName=String, EntityLogicalName=String, Value=Int32, Label=Label, Description=Label, DefaultStatusCode=Int32, MergeLabels=Boolean)
DeleteOptionValue (OptionSetName=String, AttributeLogicalName=String, EntityLogicalName=String, Value=Int32, SolutionUniqueName=String)
OrderOption (OptionSetName=String, AttributeLogicalName=String, EntityLogicalName=String, Values=[Int32], SolutionUniqueName=String)
CreateCustomerRelationships (Lookup=ComplexLookupAttributeMetadata, OneToManyRelationships=[ComplexOneToManyRelationshipMetadata], SolutionUniqueName=String) -> CreateCustomerRelationshipsResponse
CreatePolymorphicLookupAttribute (Lookup=ComplexLookupAttributeMetadata, OneToManyRelationships=[ComplexOneToManyRelationshipMetadata], SolutionUniqueName=String) -> CreatePolymorphicLookupAttributeResponse
CanBeReferenced (EntityName=String) -> CanBeReferencedResponse
CanBeReferencing (EntityName=String) -> CanBeReferencingResponse
CanManyToMany (EntityName=String) -> CanManyToManyResponse
ReactivateEntityKey (EntityLogicalName=String, EntityKeyLogicalName=String)
PublishXml (ParameterXml=String)
PublishAllXml ()
AddListMembersList (List=list, Members=[crmbaseentity])
AddPrivilegesRole (on=role, Privileges=[RolePrivilege])
ReplacePrivilegesRole (on=role, Privileges=[RolePrivilege])
RemovePrivilegeRole (on=role, Privilege=privilege)
AddMemberList (on=list, EntityId=Guid) -> AddMemberListResponse
RemoveMemberList (on=list, EntityId=Guid)
CopyDynamicListToStatic (on=list) -> CopyDynamicListToStaticResponse
CopyMembersList (on=list, TargetList=list)
QualifyMemberList (on=list, ListMember=[crmbaseentity], OverrideorRemove=Boolean)
QualifyLead (on=lead, CreateAccount=Boolean, CreateContact=Boolean, CreateOpportunity=Boolean, OpportunityCurrencyId=transactioncurrency, OpportunityCustomerId=crmbaseentity, SourceCampaignId=campaign, Status=Int32, ProcessInstanceId=crmbaseentity) -> [crmbaseentity]
Merge (Target=crmbaseentity, Subordinate=crmbaseentity, UpdateContent=crmbaseentity, PerformParentingChecks=Boolean)
PublishDuplicateRule (on=duplicaterule) -> PublishDuplicateRuleResponse
UnpublishDuplicateRule (DuplicateRuleId=Guid)
WinOpportunity (OpportunityClose=crmbaseentity, Status=Int32)
LoseOpportunity (OpportunityClose=crmbaseentity, Status=Int32)
CloseIncident (IncidentResolution=crmbaseentity, Status=Int32)
InitializeFileBlocksUpload (Target=crmbaseentity, FileName=String, FileAttributeName=String) -> InitializeFileBlocksUploadResponse
InitializeAnnotationBlocksUpload (Target=crmbaseentity) -> InitializeAnnotationBlocksUploadResponse
CommitAnnotationBlocksUpload (Target=crmbaseentity, BlockList=[String], FileContinuationToken=String) -> CommitAnnotationBlocksUploadResponse
InitializeAnnotationBlocksDownload (Target=crmbaseentity) -> InitializeAnnotationBlocksDownloadResponse
UploadBlock (BlockId=String, BlockData=Binary, FileContinuationToken=String)
CommitFileBlocksUpload (FileName=String, MimeType=String, BlockList=[String], FileContinuationToken=String) -> CommitFileBlocksUploadResponse
InitializeFileBlocksDownload (Target=crmbaseentity, FileAttributeName=String) -> InitializeFileBlocksDownloadResponse
DownloadBlock (Offset=Int64, BlockLength=Int64, FileContinuationToken=String) -> DownloadBlockResponse
DeleteFile (FileId=Guid)`;

const PRIMITIVE = new Set("String Boolean Int32 Int64 Guid DateTimeOffset Decimal Double Binary".split(" "));

function edm(name: string): string {
  if (name.startsWith("[")) return `Collection(${edm(name.slice(1, -1))})`;
  return PRIMITIVE.has(name) ? `Edm.${name}` : `mscrm.${name}`;
}

/** The elements of the schema, and the imports that make the unbound ones addressable. */
export function operations(bulkTables: string[], elasticTables: string[]): { elements: string; imports: string } {
  let elements = "";
  let imports = "";
  for (const [kind, text] of [
    ["Function", FUNCTIONS],
    ["Action", ACTIONS],
  ] as const) {
    for (const line of text.trim().split("\n")) {
      const [, name, parameters, result] = /^(\w+) \((.*)\)(?: -> (\[?\w+\]?))?$/.exec(line)!;
      const bound = parameters!.startsWith("on=");
      elements += `<${kind} Name="${name}"${bound ? ' IsBound="true"' : ""}>`;
      for (const parameter of parameters === "" ? [] : parameters!.split(", ")) {
        const [key, type] = parameter.split("=");
        elements += `<Parameter Name="${key === "on" ? "entity" : key}" Type="${edm(type!)}"/>`;
      }
      elements += `${result === undefined ? "" : `<ReturnType Type="${edm(result)}" Nullable="false"/>`}</${kind}>`;
      if (!bound) imports += `<${kind}Import Name="${name}" ${kind}="mscrm.${name}"/>`;
    }
  }
  for (const table of bulkTables) elements += bulkActions(table);
  for (const table of elasticTables) elements += bulkAction(table, "DeleteMultiple", "");
  return { elements, imports };
}

/** The bulk messages of one table (dataverse.md section 7). */
function bulkActions(table: string): string {
  const created = '<ReturnType Type="mscrm.CreateMultipleResponse" Nullable="false"/>';
  return (
    bulkAction(table, "CreateMultiple", created) +
    bulkAction(table, "UpdateMultiple", "") +
    bulkAction(table, "UpsertMultiple", "")
  );
}

function bulkAction(table: string, name: string, result: string): string {
  const rows = `Type="Collection(mscrm.${table})"`;
  return `<Action Name="${name}" IsBound="true"><Parameter Name="entityset" ${rows}/><Parameter Name="Targets" ${rows} Nullable="false"/>${result}</Action>`;
}
