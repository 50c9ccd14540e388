/**
 * Something that Dataverse or Entra ID documents and the sandbox does not do: `name` must stand in the sentence of its
 * 501. `path` is below `/api/data/v9.2/`, or whole where it begins with a slash.
 */
export type Absent = {
  name: string;
  method: string;
  path: string;
  source: string;
  body?: unknown;
  headers?: Record<string, string>;
};

const ID = "00000000-0000-4000-8000-000000000001";
const CONTACT = "EntityDefinitions(LogicalName='contact')";
const CRM = "Microsoft.Dynamics.CRM.";

const get = (name: string, path: string, source: string, headers?: Record<string, string>): Absent => ({
  name,
  method: "GET",
  path,
  source,
  ...(headers && { headers }),
});
const post = (name: string, path: string, source: string, body: unknown, headers?: Record<string, string>): Absent => ({
  ...get(name, path, source, headers),
  method: "POST",
  body,
});

const QUERIES: Absent[] = [
  get("savedQuery", `accounts?savedQuery=${ID}`, "retrieve-and-execute-predefined-queries.md"),
  get("userQuery", `accounts?userQuery=${ID}`, "retrieve-and-execute-predefined-queries.md"),
  get(
    "savedQuery",
    `contacts(${ID})?savedQuery=${ID}`,
    "retrieve-and-execute-predefined-queries.md: any collection of the type",
  ),
  get("savedQuery", `accounts?fetchXml=<fetch><entity name='account'/></fetch>&savedQuery=${ID}`, "the same"),
  get("$filter beside $apply", "contacts?$filter=lastname eq 'x'&$apply=aggregate($count as n)", "OData aggregation"),
  get("$apply on /$count", "contacts/$count?$apply=aggregate($count as n)", "OData aggregation"),
  get(
    "Grouping by parts of a date in $apply",
    "contacts?$apply=groupby((year(createdon)),aggregate($count as n))",
    "query/aggregate-data.md",
  ),
  get(
    "Microsoft.Dynamics.CRM.Contains",
    `contacts?$filter=${CRM}Contains(PropertyName='lastname',PropertyValue='x')`,
    "query/filter-rows.md",
  ),
  get(
    "EqualRoleBusinessId",
    `contacts?$filter=${CRM}EqualRoleBusinessId(PropertyName='owningbusinessunit')`,
    "query function reference",
  ),
  get("sla_contact_sla", "contacts?$expand=sla_contact_sla", "contact table reference"),
  get("sla_contact_sla", "contacts?$filter=sla_contact_sla/name eq 'x'", "contact table reference"),
  get("Contact_Emails", "contacts?$expand=Contact_Emails", "contact table reference"),
  get("Contact_Emails", "contacts?$filter=Contact_Emails/any(e:e/subject eq 'x')", "contact table reference"),
  get("retained rows", "contacts?fetchXml=<fetch datasource='retained'><entity name='contact'/></fetch>", "fetch.md"),
  get("'email'", "contacts?fetchXml=<fetch><entity name='email'/></fetch>", "fetchxml"),
];

const PROTOCOL: Absent[] = [
  get("odata.metadata=full", "contacts", "OData JSON format", { Accept: "application/json;odata.metadata=full" }),
  get("odata.metadata=none", "contacts", "OData JSON format", { Accept: "application/json;odata.metadata=none" }),
  get("IEEE754Compatible=true", "contacts", "OData JSON format", { Accept: "application/json;IEEE754Compatible=true" }),
  get("Prefer: respond-async", "contacts", "background-operations.md", { Prefer: "respond-async" }),
  get("X-HTTP-Method-Override", "contacts", "OData", { "X-HTTP-Method-Override": "PATCH" }),
  get("MSCRM.IncludeMipSensitivityLabel", "contacts", "the Dataverse connector's reference", {
    "MSCRM.IncludeMipSensitivityLabel": "true",
  }),
  { ...get("CORS", "contacts", "oauth-cross-origin-resource-sharing-connect-single-page-app.md"), method: "OPTIONS" },
  get("Dataverse search", "/api/search/v1.0/query", "search/overview.md"),
  get("The Global Discovery Service", "/api/discovery/v2.0/Instances", "discover-url-organization-web-api.md"),
  get("The Organization Service (SOAP)", "/XRMServices/2011/Organization.svc", "org-service/overview.md"),
];

const label = (text: string) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });
const column = (type: string, more: object) => ({
  "@odata.type": `${CRM}${type}AttributeMetadata`,
  SchemaName: "new_Absent",
  ...more,
});
const table = (more: object) => ({
  "@odata.type": `${CRM}EntityMetadata`,
  SchemaName: "new_Absent",
  OwnershipType: "UserOwned",
  DisplayName: label("Absent"),
  DisplayCollectionName: label("Absents"),
  Attributes: [column("String", { SchemaName: "new_Name", IsPrimaryName: true, MaxLength: 100 })],
  ...more,
});
const COLUMN_PAGE = "create-update-column-definitions-using-web-api.md";
const TABLE_PAGE = "create-update-entity-definitions-using-web-api.md";

const METADATA: Absent[] = [
  get("ManagedPropertyDefinitions", "ManagedPropertyDefinitions", "managedpropertymetadata"),
  get("'email'", "EntityDefinitions(LogicalName='email')", "query-metadata-web-api.md"),
  get("LabelLanguages=1031", `${CONTACT}?$select=LogicalName&LabelLanguages=1031`, "RetrieveMetadataChanges"),
  post("Virtual", "EntityDefinitions", "virtual-entities", table({ TableType: "Virtual" })),
  post("activity table", "EntityDefinitions", TABLE_PAGE, table({ IsActivity: true })),
  post("SourceType 1", `${CONTACT}/Attributes`, "calculated-rollup-attributes.md", column("String", { SourceType: 1 })),
  post("SourceType 2", `${CONTACT}/Attributes`, "calculated-rollup-attributes.md", column("Money", { SourceType: 2 })),
  post("IsSecured", `${CONTACT}/Attributes`, COLUMN_PAGE, column("String", { IsSecured: true })),
  post("within a change set", "$batch", "execute-batch-operations-using-web-api.md", batch(), {
    "Content-Type": "multipart/mixed;boundary=b",
  }),
];

function batch(): string {
  return [
    "--b",
    "Content-Type: multipart/mixed;boundary=c",
    "",
    "--c",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "Content-ID: 1",
    "",
    "POST /api/data/v9.2/EntityDefinitions HTTP/1.1",
    "Content-Type: application/json",
    "",
    JSON.stringify(table({})),
    "--c--",
    "--b--",
    "",
  ].join("\r\n");
}

const bulkDelete = (query: object, more: object = {}) => ({
  QuerySet: [{ EntityName: "contact", ...query }],
  JobName: "absent",
  SendEmailNotification: false,
  ToRecipients: [],
  CCRecipients: [],
  RecurrencePattern: "",
  StartDateTime: "2020-01-01T00:00:00Z",
  ...more,
});
const QUERY_PAGE = "the QueryExpression type";

const MESSAGES: Absent[] = [
  post("RecurrencePattern", "BulkDelete", "delete-data-bulk.md", bulkDelete({}, { RecurrencePattern: "FREQ=DAILY;" })),
  post("LinkEntities", "BulkDelete", QUERY_PAGE, bulkDelete({ LinkEntities: [{ LinkToEntityName: "account" }] })),
  post("TopCount", "BulkDelete", QUERY_PAGE, bulkDelete({ TopCount: 1 })),
  post("PageInfo", "BulkDelete", QUERY_PAGE, bulkDelete({ PageInfo: { Count: 1, PageNumber: 1 } })),
  post("SubQueryExpression", "BulkDelete", QUERY_PAGE, bulkDelete({ SubQueryExpression: {} })),
  post("DataSource", "BulkDelete", QUERY_PAGE, bulkDelete({ DataSource: "retained" })),
  post(
    "CompareColumns",
    "BulkDelete",
    QUERY_PAGE,
    bulkDelete({
      Criteria: {
        Conditions: [{ AttributeName: "firstname", Operator: "Equal", Values: ["lastname"], CompareColumns: true }],
      },
    }),
  ),
];

const form = (fields: Record<string, string>) => new URLSearchParams(fields);
const TOKEN = "/{tenant}/oauth2/v2.0/token";
const grant = (name: string, source: string): Absent => post(name, TOKEN, source, form({ grant_type: name }));

const ENTRA: Absent[] = [
  grant("urn:ietf:params:oauth:grant-type:device_code", "v2-oauth2-device-code.md"),
  grant("urn:ietf:params:oauth:grant-type:jwt-bearer", "v2-oauth2-on-behalf-of-flow.md"),
  grant("urn:ietf:params:oauth:grant-type:saml2-bearer", "v2-saml-bearer-assertion.md"),
  grant("urn:ietf:params:oauth:grant-type:saml1_1-bearer", "v2-saml-bearer-assertion.md"),
  grant("password", "v2-oauth-ropc.md"),
  post(
    "The device code flow",
    "/{tenant}/oauth2/v2.0/devicecode",
    "v2-oauth2-device-code.md",
    form({ scope: "openid" }),
  ),
  post("'req_cnf'", TOKEN, "RFC 7800", form({ grant_type: "client_credentials", req_cnf: "x" })),
  post("The token type 'pop'", TOKEN, "RFC 7800", form({ grant_type: "client_credentials", token_type: "pop" })),
  get("'request_uri'", "/{tenant}/oauth2/v2.0/authorize?request_uri=x", "OpenID Connect Core section 6"),
  get("/openid/userinfo", "/common/openid/userinfo", "access-tokens; OpenID configuration"),
  get("/saml2", "/common/saml2", "single-sign-on-saml-protocol.md"),
  get("federationmetadata", "/common/federationmetadata/2007-06/federationmetadata.xml", "federation-metadata.md"),
];

/** Documented parts of what is otherwise there. */
export const PARTS: Absent[] = [...QUERIES, ...PROTOCOL, ...METADATA, ...MESSAGES, ...ENTRA];
