import { roleId } from "../../src/sandbox/dataverse/delivered-ids.ts";
import { anyEtag, anyId, id, replay } from "./replay.ts";

const SELECT = "fullname,azureactivedirectoryobjectid";

replay(
  "webapi/impersonate-another-user-web-api.md",
  [
    {
      title: "How to impersonate a user: by its systemuserid",
      request: [
        "POST",
        "v9.0/accounts",
        { name: "Sample Account created using impersonation", accountid: id(3) },
        { MSCRMCallerID: id(8) },
      ],
      status: 204,
      difference:
        "The page uses CallerObjectId: an object id cannot be written by the Web API, only by the control API.",
      headers: { "OData-EntityId": `{org}/api/data/v9.0/accounts(${id(3)})` },
      after: [
        [
          `v9.0/accounts(${id(3)})?$select=name&$expand=createdby($select=${SELECT}),createdonbehalfby($select=${SELECT}),owninguser($select=${SELECT})`,
          200,
          {
            "@odata.context": `{org}/api/data/v9.0/$metadata#accounts(name,createdby(${SELECT}),createdonbehalfby(${SELECT}),owninguser(${SELECT}))/$entity`,
            "@odata.etag": anyEtag,
            name: "Sample Account created using impersonation",
            accountid: id(3),
            createdby: {
              "@odata.etag": anyEtag,
              fullname: "Impersonated User",
              systemuserid: id(8),
              ownerid: id(8),
            },
            createdonbehalfby: { "@odata.etag": anyEtag, systemuserid: "{me}", ownerid: "{me}" },
            owninguser: { fullname: "Impersonated User", systemuserid: id(8), ownerid: id(8) },
          },
        ],
      ],
    },
  ],
  [
    [
      "POST",
      "v9.2/systemusers",
      {
        systemuserid: id(8),
        firstname: "Impersonated",
        lastname: "User",
        domainname: "impersonated@example.com",
      },
    ],
    [
      "POST",
      `v9.2/systemusers(${id(8)})/systemuserroles_association/$ref`,
      { "@odata.id": `{org}/api/data/v9.2/roles(${roleId("System Administrator")})` },
    ],
  ],
);

const ACCOUNT = { "@odata.type": "Microsoft.Dynamics.CRM.account" };

replay(
  "webapi/merge-entity-using-web-api.md",
  [
    {
      title: "Merge action",
      request: [
        "POST",
        "v9.0/Merge",
        {
          Target: { name: "Account 1", accountid: id(1), ...ACCOUNT },
          Subordinate: { name: "Account 2", accountid: id(2), ...ACCOUNT },
          UpdateContent: { accountnumber: "1234", ...ACCOUNT },
          PerformParentingChecks: false,
        },
      ],
      status: 204,
      headers: { "OData-Version": "4.0" },
      after: [
        [`v9.0/accounts(${id(1)})?$select=accountnumber,statecode`, 200, { accountnumber: "1234", statecode: 0 }],
        [
          `v9.0/accounts(${id(2)})?$select=merged,statecode,_masterid_value`,
          200,
          { merged: true, statecode: 1, _masterid_value: id(1) },
        ],
      ],
    },
  ],
  [
    ["PATCH", `v9.2/accounts(${id(1)})`, { name: "Account 1" }],
    ["PATCH", `v9.2/accounts(${id(2)})`, { name: "Account 2" }],
  ],
);

const MONTE = { firstname: "Monte", lastname: "Orton", emailaddress1: "monteorton@example.com" };
const DETECT = { "If-None-Match": "null", "MSCRM.SuppressDuplicateDetection": "false" };
const DUPLICATE = {
  error: {
    code: "0x80040333",
    message: "A record was not created or updated because a duplicate of the current record already exists.",
  },
};
const NOT_500 = "The page prints 500; the service of today answers 412 (dataverse.md section 12).";

replay(
  "webapi/manage-duplicate-detection-create-update.md",
  [
    {
      title: "Detect duplicates during Create operation",
      request: ["POST", "v9.0/leads", MONTE, DETECT],
      status: 412,
      headers: { "Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0" },
      body: DUPLICATE,
      difference: NOT_500,
    },
    {
      title: "Value true creates the duplicate",
      request: ["POST", "v9.0/leads", MONTE, { ...DETECT, "MSCRM.SuppressDuplicateDetection": "true" }],
      status: 204,
    },
    {
      title: "Detect duplicates during Update operation",
      given: [["PATCH", `v9.0/leads(${id(2)})`, { lastname: "Other" }]],
      request: ["PATCH", `v9.0/leads(${id(2)})`, MONTE, { ...DETECT, "If-Match": "*" }],
      status: 412,
      body: DUPLICATE,
      difference: NOT_500,
    },
  ],
  [["POST", "v9.0/leads", MONTE]],
);

const text = (label: string) => {
  const one = {
    "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel",
    Label: label,
    LanguageCode: 1033,
    IsManaged: false,
  };
  return { "@odata.type": "Microsoft.Dynamics.CRM.Label", LocalizedLabels: [one], UserLocalizedLabel: one };
};
const COLORS = {
  "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
  Options: ["Red", "Yellow", "Green"].map((label, n) => ({ Value: 727000000 + n, Label: text(label) })),
  Description: text("Color Choice"),
  DisplayName: text("Colors"),
  Name: "sample_colors",
  OptionSetType: "Picklist",
};
const ALL =
  "v9.2/GlobalOptionSetDefinitions(Name='sample_colors')/Microsoft.Dynamics.CRM.OptionSetMetadata?$select=Options";
const GIVEN: ["POST", string, object] = ["POST", "v9.2/GlobalOptionSetDefinitions", COLORS];
const PUBLISHER: ["POST", string, object] = [
  "POST",
  "v9.2/publishers",
  {
    friendlyname: "Example Publisher",
    uniquename: "examplepublisher",
    customizationprefix: "sample",
    customizationoptionvalueprefix: 72700,
  },
];
const values = (...numbers: number[]) => ({ Options: numbers.map((Value) => ({ Value })) });

replay(
  "webapi/create-update-optionsets.md",
  [
    {
      title: "Create a global option set",
      request: [
        "POST",
        "v9.2/GlobalOptionSetDefinitions",
        COLORS,
        { "Content-Type": "application/json; charset=utf-8" },
      ],
      status: 204,
      headers: { "OData-EntityId": /\/GlobalOptionSetDefinitions\([0-9a-f-]{36}\)$/ },
      after: [[ALL, 200, values(727000000, 727000001, 727000002)]],
    },
    {
      title: "A choice column bound to it by name",
      given: [GIVEN],
      request: [
        "POST",
        "v9.2/EntityDefinitions(LogicalName='contact')/Attributes",
        {
          "@odata.type": "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
          "GlobalOptionSet@odata.bind": "/GlobalOptionSetDefinitions(Name='sample_colors')",
          DisplayName: text("Sample Colors"),
          SchemaName: "sample_Colors",
        },
      ],
      status: 204,
      headers: { "OData-EntityId": /\/EntityDefinitions\(LogicalName='contact'\)\/Attributes\([0-9a-f-]{36}\)$/ },
    },
    {
      title: "Insert options, of a global option set",
      given: [GIVEN],
      request: [
        "POST",
        "v9.2/InsertOptionValue",
        { OptionSetName: "sample_colors", Value: 727000005, Label: text("Echo") },
      ],
      status: 200,
      body: {
        "@odata.context": "{org}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.InsertOptionValueResponse",
        NewOptionValue: 727000005,
      },
      after: [[ALL, 200, values(727000000, 727000001, 727000002, 727000005)]],
    },
    {
      title: "Update options",
      given: [GIVEN],
      request: [
        "POST",
        "v9.2/UpdateOptionValue",
        { OptionSetName: "sample_colors", Value: 727000001, Label: text("Up"), MergeLabels: true },
      ],
      status: 204,
      after: [[ALL, 200, { Options: [{}, { Label: { UserLocalizedLabel: { Label: "Up", MetadataId: anyId } } }, {}] }]],
    },
    {
      title: "Order options",
      given: [GIVEN],
      request: [
        "POST",
        "v9.2/OrderOption",
        { OptionSetName: "sample_colors", Values: [727000002, 727000000, 727000001] },
      ],
      status: 204,
      after: [[ALL, 200, values(727000002, 727000000, 727000001)]],
    },
    {
      title: "Delete Option",
      given: [GIVEN],
      request: ["POST", "v9.2/DeleteOptionValue", { OptionSetName: "sample_colors", Value: 727000001 }],
      status: 204,
      after: [[ALL, 200, values(727000000, 727000002)]],
    },
    {
      title: "UpdateOptionSet by PUT leaves the options alone",
      given: [GIVEN],
      request: [
        "PUT",
        "v9.2/GlobalOptionSetDefinitions(Name='sample_colors')",
        { ...COLORS, DisplayName: text("Paints"), Options: [] },
      ],
      status: 204,
      after: [
        [ALL, 200, values(727000000, 727000001, 727000002)],
        [
          "v9.2/GlobalOptionSetDefinitions(Name='sample_colors')",
          200,
          { DisplayName: { UserLocalizedLabel: { Label: "Paints" } } },
        ],
      ],
    },
    {
      title: "DeleteOptionSet",
      given: [GIVEN],
      request: ["DELETE", "v9.2/GlobalOptionSetDefinitions(Name='sample_colors')"],
      status: 204,
      after: [[ALL, 404]],
    },
  ],
  [PUBLISHER],
);
