import fc from "fast-check";
import { fetchXml, queries } from "./queries.ts";
import { anyText, columns, ids, mutated, navigations, sets } from "./text.ts";

/** One request to the sandbox. `kind` says which envelope its answer must have. */
export type Shot = {
  kind: "webApi" | "entra" | "control";
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
};

const cells: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<unknown[]>("Ann", "", null, 1, 0, -1, true, 2.5, "2020-01-01", "a@b.c") },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>(1e300, 9007199254740992, [], {}, [[]], "x".repeat(5000), "1,2") },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
const references = mutated(fc.tuple(sets, ids).map(([set, id]) => `/${set}(${id})`));
const { row } = fc.letrec<{ row: Record<string, unknown> }>((tie) => ({
  row: fc
    .tuple(
      fc.array(fc.tuple(columns, cells), { maxLength: 5 }),
      fc.array(fc.tuple(navigations, references), { maxLength: 1 }),
      fc.option(fc.tuple(navigations, fc.oneof({ maxDepth: 2 }, fc.constant({}), tie("row"))), { freq: 4 }),
      fc.option(fc.tuple(navigations, fc.array(tie("row"), { maxLength: 2, depthIdentifier: "rows" })), { freq: 6 }),
    )
    .map(([plain, binds, one, many]) => ({
      ...Object.fromEntries(plain),
      ...Object.fromEntries(binds.map(([name, to]) => [`${name}@odata.bind`, to])),
      ...(one && { [one[0]]: one[1] }),
      ...(many && { [many[0]]: many[1] }),
    })),
}));
const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("Ann", "Bob", "", "ß") },
  { weight: 1, arbitrary: anyText },
);
const TYPED: Record<string, Record<string, fc.Arbitrary<unknown>>> = {
  contacts: {
    firstname: text,
    lastname: text,
    emailaddress1: text,
    birthdate: fc.constantFrom("2000-02-29", null),
    donotemail: fc.boolean(),
    numberofchildren: fc.integer({ min: 0, max: 30 }),
    annualincome: fc.constantFrom(0, 1.005, 1e9),
    gendercode: fc.constantFrom(1, 2, null),
    "parentcustomerid_account@odata.bind": ids.map((id) => `/accounts(${id})`),
  },
  accounts: {
    name: text,
    revenue: fc.constantFrom(1, 2.5, null),
    creditonhold: fc.boolean(),
    primarycontactid: fc.constant({ firstname: "Nested" }),
    Account_Tasks: fc.constant([{ subject: "Nested" }]),
    statecode: fc.constantFrom(0, 1),
  },
  tasks: {
    subject: text,
    percentcomplete: fc.integer({ min: 0, max: 100 }),
    scheduledend: fc.constantFrom("2026-01-01T00:00:00Z", null),
    "regardingobjectid_account_task@odata.bind": ids.map((id) => `accounts(${id})`),
  },
};
/** A row the service takes, unless one it refers to is not there. */
const typedRow = fc
  .constantFrom(...Object.keys(TYPED))
  .chain((set) =>
    fc.record(TYPED[set]!, { requiredKeys: [] }).map((value): [string, string] => [set, JSON.stringify(value)]),
  );
export const rows = row.map((value) => JSON.stringify(value));
const targets = fc.array(fc.tuple(row, fc.option(ids)), { maxLength: 6 }).map((all) =>
  JSON.stringify({
    Targets: all.map(([value, id]) => ({
      "@odata.type": "Microsoft.Dynamics.CRM.contact",
      ...value,
      ...(id && { contactid: id }),
    })),
  }),
);
const column = fc
  .tuple(
    fc.constantFrom("new_A", "new_B", "", "1x", "new_É"),
    fc.constantFrom("String", "Integer", "Money", "Lookup", "Picklist", "X"),
  )
  .map(([name, type]) =>
    JSON.stringify({
      "@odata.type": `Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
      SchemaName: name,
      MaxLength: 10,
    }),
  );
const bodies = mutated(fc.oneof({ weight: 6, arbitrary: rows }, { weight: 1, arbitrary: anyText }));

const rowPaths = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(sets, ids).map(([set, id]) => `${set}(${id})`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(sets, columns, anyText)
      .map(([set, name, value]) => `${set}(${name}='${encodeURIComponent(value.toWellFormed())}')`),
  },
);
const paths = mutated(
  fc.oneof(
    { weight: 4, arbitrary: sets },
    { weight: 4, arbitrary: rowPaths },
    { weight: 2, arbitrary: fc.tuple(rowPaths, navigations).map((parts) => parts.join("/")) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(rowPaths, navigations, fc.constantFrom("$ref", "$count", "$value"))
        .map((parts) => parts.join("/")),
    },
    { weight: 1, arbitrary: fc.tuple(rowPaths, columns).map((parts) => parts.join("/")) },
    { weight: 1, arbitrary: sets.map((set) => `${set}/$count`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "WhoAmI",
        "$metadata",
        "",
        "RetrieveTotalRecordCount(EntityNames=['contact'])",
        "RetrieveVersion()",
        "RetrieveCurrentOrganization(AccessType='Default')",
        "EntityDefinitions(LogicalName='contact')/Attributes",
        "EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='gendercode')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata/OptionSet",
        "RetrieveDuplicates(x=1)",
        "contacts/Microsoft.Dynamics.CRM.NoSuch",
      ),
    },
  ),
).map((text) => encodePath(text));

const mildHeaders = fc.constantFrom<[string, string][]>(
  ["prefer", "return=representation"],
  ["prefer", 'odata.include-annotations="*"'],
  ["prefer", "odata.maxpagesize=2"],
  ["prefer", "odata.track-changes"],
  ["if-match", "*"],
  ["if-none-match", "null"],
  ["content-type", "application/json;charset=utf-8"],
  ["consistency", "Strong"],
  ["mscrm.bypassbusinesslogicexecution", "CustomSync"],
);
const harshHeaders = fc.constantFrom<[string, string][]>(
  ["prefer", "odata.maxpagesize=-1,return=x"],
  ["if-match", 'W/"1"'],
  ["if-none-match", "*"],
  ["mscrmcallerid", "x"],
  ["callerobjectid", "00000000-0000-0000-0000-000000000001"],
  ["mscrm.suppressduplicatedetection", "false"],
  ["mscrm.bypassbusinesslogicexecution", "CustomSync,x"],
  ["mscrm.bypassbusinesslogicexecutionstepids", "x"],
  ["mscrm.solutionuniquename", "nosuch"],
  ["accept", "application/xml"],
  ["odata-maxversion", "9"],
  ["content-type", "text/plain"],
);
/** Any text in any header that means something: what a header may hold is printable ASCII and Latin 1. */
const strangeHeaders: fc.Arbitrary<[string, string]> = fc.tuple(
  fc.constantFrom(
    ..."prefer if-match if-none-match accept content-type consistency odata-version odata-maxversion".split(" "),
    ..."mscrmcallerid callerobjectid x-http-method x-ms-client-request-id content-id content-encoding".split(" "),
    ..."suppressduplicatedetection bypassbusinesslogicexecution bypassbusinesslogicexecutionstepids"
      .concat(" bypasscustompluginexecution solutionuniquename mergelabels sessiontoken includemipsensitivitylabel")
      .split(" ")
      .map((name) => `mscrm.${name}`),
  ),
  fc
    .array(
      fc.oneof(
        anyText.map((text) => text.replace(/[^\x20-\x7e\xa0-\xff]/g, "").slice(0, 200)),
        fc.constantFrom(
          ...'return=representation respond-async wait=1 odata.maxpagesize=0 odata.maxpagesize=1e3 "'.split(" "),
          ...'odata.include-annotations=" odata.continue-on-error=x W/ W/"1" * null 4.0 true CustomSync'.split(" "),
          ...'application/json odata.metadata=none charset=utf-16 multipart/mixed boundary=" gzip ='.split(" "),
        ),
      ),
      { maxLength: 4 },
    )
    .chain((parts) => fc.constantFrom(",", ";", "=", " ").map((mark) => parts.join(mark))),
);
const headers = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: mildHeaders },
      { weight: 1, arbitrary: harshHeaders },
      { weight: 1, arbitrary: strangeHeaders },
    ),
    { maxLength: 3 },
  )
  .map((all) => Object.fromEntries(all));

const version = fc.constantFrom(..."v9.2 v9.2 v9.2 v9.2 v9.1 v9.0 v9.0 v8.2 v7.0".split(" "));
const webApi = (shot: Omit<Shot, "kind">): Shot => ({ ...shot, kind: "webApi", path: `/api/data/${shot.path}` });

const reads = fc
  .tuple(version, fc.constantFrom(..."GET GET GET GET GET GET GET HEAD".split(" ")), paths, queries, headers)
  .map(([v, method, path, query, head]) =>
    webApi({ method, path: `${v}/${path}${query === "" ? "" : `?${query}`}`, headers: head }),
  );
const fetches = fc
  .tuple(sets, fetchXml, headers)
  .map(([set, xml, head]) =>
    webApi({ method: "GET", path: `v9.2/${set}?fetchXml=${encodeURIComponent(xml.toWellFormed())}`, headers: head }),
  );
const writes = fc
  .tuple(fc.constantFrom("POST", "PATCH", "PUT", "DELETE", "POST", "PATCH"), paths, bodies, headers)
  .map(([method, path, body, head]) => webApi({ method, path: `v9.2/${path}`, headers: head, body }));
const goodWrites = fc
  .tuple(fc.constantFrom("POST", "PATCH", "PATCH", "DELETE"), ids, typedRow, fc.option(headers, { freq: 3 }))
  .map(([method, id, [set, body], head]) =>
    webApi({
      method,
      path: `v9.2/${method === "POST" ? set : `${set}(${id})`}`,
      headers: head ?? {},
      ...(method !== "DELETE" && { body }),
    }),
  );
const links = fc
  .tuple(fc.constantFrom("POST", "PUT", "DELETE"), rowPaths, navigations, references, headers)
  .map(([method, path, nav, reference, head]) =>
    webApi({
      method,
      path: `v9.2/${encodePath(`${path}/${nav}/$ref`)}`,
      headers: head,
      body: JSON.stringify({ "@odata.id": reference }),
    }),
  );
const bulk = fc
  .tuple(
    fc.constantFrom("CreateMultiple", "UpdateMultiple", "UpsertMultiple", "DeleteMultiple"),
    sets,
    mutated(targets),
  )
  .map(([name, set, body]) =>
    webApi({ method: "POST", path: `v9.2/${set}/Microsoft.Dynamics.CRM.${name}`, headers: {}, body }),
  );
const actions = fc
  .tuple(
    fc.constantFrom(
      "AddListMembersList",
      "Merge",
      "QualifyLead",
      "BulkDelete",
      "PublishXml",
      "WinOpportunity",
      "CreatePolymorphicLookupAttribute",
      "InsertOptionValue",
      "lists(00000000-0000-0000-0000-000000000001)/Microsoft.Dynamics.CRM.AddMemberList",
      "roles(00000000-0000-0000-0000-000000000001)/Microsoft.Dynamics.CRM.AddPrivilegesRole",
    ),
    mutated(
      fc.oneof(
        rows,
        ids.map((id) =>
          JSON.stringify({ EntityId: id, Target: { "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: id } }),
        ),
      ),
    ),
  )
  .map(([path, body]) => webApi({ method: "POST", path: `v9.2/${path}`, headers: {}, body }));
const schema = fc
  .tuple(
    fc.constantFrom(
      "EntityDefinitions",
      "EntityDefinitions(LogicalName='contact')/Attributes",
      "EntityDefinitions(LogicalName='account')/Keys",
      "RelationshipDefinitions",
      "GlobalOptionSetDefinitions",
    ),
    mutated(
      fc.oneof(
        column,
        rows,
        columns.map((name) => JSON.stringify({ SchemaName: "new_key", KeyAttributes: [name] })),
      ),
    ),
  )
  .map(([path, body]) => webApi({ method: "POST", path: `v9.2/${path}`, headers: {}, body }));

const partOf = ({ method, path, headers: head, body }: Shot, id: number, inSet: boolean): string => {
  const lines = Object.entries({ "Content-Type": "application/json", ...head }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const contentId = inSet ? `Content-ID: ${id}\r\n` : "";
  return `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n${contentId}\r\n${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body ?? ""}\r\n`;
};
const multipart = (boundary: string, parts: string[]) =>
  `${parts.map((part) => `--${boundary}\r\n${part}`).join("")}--${boundary}--\r\n`;
const batchItems = fc.oneof(
  fc.oneof(reads, writes, goodWrites, fetches).map((shot) => partOf(shot, 0, false)),
  fc.array(fc.oneof({ weight: 5, arbitrary: goodWrites }, { weight: 1, arbitrary: writes }), { maxLength: 4 }).map(
    (shots) =>
      `Content-Type: multipart/mixed; boundary=set\r\n\r\n${multipart(
        "set",
        shots.map((shot, n) => partOf({ ...shot, ...(n === 2 && { path: "$1" }) }, n + 1, true)),
      )}`,
  ),
);
const batches = fc
  .tuple(mutated(fc.array(batchItems, { maxLength: 5 }).map((parts) => multipart("batch", parts))), fc.boolean())
  .map(([body, goOn]) =>
    webApi({
      method: "POST",
      path: "v9.2/$batch",
      headers: {
        "content-type": 'multipart/mixed; boundary="batch"',
        ...(goOn && { prefer: "odata.continue-on-error" }),
      },
      body,
    }),
  );

/** Requests to the Web API: reads, writes, links, bulk messages, actions, schema and batches; valid ones and spoilt ones. */
export const webApiShots: fc.Arbitrary<Shot> = fc.oneof(
  { weight: 6, arbitrary: reads },
  { weight: 2, arbitrary: fetches },
  { weight: 3, arbitrary: writes },
  { weight: 6, arbitrary: goodWrites },
  { weight: 1, arbitrary: links },
  { weight: 1, arbitrary: bulk },
  { weight: 1, arbitrary: actions },
  { weight: 1, arbitrary: schema },
  { weight: 2, arbitrary: batches },
);

/** A path an HTTP client would send: blanks, controls and what is not ASCII are encoded, the rest stays as spoilt as it is. */
export function encodePath(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]|[#"<>\\^`{|}]/gu, encodeURIComponent);
}
