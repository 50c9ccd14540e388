import { escapeXml } from "../escape-xml.ts";

/**
 * An error of Dataverse: what every catalogue of them is made of. `errors` below is the general one: requests, queries,
 * bodies, rows, messages, access, limits and schema. What only file and image columns answer is in `files/errors.ts`,
 * what only FetchXML answers (QueryBuilder*) in `fetchxml/errors.ts`. One function each, with status, code and text as the
 * service answers them (dataverse.md section 14 unless another source is named). Clients branch on status and code; texts
 * are as close as is known.
 */
export class ODataError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  /** What `Microsoft.PowerApps.CDS.ErrorDetails.*` annotations tell besides, by the rest of their name. */
  details?: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const make = (status: number, code: string, message: string) => new ODataError(status, code, message);

const HELP =
  "For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293";

/** The frame around everything the OData reader refuses in a body. */
const payload = (set: string, inner: string) =>
  make(
    400,
    "0x80048d19",
    `Error identified in Payload provided by the user for Entity :'${set}', ${HELP}  ---->  InnerException : ${inner}`,
  );

const throttled = (code: string, message: string, retryAfter: number) =>
  new ODataError(429, code, message, { "Retry-After": String(retryAfter) });

export const errors = {
  // addresses and verbs
  noSuchSegment: (segment: string) => make(404, "0x8006088a", `Resource not found for the segment '${segment}'.`),
  invalidAfter: (segment: string, before: string) =>
    make(404, "0x8006088a", `The URI segment '${segment}' is invalid after the segment '${before}'.`),
  noSuchResource: (url: string) => make(404, "", `No HTTP resource was found that matches the request URI '${url}'.`),
  wrongVerb: (verb: string) => make(405, "0x0", `The requested resource does not support http method '${verb}'.`),
  badAddress: (text: string) => make(400, "0x80060888", text),
  dangerousPath: (char: string) =>
    make(400, "0x80060888", `A potentially dangerous Request.Path value was detected from the client (${char}).`),
  addressTooLong: (most: number) => make(414, "0x80060888", `The request URI is longer than ${most} characters.`),
  wrongContentType: (type: string) =>
    make(415, "0x0", `The request entity's media type '${type}' is not supported for this resource.`),
  unreadable: (status: 400 | 408) =>
    make(status, "0x80060888", status === 408 ? "The request took too long to arrive." : "The request is no HTTP."),
  tooLarge: () => make(413, "0x8004418a", "Request message length is too large."),
  unexpected: (detail: string) => make(500, "0x80040216", `An unexpected error occurred. ${detail}`),
  notBuilt: (what: string) =>
    make(501, "SandboxNotImplemented", `${what} is part of Dataverse, but not implemented by this sandbox.`),

  // queries (section 6)
  noSuchProperty: (name: string, type: string) =>
    make(400, "0x80060888", `Could not find a property named '${name}' on type 'Microsoft.Dynamics.CRM.${type}'.`),
  badQuery: (text: string) => make(400, "0x80060888", text),
  unknownFunction: (name: string) =>
    make(
      400,
      "0x80060888",
      `An unknown function with name '${name}' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed.`,
    ),
  notACollection: () =>
    make(
      400,
      "0x80060888",
      "The query specified in the URI is not valid. The requested resource is not a collection. Query options $filter, $orderby, $count, $skip, and $top can be applied only on collections.",
    ),
  trackedCollection: () =>
    make(400, "0x80060888", "Change Tracking is supported on a table only, not on a collection of one of its rows."),
  resultTooLarge: () =>
    make(
      400,
      "0x80060888",
      "The result of the query is too large to be returned: ask for fewer columns, or for smaller pages by odata.maxpagesize.",
    ),
  aggregateLimit: () => make(400, "0x8004e023", "The maximum record limit is exceeded. Reduce the number of records."),
  tooManyExpands: () => make(400, "0x8004430d", "Number of link entities in query exceeded maximum limit."),
  nestedExpandOption: () =>
    make(
      400,
      "0x80060888",
      "Only $select and $filter clause can be provided while doing $expand on many-to-one relationship or nested one-to-many relationship.",
    ),
  referenceExpand: () =>
    make(400, "0x80060888", "Expand with $ref is only supported on lookup type navigation property."),
  manyToManyExpand: () =>
    make(
      400,
      "0x80060888",
      "Expanding a many-to-many relationship is not supported in a nested $expand or together with relationships of other kinds.",
    ),
  badCast: (cast: string, type: string) =>
    make(
      400,
      "0x80060888",
      `The type '${cast}' specified in the URI is neither a base type nor a sub-type of the previously-specified type 'Microsoft.Dynamics.CRM.${type}'.`,
    ),
  linkEntities: () => make(400, "0x80048d0b", "Link entities are not supported"),
  queryNode: (kind: string) => make(400, "0x80060888", `The query node ${kind} is not supported.`),

  // bodies (sections 4, 5)
  badJson: (set: string, detail: string) => payload(set, `Microsoft.OData.ODataException: ${detail}`),
  unknownProperty: (set: string, name: string, table: string) =>
    payload(
      set,
      `Microsoft.Crm.CrmException: Invalid property '${name}' was found in entity 'Microsoft.Dynamics.CRM.${table}'. ---> Microsoft.OData.ODataException: Does not support untyped value in non-open type.`,
    ),
  wrongNavigation: (set: string, name: string) =>
    payload(
      set,
      `Microsoft.OData.ODataException: An undeclared property '${name}' which only has property annotations in the payload but no property value was found in the payload. In OData, only declared navigation properties and declared named streams can be represented as properties without values.`,
    ),
  wrongType: (set: string, value: unknown, edm: string) =>
    payload(
      set,
      typeof value === "object"
        ? `Microsoft.OData.ODataException: A '${Array.isArray(value) ? "StartArray" : "StartObject"}' node was found where a value of the type '${edm}' was expected.`
        : `Microsoft.OData.ODataException: Cannot convert the literal '${literal(value)}' to the expected type '${edm}'.`,
    ),
  wrongTarget: (set: string, reference: string, found: string, navigation: string, expected: string[]) =>
    payload(
      set,
      `Microsoft.OData.ODataException: The type 'Microsoft.Dynamics.CRM.${found}' of '${literal(reference)}' does not fit the navigation property '${navigation}', which expects '${expected.join("' or '")}'.`,
    ),
  notNested: (set: string, name: string) =>
    payload(
      set,
      `Microsoft.OData.ODataException: A 'PrimitiveValue' node with non-null value was found when trying to read the value of the navigation property '${name}'; however, a 'StartArray' node, a 'StartObject' node, or a 'PrimitiveValue' node with null value was expected.`,
    ),
  otherType: (set: string, found: unknown, table: string) =>
    payload(
      set,
      `Microsoft.OData.ODataException: A resource with type '${literal(found)}' was found, but it is not assignable to the expected type 'Microsoft.Dynamics.CRM.${table}'.`,
    ),
  nestedReference: (set: string, name: string) =>
    payload(
      set,
      `Microsoft.OData.ODataException: '@odata.id' was found in '${name}': a row that exists is referred to by '${name}@odata.bind'.`,
    ),
  deepUpdate: (set: string, name: string) =>
    payload(
      set,
      `Microsoft.OData.ODataException: The navigation property '${name}' holds related rows; they can be created with a new row only, not with an update.`,
    ),
  tooDeep: (set: string, levels: number) =>
    payload(set, `Microsoft.OData.ODataException: The depth of nested entries exceeds the maximum of ${levels}.`),
  directLookup: () =>
    make(
      400,
      "0x80060888",
      "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.",
    ),
  tooLong: (table: string, column: string, max: number) =>
    make(
      400,
      "0x80044331",
      `A validation error occurred.  The length of the '${column}' attribute of the '${table}' entity exceeded the maximum allowed length of '${max}'.`,
    ),
  integerOutOfRange: (column: string, min: number, max: number) =>
    make(
      400,
      "0x8004432f",
      `A validation error occurred. An integer provided is outside of the allowed values for this attribute. The value of '${column}' must be between ${min} and ${max}.`,
    ),
  decimalOutOfRange: (column: string, min: number, max: number) =>
    make(
      400,
      "0x80044330",
      `A validation error occurred. A decimal value provided is outside of the allowed values for this attribute. The value of '${column}' must be between ${min} and ${max}.`,
    ),
  invalidOption: (table: string, column: string, value: unknown, accepted: string) =>
    make(
      400,
      "0x8004431a",
      `A validation error occurred. The value ${literal(value)} of '${column}' on record of type '${table}' is outside the valid range. Accepted Values: ${accepted}`,
    ),
  invalidStatus: (table: string, status: number, state: string, id: string) =>
    make(400, "0x80048408", `${status} is not a valid status code for state code ${state} on ${table} with Id ${id}.`),
  stateByMessage: (table: string, state: string, message: string) =>
    make(
      400,
      "0x80100005",
      `This message can not be used to set the state of ${table} to ${state}. In order to set state of ${table} to ${state}, use the ${message} message instead.`,
    ),
  dateTooEarly: (value: string) =>
    make(
      400,
      "0x80040203",
      `DateTime is less than minumum value supported by CrmDateTime. Actual value: ${value}, Minimum value supported: 01/01/1753 00:00:00`,
    ),
  notJson: (table: string, column: string) =>
    make(400, "0x80040203", `Invalid argument. The value of '${column}' of '${table}' is not valid JSON.`),
  required: (table: string, column: string) =>
    make(400, "0x80040203", `Invalid argument. The required column '${column}' of '${table}' has no value.`),

  // batches (section 8)
  unreadableStream: () => payload("", "System.ArgumentException: Stream was not readable."),
  badBatch: (text: string) => payload("", `Microsoft.OData.ODataException: ${text}`),
  missingContentId: () => make(400, "0x80060888", "The Content-ID header is not present on a request of a change set."),
  unknownContentId: (reference: string) =>
    make(400, "0x80060888", `Content-ID Reference: '${reference}' does not exist in the batch context.`),

  // records (sections 4, 7)
  missing: (table: string, id: string) => make(404, "0x80040217", `Entity '${table}' With Id = ${id} Does Not Exist`),
  missingByKey: (table: string) =>
    make(404, "0x80060891", `A record with the specified key values does not exist in ${table} entity`),
  keyNotDefined: (table: string) =>
    make(
      400,
      "0x80060890",
      `The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.${table}'. Ensure that the names and number of key properties match the declared or alternate key properties for the resource 'Microsoft.Dynamics.CRM.${table}'.`,
    ),
  duplicateKey: (key: string, columns: string, values: [string, string][], id: string) =>
    make(
      412,
      "0x80060892",
      `Entity Key ${key} violated. A record with the same value for ${columns} already exists. A duplicate record cannot be created. Select one or more unique values and try again.<DuplicateAttributes>${values.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join("")}</DuplicateAttributes><Id>${id}</Id>`,
    ),
  duplicateId: () => make(412, "0x80040237", "A record with matching key values already exists."),
  associated: () =>
    make(405, "0x80040227", "The object you tried to delete is associated with another object and cannot be deleted."),
  duplicateFound: () =>
    make(
      412,
      "0x80040333",
      "A record was not created or updated because a duplicate of the current record already exists.",
    ),
  alreadyAssociated: () => make(412, "0x80040237", "Cannot insert duplicate key."),
  staleVersion: () =>
    make(412, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided."),
  concurrencyOff: (table: string) =>
    make(
      400,
      "0x8006088d",
      `Optimistic concurrency isn't enabled for entity type ${table}. The IfVersionMatches value of ConcurrencyBehavior can only be used if optimistic concurrency is enabled.`,
    ),
  pluginRefused: (text: string) => make(400, "0x80040265", text),
  bulkBody: (set: string, text: string) => payload(set, `Microsoft.OData.ODataException: ${text}`),
  bulkPartly: (first: ODataError, items: string) =>
    Object.assign(make(first.status, first.code, first.message), {
      details: { "Plugin.BulkApiErrorDetails": items },
    }),
  deleteMultiple: () => make(501, "0x0", "DeleteMultiple has not yet been implemented."),
  messageUnsupported: (table: string) => make(400, "0x80100008", `${table} entity does not support this message.`),
  noSuchMessage: (message: string, table: string) =>
    make(
      405,
      "0x80040800",
      `The '${message}' method does not support entities of type '${table}'. MessageProcessorCache returned MessageProcessor.Empty.`,
    ),
  readOnlyTable: (table: string) =>
    make(400, "0x8004022e", `The object cannot be updated because it is read-only. (${table})`),

  // rows every environment has (web-service-error-codes.md)
  deleteAdministrator: () => make(400, "0x80041d2e", "The System Administrator Role cannot be deleted."),
  modifyAdministrator: () => make(400, "0x80041d31", "The System Administrator Role cannot be modified."),
  deleteCustomizer: () => make(400, "0x80041d4a", "The System Customizer Role cannot be deleted."),
  specialUser: () => make(400, "0x80041d33", "No modifications to the 'SYSTEM' or 'INTEGRATION' user are permitted."),
  unitNotDisabled: () => make(400, "0x80041d60", "Not disabled business unit cannot be deleted."),
  baseCurrency: () => make(400, "0x80048cff", "The base currency of an organization cannot be deleted."),
  restrictedSolution: () => make(400, "0x8004f005", "Attempting to delete a restricted solution."),
  restrictedPublisher: () => make(400, "0x8004f006", "Attempting to delete a restricted publisher."),

  // actions and marketing lists (section 11)
  unknownParameter: (name: string, action: string) =>
    payload(
      "",
      `Microsoft.OData.ODataException: The parameter '${name}' in the request payload is not a valid parameter for the operation '${action}'.`,
    ),
  missingParameter: (name: string, action: string) =>
    make(400, "0x80048d19", `Required field '${name}' is missing in the payload of '${action}'.`),
  badParameter: (name: string, problem: string) =>
    make(400, "0x80048d19", `The parameter '${name}' is not valid: ${problem}.`),
  mergeIdentical: () =>
    make(400, "0x80040203", "Merge cannot be performed on master and sub-entities that are identical."),
  mergeInactive: () => make(400, "0x80040203", "Merge cannot be performed on entity that is inactive."),
  mergeDifferentParents: () => make(400, "0x80040203", "Merge warning: sub-entity will be differently parented."),
  alreadyClosed: (table: string) => make(400, "0x80040203", `Invalid argument. The ${table} is already closed.`),
  dynamicList: () => make(400, "0x8004f701", "This action is not available for a dynamic marketing list."),
  notDynamicList: () => make(400, "0x8004f704", "This action is valid only for dynamic list."),
  queryOfStaticList: () => make(400, "0x8004f702", "Query cannot be specified for a static list."),
  lockOfDynamicList: () => make(400, "0x8004f703", "Lock Status cannot be specified for a dynamic list."),
  listNotActive: () => make(400, "0x8004033a", "List is not active. Cannot perform this operation."),
  listWithMembers: () => make(400, "0x80040203", "Invalid argument. A list that has members cannot become dynamic."),
  wrongMemberType: (given: string, wanted: string) =>
    make(400, "0x80040203", `Invalid argument. A row of '${given}' cannot be a member of a list of '${wanted}'.`),

  // change tracking (section 10)
  trackingOff: (table: string) => make(400, "0x80072491", `Entity ${table} isn't enabled for change tracking.`),
  trackingOffForPairs: (table: string, end: string) =>
    make(
      400,
      "0x80072492",
      `Entity ${table} cannot be tracked because entity ${end} isn't enabled for change tracking.`,
    ),
  trackingOption: (option: string) =>
    make(400, "0x80060888", `The ${option} query parameter isn't supported when Change Tracking is enabled.`),
  tokenExpired: () =>
    make(400, "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync."),

  // access (section 2)
  notMember: () => make(403, "0x80072560", "The user is not a member of the organization."),
  noRoles: () => make(403, "0x80042f09", "The user has not been assigned any roles."),
  disabledUser: () =>
    make(403, "0x80040225", "The specified user is either disabled or is not a member of any business unit."),
  appBlocked: () => make(403, "0x80095ffc", "Access to Dataverse API is restricted for this application Id."),
  administrationMode: () => make(503, "0x8004a104", "The organization is disabled or in administration mode."),
  missingPrivilege: (principal: string, user: string, privilege: string, id: string, on: string) =>
    make(
      403,
      "0x80040220",
      `Principal user ${principal}, is missing ${privilege} privilege (Id=${id})${on}. context.Caller=${user}`,
    ),
  cannotImpersonate: (user: string) =>
    make(403, "0x80040204", `The user (Id=${user}) is missing the privilege prvActOnBehalfOfAnotherUser.`),

  // limits (section 9)
  tooManyRequests: (limit: number, window: number, retryAfter: number) =>
    throttled(
      "0x80072322",
      `Number of requests exceeded the limit of ${limit} over time window of ${window} seconds.`,
      retryAfter,
    ),
  tooMuchTime: (limit: number, window: number, retryAfter: number) =>
    throttled(
      "0x80072321",
      `Combined execution time of incoming requests exceeded limit of ${limit.toLocaleString("en-US")} milliseconds over time window of ${window} seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.`,
      retryAfter,
    ),
  tooManyAtOnce: (limit: number, retryAfter: number) =>
    throttled("0x80072326", `Number of concurrent requests exceeded the limit of ${limit}.`, retryAfter),
  entitlementUsedUp: (limit: number, retryAfter: number) =>
    throttled(
      "SandboxEntitlement",
      `The user has used up the ${limit} Power Platform requests of the day.`,
      retryAfter,
    ),

  // schema (section 3)
  duplicateColumn: (column: string, table: string) =>
    make(400, "0x80047013", `An attribute with the specified name ${column} already exists for entity ${table}.`),
  duplicateTable: (table: string) =>
    make(400, "0x80047010", `An object with the specified name already exists: ${table}`),
  elastic: (what: string) => make(400, "0x80040203", `Invalid argument. Elastic tables do not support ${what}.`),
  badSchema: (text: string) => make(400, "0x80040203", `Invalid argument. ${text}`),
  keyNameExists: (key: string, table: string) =>
    make(400, "0x80060893", `An entity key with the name ${key} already exists on entity ${table}.`),
  sameKeyExists: () => make(400, "0x80060894", "An entity key with the selected attributes already exists on entity."),
  inUse: (kind: string, id: string) =>
    make(
      400,
      "0x8004f01f",
      `The ${kind}(${id}) component cannot be deleted because it is referenced by 1 other components. For a list of referenced components, use the RetrieveDependenciesForDeleteRequest.`,
    ),
  noSuchSolution: (name: string) => make(400, "0x80040216", `The solution '${name}' does not exist.`),
  keyColumn: (column: string, id: string) =>
    make(
      400,
      "0x80090112",
      `Attribute of an entity key must be valid for create and update. Atribute Name = '${column}' Id = '${id}'`,
    ),
} as const;

function literal(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
