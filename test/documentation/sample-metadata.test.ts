import { expect } from "vitest";
import {
  BOOLEAN,
  CASCADE,
  CHOICE,
  COLORS,
  COLUMNS,
  CUSTOMER,
  column,
  NONE,
  of,
  PAIRS,
  post,
  RELATED,
  SOLUTION,
  STRONG,
  shown,
  TABLE,
  text,
} from "./bank-account.ts";
import { anyId, anyInstant, type Exchange, replay } from "./replay.ts";

/** A column made, and some of its properties read back under the context the page prints. */
const typed = (type: string, name: string, facts: Record<string, unknown>, more: object = facts): Exchange => ({
  title: `${type} column`,
  given: [post(COLUMNS, column(type, name, more)) as ["POST", string, object]],
  request: ["GET", `${of(type, name.toLowerCase())}?$select=SchemaName,${Object.keys(facts)}`, undefined, STRONG],
  status: 200,
  body: {
    "@odata.context": `{org}/api/data/v9.2/$metadata#EntityDefinitions('sample_bankaccount')/Attributes/Microsoft.Dynamics.CRM.${type}AttributeMetadata(SchemaName,${Object.keys(facts)})/$entity`,
    SchemaName: `sample_${name}`,
    ...facts,
    MetadataId: anyId,
  },
});
const eligible = (name: string, table: string): Exchange => ({
  title: `${name} of ${table}`,
  request: ["POST", `v9.2/${name}`, { EntityName: table }],
  status: 200,
  body: { "@odata.context": `{org}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.${name}Response`, [name]: true },
});

replay(
  "webapi/web-api-metadata-operations-sample.md",
  [
    {
      title: "Retrieve the table definition",
      request: ["GET", TABLE, undefined, STRONG],
      status: 200,
      body: {
        "@odata.context": "{org}/api/data/v9.2/$metadata#EntityDefinitions/$entity",
        ActivityTypeMask: 0,
        CollectionSchemaName: "sample_BankAccounts",
        EntitySetName: "sample_bankaccounts",
        HasActivities: false,
        HasNotes: false,
        IntroducedVersion: "1.0.0.0",
        CreatedOn: anyInstant,
        ModifiedOn: anyInstant,
        MobileOfflineFilters: "",
        IsArchivalEnabled: false,
        SettingOf: null,
        IconVectorName: null,
        Description: shown("A table"),
        CanBeInCustomEntityAssociation: {
          Value: true,
          CanBeChanged: true,
          ManagedPropertyLogicalName: "canbeincustomentityassociation",
        },
        Settings: [],
      },
    },
    {
      title: "Update the table",
      request: [
        "PUT",
        TABLE,
        {
          "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
          HasActivities: true,
          LogicalName: "sample_bankaccount",
          SchemaName: "sample_BankAccount",
          Description: text("Contains information"),
        },
        { ...SOLUTION, "MSCRM.MergeLabels": "true" },
      ],
      status: 204,
      headers: { "OData-EntityId": `{org}/api/data/${TABLE}` },
      after: [[TABLE, 200, { HasActivities: true, Description: shown("Contains information") }]],
    },
    {
      title: "Create a Boolean column",
      request: post(COLUMNS, BOOLEAN),
      status: 204,
      headers: {
        "OData-EntityId": /\/EntityDefinitions\(LogicalName='sample_bankaccount'\)\/Attributes\([0-9a-f-]{36}\)$/,
      },
    },
    {
      title: "Retrieve the Boolean column with its options",
      given: [post(COLUMNS, BOOLEAN) as ["POST", string, object]],
      request: ["GET", `${of("Boolean", "boolean")}?$expand=OptionSet`, undefined, STRONG],
      status: 200,
      body: {
        "@odata.context":
          "{org}/api/data/v9.2/$metadata#EntityDefinitions('sample_bankaccount')/Attributes/Microsoft.Dynamics.CRM.BooleanAttributeMetadata(OptionSet())/$entity",
        AttributeType: "Boolean",
        DefaultValue: false,
        IsCustomAttribute: true,
        CanBeSecuredForRead: true,
        CreatedOn: anyInstant,
        SourceType: 0,
        Settings: [],
        OptionSet: {
          Name: "sample_bankaccount_sample_boolean",
          OptionSetType: "Boolean",
          IsGlobal: false,
          IntroducedVersion: "1.0.0.0",
          Description: shown("Boolean Attribute"),
          TrueOption: { Value: 1, ExternalValue: "", ParentValues: [], Label: shown("True") },
          FalseOption: { Value: 0, Color: null, MetadataId: null, Label: shown("False") },
        },
      },
    },
    {
      title: "Update the Boolean column",
      given: [post(COLUMNS, BOOLEAN) as ["POST", string, object]],
      request: [
        "PUT",
        `${COLUMNS}(LogicalName='sample_boolean')`,
        { ...BOOLEAN, RequiredLevel: { ...NONE, Value: "ApplicationRequired" } },
        SOLUTION,
      ],
      status: 204,
      headers: { "OData-EntityId": `{org}/api/data/${COLUMNS}(LogicalName='sample_boolean')` },
    },
    {
      title: "UpdateOptionValue of a Boolean column",
      given: [post(COLUMNS, BOOLEAN) as ["POST", string, object]],
      request: [
        "POST",
        "v9.2/UpdateOptionValue",
        {
          AttributeLogicalName: "sample_boolean",
          EntityLogicalName: "sample_bankaccount",
          Value: 1,
          Label: text("Up"),
          MergeLabels: true,
        },
      ],
      status: 204,
      after: [
        [
          `${of("Boolean", "boolean")}?$select=MetadataId&$expand=OptionSet`,
          200,
          { OptionSet: { TrueOption: { Label: shown("Up") }, FalseOption: { Label: shown("False") } } },
        ],
      ],
    },
    typed(
      "DateTime",
      "DateTime",
      { Format: "DateOnly", DateTimeBehavior: { Value: "DateOnly" } },
      { Format: "DateOnly", ImeMode: "Disabled", DateTimeBehavior: { Value: "DateOnly" } },
    ),
    typed("Decimal", "Decimal", { MaxValue: 100, MinValue: 0, Precision: 1 }),
    typed("Integer", "Integer", { MaxValue: 100, MinValue: 0, Format: "None" }),
    {
      ...typed("Memo", "Memo", { Format: "TextArea", MaxLength: 500 }),
      difference: "The page reads ImeMode too, as it was sent; the sandbox keeps none.",
    },
    typed("Money", "Money", {
      MaxValue: 1000,
      MinValue: 0,
      Precision: 1,
      PrecisionSource: 1,
      ImeMode: "Disabled",
    }),
    {
      title: "Options of a choice column: inserted, ordered, deleted",
      given: [
        post(COLUMNS, CHOICE) as ["POST", string, object],
        [
          "POST",
          "v9.2/InsertOptionValue",
          {
            AttributeLogicalName: "sample_choice",
            EntityLogicalName: "sample_bankaccount",
            Value: 727000005,
            Label: text("Echo"),
            SolutionUniqueName: "examplesolution",
          },
        ],
        [
          "POST",
          "v9.2/OrderOption",
          {
            EntityLogicalName: "sample_bankaccount",
            AttributeLogicalName: "sample_choice",
            Values: [727000002, 727000000, 727000003, 727000001, 727000005, 727000004],
          },
        ],
      ],
      request: [
        "POST",
        "v9.2/DeleteOptionValue",
        { AttributeLogicalName: "sample_choice", EntityLogicalName: "sample_bankaccount", Value: 727000004 },
      ],
      status: 204,
      after: [
        [
          `${of("Picklist", "choice")}?$select=SchemaName&$expand=OptionSet`,
          200,
          { OptionSet: { Options: [2, 0, 3, 1, 5].map((n) => ({ Value: 727000000 + n })) } },
        ],
      ],
    },
    {
      title: "Insert Status Value: numbered by the publisher of the solution it names",
      request: [
        "POST",
        "v9.2/InsertStatusValue",
        {
          AttributeLogicalName: "statuscode",
          EntityLogicalName: "sample_bankaccount",
          Label: text("Frozen"),
          StateCode: 1,
          SolutionUniqueName: "examplesolution",
        },
      ],
      status: 200,
      body: {
        "@odata.context": "{org}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.InsertStatusValueResponse",
        NewOptionValue: 727000000,
      },
    },
    {
      title: "Retrieve a global choice",
      given: [post("v9.2/GlobalOptionSetDefinitions", COLORS) as ["POST", string, object]],
      request: [
        "GET",
        "v9.2/GlobalOptionSetDefinitions(Name='sample_colors')/Microsoft.Dynamics.CRM.OptionSetMetadata",
        undefined,
        STRONG,
      ],
      status: 200,
      body: {
        "@odata.context":
          "{org}/api/data/v9.2/$metadata#GlobalOptionSetDefinitions/Microsoft.Dynamics.CRM.OptionSetMetadata/$entity",
        IsGlobal: true,
        Name: "sample_colors",
        ParentOptionSetName: null,
        Description: shown("Color Choice"),
        DisplayName: shown("Colors"),
        Options: [{ Value: 727000000 }, { Value: 727000001 }, { Value: 727000002 }],
      },
    },
    {
      title: "Create Customer Relationship",
      request: ["POST", "v9.2/CreateCustomerRelationships", CUSTOMER],
      status: 200,
      body: {
        "@odata.context": "{org}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.CreateCustomerRelationshipsResponse",
        RelationshipIds: [anyId, anyId],
        AttributeId: anyId,
      },
      after: [
        [
          "v9.2/RelationshipDefinitions(SchemaName='sample_BankAccount_Customer_Account')/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
          200,
          {
            ReferencedAttribute: "accountid",
            ReferencingAttribute: "sample_customerid",
            ReferencedEntityNavigationPropertyName: "sample_BankAccount_Customer_Account",
            ReferencingEntityNavigationPropertyName: "sample_CustomerId_account",
            RelationshipBehavior: 1,
            IsDenormalizedLookup: null,
            SecurityTypes: "Append",
            AssociatedMenuConfiguration: { Behavior: "UseCollectionName", Group: "Details", Order: 10000 },
            CascadeConfiguration: { Delete: "RemoveLink", Archive: "RemoveLink", Merge: "NoCascade" },
          },
        ],
      ],
      difference:
        "The page prints Merge: Cascade for a customer column; the sandbox gives what is asked, else NoCascade.",
    },
    eligible("CanBeReferenced", "sample_bankaccount"),
    eligible("CanBeReferencing", "contact"),
    eligible("CanManyToMany", "contact"),
    {
      title: "GetValidReferencingEntities",
      request: ["GET", "v9.2/GetValidReferencingEntities(ReferencedEntityName='sample_bankaccount')"],
      status: 200,
      body: {
        "@odata.context": "{org}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.GetValidReferencingEntitiesResponse",
        EntityNames: expect.arrayContaining(["sample_bankaccount", "contact"]) as unknown,
      },
    },
    {
      title: "Create and retrieve a many-to-one relationship",
      request: post("v9.2/RelationshipDefinitions", RELATED),
      status: 204,
      headers: { "OData-EntityId": /\/RelationshipDefinitions\([0-9a-f-]{36}\)$/ },
      after: [
        [
          "v9.2/RelationshipDefinitions(SchemaName='sample_Account_BankAccounts')/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
          200,
          {
            ReferencingAttribute: "sample_relatedaccountid",
            ReferencedEntityNavigationPropertyName: "sample_Account_BankAccounts",
            ReferencingEntityNavigationPropertyName: "sample_RelatedAccountId",
            IsValidForAdvancedFind: false,
            AssociatedMenuConfiguration: {
              Behavior: "UseLabel",
              AvailableOffline: true,
              Label: shown("Related Bank Accounts"),
            },
            CascadeConfiguration: { ...CASCADE, Archive: "RemoveLink" },
          },
        ],
      ],
    },
    {
      title: "Create and retrieve a many-to-many relationship",
      request: post("v9.2/RelationshipDefinitions", PAIRS),
      status: 204,
      after: [
        [
          "v9.2/RelationshipDefinitions(SchemaName='sample_sample_BankAccounts_Contacts')/Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
          200,
          {
            IntersectEntityName: "sample_sample_bankaccounts_contacts",
            Entity1IntersectAttribute: "sample_bankaccountid",
            Entity2IntersectAttribute: "contactid",
            Entity1NavigationPropertyName: "sample_sample_BankAccounts_Contacts",
            SecurityTypes: "None",
            RelationshipType: "ManyToManyRelationship",
            Entity2AssociatedMenuConfiguration: { Behavior: "UseLabel", Label: shown("Contacts") },
          },
        ],
      ],
    },
    {
      title: "Export managed solution",
      request: ["POST", "v9.2/ExportSolution", { SolutionName: "examplesolution", Managed: true }],
      status: 501,
      difference: "Solutions are rows only: they are neither exported nor imported.",
    },
  ],
  [
    [
      "POST",
      "v9.2/publishers",
      {
        publisherid: "00000000-0000-0000-0000-00000000aaaa",
        friendlyname: "Example Publisher",
        uniquename: "examplepublisher",
        customizationprefix: "sample",
        customizationoptionvalueprefix: 72700,
      },
    ],
    [
      "POST",
      "v9.2/solutions",
      {
        friendlyname: "Example Solution",
        uniquename: "examplesolution",
        version: "1.0.0.0",
        "publisherid@odata.bind": "publishers(00000000-0000-0000-0000-00000000aaaa)",
      },
    ],
    [
      "POST",
      "v9.2/EntityDefinitions",
      {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
        Description: text("A table"),
        DisplayName: text("Bank Account"),
        DisplayCollectionName: text("Bank Accounts"),
        HasActivities: false,
        HasNotes: false,
        OwnershipType: "UserOwned",
        PrimaryNameAttribute: "sample_name",
        SchemaName: "sample_BankAccount",
        Attributes: [
          {
            "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
            MaxLength: 100,
            DisplayName: text("Account Name"),
            IsPrimaryName: true,
            RequiredLevel: NONE,
            SchemaName: "sample_Name",
          },
        ],
      },
      SOLUTION,
    ],
  ],
);
