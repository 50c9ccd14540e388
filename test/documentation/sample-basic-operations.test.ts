import { expect } from "vitest";
import { anyEtag, anyId, id, replay } from "./replay.ts";

// The page prints no Content-Type ("less pertinent HTTP headers have been omitted") and full URLs of its own host.
const CONTEXT = "{org}/api/data/v9.2/$metadata#";
const ALL = { Prefer: 'odata.include-annotations="*"', "If-None-Match": "null" };
const RAFEL = `v9.2/contacts(${id(1)})`;
const COFFEE = `v9.2/accounts(${id(2)})`;
const ROLE = `v9.2/roles(${id(4)})`;
const FORMATTED = "@OData.Community.Display.V1.FormattedValue";
const CURRENCY = {
  [`_transactioncurrencyid_value${FORMATTED}`]: "US Dollar",
  "_transactioncurrencyid_value@Microsoft.Dynamics.CRM.associatednavigationproperty": "transactioncurrencyid",
  "_transactioncurrencyid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "transactioncurrency",
  _transactioncurrencyid_value: anyId,
};
const INCOME = {
  fullname: "Rafel Shillo",
  [`annualincome${FORMATTED}`]: "$80,000.00",
  annualincome: 80000,
  jobtitle: "Junior Developer",
  ...CURRENCY,
};
const task = (subject: string, day: number) => ({
  subject,
  description: `${subject} description`,
  scheduledstart: `2023-04-${day}T03:00:00+07:00`,
  scheduledend: `2023-04-${day}T04:00:00+07:00`,
  scheduleddurationminutes: 60,
});

replay(
  "webapi/web-api-basic-operations-sample.md",
  [
    {
      title: "Create a contact",
      request: ["POST", "v9.2/contacts", { firstname: "Rafel", lastname: "Shillo" }, { "If-None-Match": "null" }],
      status: 204,
      headers: { "OData-EntityId": /\/api\/data\/v9\.2\/contacts\([0-9a-f-]{36}\)$/, "OData-Version": "4.0" },
    },
    {
      title: "Update the contact",
      request: ["PATCH", RAFEL, { annualincome: 95000 }, { "If-Match": "*", "If-None-Match": "null" }],
      status: 204,
      headers: { "OData-EntityId": `{org}/api/data/${RAFEL}` },
    },
    {
      title: "Retrieve the contact with all annotations",
      request: ["GET", `${RAFEL}?$select=fullname,annualincome,jobtitle,description`, undefined, ALL],
      status: 200,
      headers: { ETag: /^W\/"\d+"$/, "Preference-Applied": 'odata.include-annotations="*"' },
      body: {
        "@odata.context": `${CONTEXT}contacts(fullname,annualincome,jobtitle,description)/$entity`,
        "@odata.etag": anyEtag,
        ...INCOME,
        description: null,
        contactid: id(1),
      },
    },
    {
      title: "Set a single property",
      request: ["PUT", `${RAFEL}/telephone1`, { value: "555-0105" }],
      status: 204,
      after: [
        [
          `${RAFEL}/telephone1`,
          200,
          { "@odata.context": `${CONTEXT}contacts(${id(1)})/telephone1`, value: "555-0105" },
        ],
      ],
    },
    {
      title: "Create with association",
      request: [
        "POST",
        "v9.2/accounts",
        {
          accountid: id(3),
          name: "Contoso Ltd",
          telephone1: "555-5555",
          "primarycontactid@odata.bind": `contacts(${id(1)})`,
        },
      ],
      status: 204,
      headers: { "OData-EntityId": `{org}/api/data/v9.2/accounts(${id(3)})` },
    },
    {
      title: "Retrieve the primary contact by $expand, with a comma behind $select's last column",
      given: [["PATCH", COFFEE, { "primarycontactid@odata.bind": `contacts(${id(1)})` }]],
      request: [
        "GET",
        `${COFFEE}?$select=name,&$expand=primarycontactid($select=fullname,jobtitle,annualincome)`,
        undefined,
        ALL,
      ],
      status: 200,
      headers: { ETag: /^W\/"\d+"$/ },
      body: {
        "@odata.context": `${CONTEXT}accounts(name,primarycontactid(fullname,jobtitle,annualincome))/$entity`,
        name: "Fourth Coffee",
        accountid: id(2),
        primarycontactid: { "@odata.etag": anyEtag, ...INCOME, contactid: id(1) },
      },
    },
    {
      title: "Create related table rows (deep insert)",
      request: [
        "POST",
        "v9.2/accounts",
        {
          name: "Fourth Coffee",
          primarycontactid: {
            contactid: id(5),
            firstname: "Susie",
            lastname: "Curtis",
            jobtitle: "Coffee Master",
            annualincome: 48000,
            Contact_Tasks: [task("Sign invoice", 19), task("Setup new display", 20), task("Conduct training", 21)],
          },
        },
      ],
      status: 204,
      after: [
        [
          `v9.2/contacts(${id(5)})?$select=fullname&$expand=Contact_Tasks($select=subject,description,scheduledstart,scheduledend)`,
          200,
          {
            "@odata.context": `${CONTEXT}contacts(fullname,Contact_Tasks(subject,description,scheduledstart,scheduledend))/$entity`,
            fullname: "Susie Curtis",
            Contact_Tasks: [
              {
                subject: "Sign invoice",
                scheduledstart: "2023-04-18T20:00:00Z",
                scheduledend: "2023-04-18T21:00:00Z",
                activityid: anyId,
              },
              { subject: "Setup new display" },
              { subject: "Conduct training" },
            ],
          },
        ],
      ],
    },
    {
      title: "Associate a contact with an account, by the URL of another host name",
      request: [
        "POST",
        `${COFFEE}/contact_customer_accounts/$ref`,
        { "@odata.id": `https://crmue.api.crm.dynamics.com/api/data/v9.2/contacts(${id(1)})` },
      ],
      status: 204,
      headers: { "OData-Version": "4.0" },
      after: [
        [
          `${COFFEE}/contact_customer_accounts?$select=fullname,jobtitle`,
          200,
          {
            "@odata.context": `${CONTEXT}contacts(fullname,jobtitle)`,
            value: [
              { "@odata.etag": anyEtag, fullname: "Rafel Shillo", jobtitle: "Junior Developer", contactid: id(1) },
            ],
          },
        ],
      ],
    },
    {
      title: "Remove the association",
      given: [["POST", `${COFFEE}/contact_customer_accounts/$ref`, { "@odata.id": `contacts(${id(1)})` }]],
      request: ["DELETE", `${COFFEE}/contact_customer_accounts(${id(1)})/$ref`],
      status: 204,
      after: [[`${COFFEE}/contact_customer_accounts?$select=fullname`, 200, { value: [] }]],
    },
    {
      title: "Associate a security role with a user",
      given: [["PATCH", ROLE, { name: "Example Security Role" }]],
      request: [
        "POST",
        `v9.2/systemusers({me})/systemuserroles_association/$ref`,
        { "@odata.id": `https://crmue.api.crm.dynamics.com/api/data/${ROLE}` },
      ],
      status: 204,
      after: [
        [
          `v9.2/systemusers({me})/systemuserroles_association?$select=name&$filter=roleid%20eq%20${id(4)}`,
          200,
          {
            "@odata.context": `${CONTEXT}roles(name)`,
            value: [{ "@odata.etag": anyEtag, name: "Example Security Role", roleid: id(4) }],
          },
        ],
      ],
    },
    {
      title: "Remove the security role from the user",
      given: [
        ["PATCH", ROLE, { name: "Example Security Role" }],
        ["POST", "v9.2/systemusers({me})/systemuserroles_association/$ref", { "@odata.id": `roles(${id(4)})` }],
      ],
      request: ["DELETE", `v9.2/systemusers({me})/systemuserroles_association(${id(4)})/$ref`],
      status: 204,
      after: [
        [
          `v9.2/systemusers({me})/systemuserroles_association?$select=name`,
          200,
          { value: expect.not.arrayContaining([expect.objectContaining({ roleid: id(4) })]) },
        ],
      ],
    },
    { title: "Delete", request: ["DELETE", RAFEL], status: 204, after: [[RAFEL, 404]] },
  ],
  [
    ["PATCH", RAFEL, { firstname: "Rafel", lastname: "Shillo", annualincome: 80000, jobtitle: "Junior Developer" }],
    ["PATCH", COFFEE, { name: "Fourth Coffee" }],
  ],
);
