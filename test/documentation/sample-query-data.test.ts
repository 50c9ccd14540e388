import { expect } from "vitest";
import { CONTOSO, CREATE_CONTOSO, named } from "./contoso.ts";
import { anyEtag, anyId, id, replay } from "./replay.ts";

const CONTEXT = "{org}/api/data/v9.2/$metadata#";
const ALL = { Prefer: 'odata.include-annotations="*"', "If-None-Match": "null" };
const COLUMNS = "fullname,jobtitle,annualincome";
const OF = `_parentcustomerid_value eq ${CONTOSO}`;
const FORMATTED = "@OData.Community.Display.V1.FormattedValue";
const contacts = (filter: string, more = ""): string => `v9.2/contacts?$select=${COLUMNS}&$filter=${filter}${more}`;
const list = (...names: string[]) => ({
  "@odata.context": `${CONTEXT}contacts(${COLUMNS})`,
  "@Microsoft.Dynamics.CRM.totalrecordcount": -1,
  "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": false,
  "@Microsoft.Dynamics.CRM.globalmetadataversion": expect.stringMatching(/^\d+$/) as unknown,
  ...named(...names),
});
const YVONNE = {
  fullname: "Yvonne McKay (sample)",
  jobtitle: "Coffee Master",
  [`annualincome${FORMATTED}`]: "$45,000.00",
  annualincome: 45000,
  [`_transactioncurrencyid_value${FORMATTED}`]: "US Dollar",
  "_transactioncurrencyid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "transactioncurrency",
  _transactioncurrencyid_value: anyId,
  contactid: id(2),
};
const MANAGERS = [
  "Susanna Stubberod",
  "Nancy Anderson",
  "Maria Cambell",
  "Scott Konersmann",
  "Robert Lyon",
  "Jim Glynn",
];
const FOUR = { Prefer: 'odata.maxpagesize=4; odata.include-annotations="*"' };
const TITLES = "(contains(jobtitle,'senior') or contains(jobtitle, 'manager'))";

replay(
  "webapi/web-api-query-data-sample.md",
  [
    {
      title: "Select specific properties",
      request: ["GET", `v9.2/contacts(${id(2)})?$select=${COLUMNS}`, undefined, ALL],
      status: 200,
      headers: { ETag: /^W\/"\d+"$/, "Preference-Applied": 'odata.include-annotations="*"' },
      body: { "@odata.context": `${CONTEXT}contacts(${COLUMNS})/$entity`, "@odata.etag": anyEtag, ...YVONNE },
    },
    {
      title: "Standard query functions",
      request: ["GET", contacts(`contains(fullname,'(sample)') and ${OF}`), undefined, ALL],
      status: 200,
      body: list(
        "Susanna Stubberod",
        "Nancy Anderson",
        "Maria Cambell",
        "Scott Konersmann",
        "Robert Lyon",
        "Paul Cannon",
        "Rene Valdes",
        "Jim Glynn",
      ),
    },
    {
      title: "Dataverse query functions",
      request: [
        "GET",
        contacts(`Microsoft.Dynamics.CRM.LastXHours(PropertyName='createdon',PropertyValue='1') and ${OF}`),
        undefined,
        ALL,
      ],
      status: 200,
      body: { value: expect.objectContaining({ length: 8 }) },
    },
    {
      title: "Order",
      request: [
        "GET",
        contacts(`contains(fullname,'(sample)') and ${OF}`, "&$orderby=jobtitle asc, annualincome desc"),
        undefined,
        ALL,
      ],
      status: 200,
      body: list(
        "Scott Konersmann",
        "Maria Cambell",
        "Nancy Anderson",
        "Rene Valdes",
        "Jim Glynn",
        "Susanna Stubberod",
        "Robert Lyon",
        "Paul Cannon",
      ),
    },
    {
      title: "Top results",
      request: ["GET", contacts(`contains(fullname,'(sample)') and ${OF}`, "&$top=5"), undefined, ALL],
      status: 200,
      body: list("Susanna Stubberod", "Nancy Anderson", "Maria Cambell", "Scott Konersmann", "Robert Lyon"),
    },
    { title: "Collection count", request: ["GET", "v9.2/contacts/$count"], status: 200, body: "9" },
    {
      title: "Result count",
      request: ["GET", contacts(`${TITLES} and ${OF}`, "&$count=true"), undefined, ALL],
      status: 200,
      body: { ...list(...MANAGERS), "@odata.count": 6, "@Microsoft.Dynamics.CRM.totalrecordcount": 6 },
    },
    {
      title: "Pagination, two preferences parted by a semicolon",
      request: ["GET", contacts("contains(fullname,'(sample)')", "&$count=true"), undefined, FOUR],
      status: 200,
      headers: { "Preference-Applied": /odata\.include-annotations="\*".*odata\.maxpagesize=4/ },
      body: {
        "@odata.count": 9,
        "@Microsoft.Dynamics.CRM.totalrecordcount": 9,
        value: expect.objectContaining({ length: 4 }),
        "@odata.nextLink": expect.stringMatching(
          /\/v9\.2\/contacts\?\$select=fullname,jobtitle,annualincome&\$filter=.*&\$count=true&\$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22.*%22%20istracking=%22False%22%20\/%3E$/,
        ),
      },
    },
    {
      title: "Expand on a single-valued navigation property",
      request: [
        "GET",
        `v9.2/accounts(${CONTOSO})?$select=name&$expand=primarycontactid($select=${COLUMNS})`,
        undefined,
        ALL,
      ],
      status: 200,
      body: {
        "@odata.context": `${CONTEXT}accounts(name,primarycontactid(${COLUMNS}))/$entity`,
        "@odata.etag": anyEtag,
        name: "Contoso, Ltd. (sample)",
        accountid: CONTOSO,
        primarycontactid: { "@odata.etag": anyEtag, ...YVONNE },
      },
    },
    {
      title: "Expand on a collection-valued navigation property",
      request: [
        "GET",
        `v9.2/accounts(${CONTOSO})?$select=name&$expand=contact_customer_accounts($select=${COLUMNS})`,
        undefined,
        ALL,
      ],
      status: 200,
      body: { contact_customer_accounts: expect.objectContaining({ length: 8 }) },
    },
    {
      title: "Nested expand of single-valued navigation properties",
      request: [
        "GET",
        `v9.2/tasks?$select=subject&$filter=regardingobjectid_contact_task/_accountid_value eq ${CONTOSO}&$expand=regardingobjectid_contact_task($select=fullname;$expand=parentcustomerid_account($select=name;$expand=createdby($select=fullname)))`,
      ],
      status: 200,
      body: {
        "@odata.context": `${CONTEXT}tasks(subject,regardingobjectid_contact_task(fullname,parentcustomerid_account(name,createdby(fullname))))`,
        value: expect.arrayContaining([
          expect.objectContaining({
            "@odata.etag": anyEtag,
            subject: "Task 1 for Susanna Stubberod",
            regardingobjectid_contact_task: {
              fullname: "Susanna Stubberod (sample)",
              contactid: anyId,
              parentcustomerid_account: {
                name: "Contoso, Ltd. (sample)",
                accountid: CONTOSO,
                createdby: { fullname: expect.any(String) as unknown, systemuserid: anyId, ownerid: anyId },
              },
            },
          }),
        ]),
      },
    },
    {
      title: "Aggregate results",
      request: [
        "GET",
        `v9.2/accounts(${CONTOSO})/contact_customer_accounts?$apply=aggregate(annualincome with average as average, annualincome with sum as total, annualincome with min as minimum, annualincome with max as maximum)`,
        undefined,
        ALL,
      ],
      status: 200,
      body: { value: [{ average: 61300, total: 490400, minimum: 31000, maximum: 86000 }] },
    },
    {
      title: "FetchXML query",
      request: [
        "GET",
        `v9.2/contacts?fetchXml=${encodeURIComponent(`<fetch><entity name="contact"><attribute name="fullname"/><attribute name="jobtitle"/><attribute name="annualincome"/><order descending="true" attribute="fullname"/><filter type="and"><condition value="%(sample)%" attribute="fullname" operator="like"/><condition value="${CONTOSO}" attribute="parentcustomerid" operator="eq"/></filter></entity></fetch>`)}`,
        undefined,
        ALL,
      ],
      status: 200,
      body: named(
        "Susanna Stubberod",
        "Scott Konersmann",
        "Robert Lyon",
        "Rene Valdes",
        "Paul Cannon",
        "Nancy Anderson",
        "Maria Cambell",
        "Jim Glynn",
      ),
    },
    {
      title: "Predefined query",
      request: ["GET", `v9.2/accounts?savedQuery=${id(7)}`],
      status: 501,
      body: { error: { message: expect.stringContaining("avedQuery") } },
      difference: "Saved and user queries are not implemented.",
    },
  ],
  [CREATE_CONTOSO],
);
