import { expect } from "vitest";
import { CONTOSO, CREATE_CONTOSO, named } from "./contoso.ts";
import { anyEtag, anyId, id, replay } from "./replay.ts";

const CONTEXT = "{org}/api/data/v9.2/$metadata#";
const SKIP =
  /&\$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie.*%22%20istracking=%22False%22%20\/%3E$/i;
const matching = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;
const USER = { fullname: expect.any(String) as unknown, systemuserid: anyId, ownerid: anyId };

replay(
  "webapi/query/page-results.md",
  [
    {
      title: "Two rows a page",
      request: ["GET", "v9.2/contacts?$select=fullname", undefined, { Prefer: "odata.maxpagesize=2" }],
      status: 200,
      headers: { "OData-Version": "4.0", "Preference-Applied": "odata.maxpagesize=2" },
      body: {
        "@odata.context": `${CONTEXT}contacts(fullname)`,
        value: [
          { "@odata.etag": anyEtag, fullname: "Yvonne McKay (sample)", contactid: anyId },
          { "@odata.etag": anyEtag, fullname: "Susanna Stubberod (sample)", contactid: anyId },
        ],
        "@odata.nextLink": matching(SKIP),
      },
    },
    {
      title: "$top is ignored when it comes with a page size",
      request: ["GET", "v9.2/contacts?$select=fullname&$top=1", undefined, { Prefer: "odata.maxpagesize=2" }],
      status: 200,
      body: named("Yvonne McKay", "Susanna Stubberod"),
    },
    {
      title: "$top",
      request: ["GET", "v9.2/contacts?$select=fullname&$top=1"],
      status: 200,
      body: named("Yvonne McKay"),
    },
  ],
  [CREATE_CONTOSO],
);

replay(
  "webapi/query/filter-rows.md",
  [
    {
      title: "Column comparison",
      request: ["GET", "v9.2/contacts?$select=fullname&$filter=firstname eq lastname"],
      status: 200,
      body: { value: [] },
    },
    {
      title: "Between",
      request: [
        "GET",
        'v9.2/accounts?$select=name,numberofemployees\n&$filter=Microsoft.Dynamics.CRM.Between(PropertyName=\'numberofemployees\',PropertyValues=["5","2000"])'.replace(
          "\n",
          "",
        ),
      ],
      status: 200,
      body: { value: [] },
    },
    {
      title: "In, with single quotes in the values",
      given: [["POST", "v9.2/contacts", { lastname: "O'Bryan" }]],
      request: [
        "GET",
        `v9.2/contacts?$select=fullname&$filter=Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)&@p1='lastname'&@p2=["OBrian","OBryan","O'Brian","O'Bryan"]`,
      ],
      status: 200,
      body: { value: [{ fullname: "O'Bryan" }] },
    },
    {
      title: "A single quote doubled",
      given: [["POST", "v9.2/contacts", { lastname: "O'Bryan" }]],
      request: ["GET", "v9.2/contacts?$select=fullname&$filter=lastname eq 'O''Bryan'"],
      status: 200,
      body: { value: [{ fullname: "O'Bryan" }] },
    },
    {
      title: "A single quote not doubled",
      request: ["GET", "v9.2/contacts?$select=fullname&$filter=lastname eq 'O'Bryan'"],
      status: 400,
      body: { error: { message: matching(/nterminated|Syntax error|syntax/i) } },
    },
    {
      title: "Lookup column property values",
      request: [
        "GET",
        "v9.2/accounts?$filter=primarycontactid/fullname eq 'Yvonne McKay (sample)'&$select=name,_primarycontactid_value",
        undefined,
        { Prefer: 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"' },
      ],
      status: 200,
      headers: {
        "Content-Type": "application/json; odata.metadata=minimal",
        "Preference-Applied": 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"',
      },
      body: {
        "@odata.context": `${CONTEXT}accounts(name,_primarycontactid_value)`,
        value: [
          {
            "@odata.etag": anyEtag,
            name: "Contoso, Ltd. (sample)",
            "_primarycontactid_value@OData.Community.Display.V1.FormattedValue": "Yvonne McKay (sample)",
            _primarycontactid_value: id(2),
            accountid: CONTOSO,
          },
        ],
      },
    },
  ],
  [CREATE_CONTOSO],
);

replay(
  "webapi/query/join-tables.md",
  [
    {
      title: "Limit columns with $select",
      request: [
        "GET",
        "v9.2/accounts?$select=name&$expand=primarycontactid($select=fullname),Account_Tasks($select=subject)",
        undefined,
        { Prefer: "odata.maxpagesize=1", "If-None-Match": "null" },
      ],
      status: 200,
      headers: { "Preference-Applied": "odata.maxpagesize=1" },
      body: {
        "@odata.context": `${CONTEXT}accounts(name,primarycontactid(fullname),Account_Tasks(subject))`,
        value: [
          {
            "@odata.etag": anyEtag,
            name: "Contoso, Ltd. (sample)",
            accountid: CONTOSO,
            primarycontactid: { fullname: "Yvonne McKay (sample)", contactid: id(2) },
            Account_Tasks: expect.arrayContaining([
              {
                "@odata.etag": anyEtag,
                subject: "Task 1 for Contoso, Ltd.",
                _regardingobjectid_value: CONTOSO,
                activityid: anyId,
              },
            ]) as unknown,
            "Account_Tasks@odata.nextLink": `{org}/api/data/v9.2/accounts(${CONTOSO})/Account_Tasks?$select=subject`,
          },
        ],
      },
    },
    {
      title: "Filter and order a collection",
      request: [
        "GET",
        "v9.2/accounts?$select=name&$expand=Account_Tasks($select=subject;$filter=contains(subject,'Task');$orderby=createdon desc)",
      ],
      status: 200,
      body: { value: [{ Account_Tasks: expect.objectContaining({ length: 3 }) as unknown }] },
    },
    {
      title: "Expand single-valued navigation properties",
      request: [
        "GET",
        "v9.2/accounts?$select=name&$expand=primarycontactid($select=contactid,fullname),createdby($select=fullname)",
        undefined,
        { Prefer: "odata.maxpagesize=2" },
      ],
      status: 200,
      body: {
        "@odata.context": `${CONTEXT}accounts(name,primarycontactid(contactid,fullname),createdby(fullname))`,
        value: [{ primarycontactid: { contactid: id(2), fullname: "Yvonne McKay (sample)" }, createdby: USER }],
      },
    },
    {
      title: "Return references",
      request: ["GET", "v9.2/accounts?$select=name&$expand=primarycontactid/$ref"],
      status: 200,
      body: {
        "@odata.context": `${CONTEXT}accounts(name,primarycontactid,primarycontactid/$ref())`,
        value: [
          {
            _primarycontactid_value: id(2),
            accountid: CONTOSO,
            primarycontactid: { "@odata.id": `{org}/api/data/v9.2/contacts(${id(2)})` },
          },
        ],
      },
    },
    {
      title: "Return references of a collection",
      request: ["GET", "v9.2/accounts?$select=name&$expand=Account_Tasks/$ref"],
      status: 400,
      body: {
        error: {
          code: "0x80060888",
          message: "Expand with $ref is only supported on lookup type navigation property.",
        },
      },
    },
    {
      title: "Nested expand of single-valued navigation properties",
      request: [
        "GET",
        "v9.2/tasks?$select=subject&$filter=subject eq 'Task 1 for Susanna Stubberod'&$expand=regardingobjectid_contact_task($select=fullname;$expand=parentcustomerid_account($select=name;$expand=createdby($select=fullname)))",
      ],
      status: 200,
      body: {
        value: [
          {
            regardingobjectid_contact_task: {
              fullname: "Susanna Stubberod (sample)",
              parentcustomerid_account: { name: "Contoso, Ltd. (sample)", accountid: CONTOSO, createdby: USER },
            },
          },
        ],
      },
    },
  ],
  [CREATE_CONTOSO],
);
