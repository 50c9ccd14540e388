/**
 * The types of the schema itself (EntityMetadata and what belongs to it), as `$metadata` declares them. One line a
 * type: `name : base : property=type ...`; the properties are those the sandbox answers with. Types are of Edm
 * unless they are named below. Source: the Web API's metadata entity, complex and enum type references.
 */
const ENTITY_TYPES = `
MetadataBase : crmmodelbaseentity : MetadataId=Guid HasChanged=Boolean
EntityMetadata : MetadataBase : LogicalName=String SchemaName=String EntitySetName=String LogicalCollectionName=String CollectionSchemaName=String PrimaryIdAttribute=String PrimaryNameAttribute=String PrimaryImageAttribute=String ObjectTypeCode=Int32 ActivityTypeMask=Int32 OwnershipType=OwnershipTypes TableType=String DisplayName=Label DisplayCollectionName=Label Description=Label ChangeTrackingEnabled=Boolean IsOptimisticConcurrencyEnabled=Boolean IsActivity=Boolean IsCustomEntity=Boolean IsIntersect=Boolean IsLogicalEntity=Boolean IsManaged=Boolean IsPrivate=Boolean IsValidForAdvancedFind=Boolean HasActivities=Boolean HasNotes=Boolean HasFeedback=Boolean HasEmailAddresses=Boolean IntroducedVersion=String ReportViewName=String ExternalName=String ExternalCollectionName=String IsAuditEnabled=BooleanManagedProperty IsCustomizable=BooleanManagedProperty IsDuplicateDetectionEnabled=BooleanManagedProperty CanCreateAttributes=BooleanManagedProperty CanBeInManyToMany=BooleanManagedProperty CanBePrimaryEntityInRelationship=BooleanManagedProperty CanBeRelatedEntityInRelationship=BooleanManagedProperty Attributes>AttributeMetadata Keys>EntityKeyMetadata OneToManyRelationships>OneToManyRelationshipMetadata ManyToOneRelationships>OneToManyRelationshipMetadata ManyToManyRelationships>ManyToManyRelationshipMetadata
AttributeMetadata : MetadataBase : AttributeOf=String AttributeType=AttributeTypeCode AttributeTypeName=AttributeTypeDisplayName AutoNumberFormat=String ColumnNumber=Int32 Description=Label DisplayName=Label EntityLogicalName=String IsCustomAttribute=Boolean IsLogical=Boolean IsManaged=Boolean IsPrimaryId=Boolean IsPrimaryName=Boolean IsSecured=Boolean IsSearchable=Boolean IsFilterable=Boolean IsRetrievable=Boolean IsValidForCreate=Boolean IsValidForRead=Boolean IsValidForUpdate=Boolean IsValidForForm=Boolean IsValidForGrid=Boolean IsValidODataAttribute=Boolean IsValidForAdvancedFind=BooleanManagedProperty IsAuditEnabled=BooleanManagedProperty IsCustomizable=BooleanManagedProperty IsRenameable=BooleanManagedProperty IntroducedVersion=String LinkedAttributeId=Guid LogicalName=String RequiredLevel=AttributeRequiredLevelManagedProperty SchemaName=String SourceType=Int32
EnumAttributeMetadata : AttributeMetadata : DefaultFormValue=Int32 OptionSet:OptionSetMetadata GlobalOptionSet:OptionSetMetadata
StringAttributeMetadata : AttributeMetadata : DatabaseLength=Int32 Format=StringFormat FormatName=StringFormatName ImeMode=String IsLocalizable=Boolean MaxLength=Int32 YomiOf=String
MemoAttributeMetadata : AttributeMetadata : Format=StringFormat ImeMode=String IsLocalizable=Boolean MaxLength=Int32
IntegerAttributeMetadata : AttributeMetadata : Format=String MaxValue=Int32 MinValue=Int32
BigIntAttributeMetadata : AttributeMetadata : MaxValue=Int64 MinValue=Int64
DecimalAttributeMetadata : AttributeMetadata : ImeMode=String MaxValue=Decimal MinValue=Decimal Precision=Int32
DoubleAttributeMetadata : AttributeMetadata : ImeMode=String MaxValue=Double MinValue=Double Precision=Int32
MoneyAttributeMetadata : AttributeMetadata : CalculationOf=String ImeMode=String IsBaseCurrency=Boolean MaxValue=Double MinValue=Double Precision=Int32 PrecisionSource=Int32
BooleanAttributeMetadata : AttributeMetadata : DefaultValue=Boolean OptionSet:BooleanOptionSetMetadata GlobalOptionSet:BooleanOptionSetMetadata
DateTimeAttributeMetadata : AttributeMetadata : CanChangeDateTimeBehavior=BooleanManagedProperty DateTimeBehavior=DateTimeBehavior Format=DateTimeFormat ImeMode=String MaxSupportedValue=DateTimeOffset MinSupportedValue=DateTimeOffset
PicklistAttributeMetadata : EnumAttributeMetadata :
MultiSelectPicklistAttributeMetadata : EnumAttributeMetadata :
StateAttributeMetadata : EnumAttributeMetadata :
StatusAttributeMetadata : EnumAttributeMetadata :
EntityNameAttributeMetadata : EnumAttributeMetadata : IsEntityReferenceStored=Boolean
LookupAttributeMetadata : AttributeMetadata : Format=String Targets=[String]
UniqueIdentifierAttributeMetadata : AttributeMetadata :
ImageAttributeMetadata : AttributeMetadata : CanStoreFullImage=Boolean IsPrimaryImage=Boolean MaxHeight=Int16 MaxSizeInKB=Int32 MaxWidth=Int16
FileAttributeMetadata : AttributeMetadata : MaxSizeInKB=Int32
ManagedPropertyAttributeMetadata : AttributeMetadata :
EntityKeyMetadata : MetadataBase : DisplayName=Label EntityKeyIndexStatus=EntityKeyIndexStatus EntityLogicalName=String IsManaged=Boolean IsSynchronous=Boolean KeyAttributes=[String] LogicalName=String SchemaName=String
RelationshipMetadataBase : MetadataBase : IntroducedVersion=String IsCustomizable=BooleanManagedProperty IsCustomRelationship=Boolean IsManaged=Boolean IsValidForAdvancedFind=Boolean RelationshipType=RelationshipType SchemaName=String SecurityTypes=SecurityTypes
OneToManyRelationshipMetadata : RelationshipMetadataBase : AssociatedMenuConfiguration=AssociatedMenuConfiguration CascadeConfiguration=CascadeConfiguration DenormalizedAttributeName=String IsHierarchical=Boolean IsRelationshipAttributeDenormalized=Boolean ReferencedAttribute=String ReferencedEntity=String ReferencedEntityNavigationPropertyName=String ReferencingAttribute=String ReferencingEntity=String ReferencingEntityNavigationPropertyName=String RelationshipBehavior=Int32 Lookup:LookupAttributeMetadata
ManyToManyRelationshipMetadata : RelationshipMetadataBase : Entity1AssociatedMenuConfiguration=AssociatedMenuConfiguration Entity1IntersectAttribute=String Entity1LogicalName=String Entity1NavigationPropertyName=String Entity2AssociatedMenuConfiguration=AssociatedMenuConfiguration Entity2IntersectAttribute=String Entity2LogicalName=String Entity2NavigationPropertyName=String IntersectEntityName=String
OptionSetMetadataBase : MetadataBase : Description=Label DisplayName=Label IntroducedVersion=String IsCustomizable=BooleanManagedProperty IsCustomOptionSet=Boolean IsGlobal=Boolean IsManaged=Boolean Name=String OptionSetType=OptionSetType
OptionSetMetadata : OptionSetMetadataBase : Options=[OptionMetadata]
BooleanOptionSetMetadata : OptionSetMetadataBase : FalseOption=OptionMetadata TrueOption=OptionMetadata`;

const COMPLEX_TYPES = `
LocalizedLabel : : Label=String LanguageCode=Int32 IsManaged=Boolean MetadataId=Guid HasChanged=Boolean
Label : : LocalizedLabels=[LocalizedLabel] UserLocalizedLabel=LocalizedLabel
BooleanManagedProperty : : Value=Boolean CanBeChanged=Boolean ManagedPropertyLogicalName=String
AttributeRequiredLevelManagedProperty : : Value=AttributeRequiredLevel CanBeChanged=Boolean ManagedPropertyLogicalName=String
AttributeTypeDisplayName : : Value=String
StringFormatName : : Value=String
DateTimeBehavior : : Value=String
OptionMetadata : : Value=Int32 Label=Label Description=Label Color=String IsManaged=Boolean ExternalValue=String ParentValues=[Int32] Tag=String IsHidden=Boolean MetadataId=Guid HasChanged=Boolean
StatusOptionMetadata : OptionMetadata : State=Int32 TransitionData=String
StateOptionMetadata : OptionMetadata : DefaultStatus=Int32 InvariantName=String
CascadeConfiguration : : Assign=CascadeType Delete=CascadeType Archive=CascadeType Merge=CascadeType Reparent=CascadeType Share=CascadeType Unshare=CascadeType RollupView=CascadeType
AssociatedMenuConfiguration : : Behavior=AssociatedMenuBehavior Group=AssociatedMenuGroup Label=Label Order=Int32 IsCustomizable=Boolean Icon=String ViewId=Guid AvailableOffline=Boolean MenuId=String QueryApi=String
EntityRecordCountCollection : : Count=Int32 IsReadOnly=Boolean Keys=[String] Values=[Int64]
WhoAmIResponse : : BusinessUnitId=Guid UserId=Guid OrganizationId=Guid
RetrieveTotalRecordCountResponse : : EntityRecordCountCollection=EntityRecordCountCollection
RetrieveVersionResponse : : Version=String
OrganizationDetail : : OrganizationId=Guid FriendlyName=String OrganizationVersion=String EnvironmentId=String DatacenterId=Guid Geo=String TenantId=String UrlName=String UniqueName=String State=OrganizationState
RetrieveCurrentOrganizationResponse : : Detail=OrganizationDetail
RetrieveAvailableLanguagesResponse : : LocaleIds=[Int32]
RetrieveProvisionedLanguagesResponse : : RetrieveProvisionedLanguages=[Int32]
CreateMultipleResponse : : Ids=[Guid]
BulkDeleteResponse : : JobId=Guid
InsertOptionValueResponse : : NewOptionValue=Int32
InsertStatusValueResponse : : NewOptionValue=Int32
CreateCustomerRelationshipsResponse : : RelationshipIds=[Guid] AttributeId=Guid
CreatePolymorphicLookupAttributeResponse : : RelationshipIds=[Guid] AttributeId=Guid
GetValidManyToManyResponse : : EntityNames=[String]
GetValidReferencedEntitiesResponse : : EntityNames=[String]
GetValidReferencingEntitiesResponse : : EntityNames=[String]
CanBeReferencedResponse : : CanBeReferenced=Boolean
CanBeReferencingResponse : : CanBeReferencing=Boolean
CanManyToManyResponse : : CanManyToMany=Boolean
PublishDuplicateRuleResponse : : JobId=Guid
PagingInfo : : PageNumber=Int32 Count=Int32 ReturnTotalRecordCount=Boolean PagingCookie=String
ParameterCollection : : Count=Int32 IsReadOnly=Boolean Keys=[String]
AddMemberListResponse : : Id=Guid
RolePrivilege : : Depth=PrivilegeDepth PrivilegeId=Guid BusinessUnitId=Guid PrivilegeName=String RecordFilterId=Guid RecordFilterUniqueName=String
RetrieveRolePrivilegesRoleResponse : : RolePrivileges=[RolePrivilege]
RetrieveUserPrivilegesResponse : : RolePrivileges=[RolePrivilege]
RetrieveUserPrivilegeByPrivilegeNameResponse : : RolePrivileges=[RolePrivilege]
RetrieveTeamPrivilegesResponse : : RolePrivileges=[RolePrivilege]
RetrievePrincipalAccessResponse : : AccessRights=AccessRights
CopyDynamicListToStaticResponse : : StaticListId=Guid
OrganizationQuery : : EntityName=String
InitializeFileBlocksUploadResponse : : FileContinuationToken=String
CommitFileBlocksUploadResponse : : FileId=Guid FileSizeInBytes=Int64
InitializeFileBlocksDownloadResponse : : FileContinuationToken=String FileSizeInBytes=Int64 FileName=String IsChunkingSupported=Boolean
DownloadBlockResponse : : Data=Binary
InitializeAnnotationBlocksUploadResponse : : FileContinuationToken=String
CommitAnnotationBlocksUploadResponse : : AnnotationId=Guid FileSizeInBytes=Int64
InitializeAnnotationBlocksDownloadResponse : : FileContinuationToken=String FileSizeInBytes=Int32 FileName=String
ComplexLookupAttributeMetadata : : SchemaName=String DisplayName=Label Description=Label RequiredLevel=AttributeRequiredLevelManagedProperty
ComplexOneToManyRelationshipMetadata : : SchemaName=String ReferencedEntity=String ReferencingEntity=String CascadeConfiguration=CascadeConfiguration`;

const ENUM_TYPES = `
AttributeTypeCode : Boolean=0 Customer=1 DateTime=2 Decimal=3 Double=4 Integer=5 Lookup=6 Memo=7 Money=8 Owner=9 PartyList=10 Picklist=11 State=12 Status=13 String=14 Uniqueidentifier=15 CalendarRules=16 Virtual=17 BigInt=18 ManagedProperty=19 EntityName=20
AttributeRequiredLevel : None=0 SystemRequired=1 ApplicationRequired=2 Recommended=3
OwnershipTypes : None=0 UserOwned=1 TeamOwned=2 BusinessOwned=4 OrganizationOwned=8 BusinessParented=16
EntityKeyIndexStatus : Pending=0 InProgress=1 Active=2 Failed=3
RelationshipType : OneToManyRelationship=0 ManyToManyRelationship=1
SecurityTypes : None=0 Append=1 ParentChild=2 Pointer=4 Inheritance=8
CascadeType : NoCascade=0 Cascade=1 Active=2 UserOwned=3 RemoveLink=4 Restrict=5
AssociatedMenuBehavior : UseCollectionName=0 UseLabel=1 DoNotDisplay=2
AssociatedMenuGroup : Details=0 Sales=1 Service=2 Marketing=3
OptionSetType : Picklist=0 State=1 Status=2 Boolean=3
StringFormat : Email=0 Text=1 TextArea=2 Url=3 TickerSymbol=4 PhoneticGuide=5 VersionNumber=6 Phone=7 Json=8 RichText=9
DateTimeFormat : DateOnly=0 DateAndTime=1
PrivilegeDepth : Basic=0 Local=1 Deep=2 Global=3 RecordFilter=4
AccessRights : None=0 ReadAccess=1 WriteAccess=2 AppendAccess=4 AppendToAccess=16 CreateAccess=32 DeleteAccess=65536 ShareAccess=262144 AssignAccess=524288
EndpointAccessType : Default=0 Internet=1 Intranet=2
OrganizationState : Enabled=0 Disabled=1`;

/** `EntityType`, `ComplexType` and `EnumType` elements for all of it. */
export function metadataTypes(): string {
  const named = new Set(
    [COMPLEX_TYPES, ENUM_TYPES].flatMap((text) => lines(text).map((line) => line.split(" : ")[0]!)),
  );
  const typeOf = (name: string): string => {
    if (name.startsWith("[")) return `Collection(${typeOf(name.slice(1, -1))})`;
    return named.has(name) ? `mscrm.${name}` : `Edm.${name}`;
  };
  return [
    ...lines(ENUM_TYPES).map(enumType),
    ...lines(COMPLEX_TYPES).map((line) => structured("ComplexType", line, typeOf)),
    ...lines(ENTITY_TYPES).map((line) => structured("EntityType", line, typeOf)),
  ].join("");
}

function lines(text: string): string[] {
  return text.trim().split("\n");
}

function structured(element: string, line: string, typeOf: (name: string) => string): string {
  const [name, base, facts] = line.split(" :").map((part) => part.trim());
  let inner = name === "MetadataBase" ? '<Key><PropertyRef Name="MetadataId"/></Key>' : "";
  for (const fact of facts === "" ? [] : facts!.split(" ")) {
    const [, property, mark, type] = /^(\w+)([=:>])(.+)$/.exec(fact)!;
    if (mark === "=") {
      const key = name === "MetadataBase" && property === "MetadataId" ? ' Nullable="false"' : "";
      const scale = type === "Decimal" ? ' Scale="Variable"' : "";
      inner += `<Property Name="${property}" Type="${typeOf(type!)}"${key}${scale}/>`;
    } else {
      const target = mark === ">" ? `Collection(mscrm.${type})` : `mscrm.${type}`;
      inner += `<NavigationProperty Name="${property}" Type="${target}"${mark === ">" ? ' ContainsTarget="true"' : ""}/>`;
    }
  }
  return `<${element} Name="${name}"${base === "" ? "" : ` BaseType="mscrm.${base}"`}>${inner}</${element}>`;
}

function enumType(line: string): string {
  const [name, members] = line.split(" : ");
  const each = members!.split(" ").map((member) => member.split("="));
  return `<EnumType Name="${name}">${each.map(([key, value]) => `<Member Name="${key}" Value="${value}"/>`).join("")}</EnumType>`;
}
