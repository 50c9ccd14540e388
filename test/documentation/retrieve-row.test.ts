import { anyEtag, anyId, anyInstant, id, replay } from "./replay.ts";

const ROW = `v9.0/accounts(${id(1)})`;
const OK = { "Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0" };
const CONTEXT = "{org}/api/data/v9.0/$metadata#";
const OLDER = "The page prints expanded names twice in the context, as 2016 builds did; later pages print them once.";

replay(
  "webapi/retrieve-entity-using-web-api.md",
  [
    {
      title: "Basic retrieve",
      request: ["GET", ROW],
      status: 200,
      body: { accountid: id(1), name: "Adventure Works (sample)" },
    },
    {
      title: "Retrieve specific properties",
      request: ["GET", `${ROW}?$select=name,revenue`, undefined, { "Content-Type": "application/json; charset=utf-8" }],
      status: 200,
      headers: OK,
      body: {
        "@odata.context": `${CONTEXT}accounts(name,revenue)/$entity`,
        "@odata.etag": anyEtag,
        name: "Adventure Works (sample)",
        revenue: 10000,
        accountid: id(1),
        _transactioncurrencyid_value: anyId,
      },
    },
    {
      title: "Retrieve a single property value",
      request: ["GET", `${ROW}/name`],
      status: 200,
      headers: OK,
      body: { "@odata.context": `${CONTEXT}accounts(${id(1)})/name`, value: "Adventure Works (sample)" },
    },
    {
      title: "Retrieve navigation property values",
      request: ["GET", `${ROW}/primarycontactid?$select=fullname`],
      status: 200,
      headers: OK,
      body: {
        "@odata.context": `${CONTEXT}contacts(fullname)/$entity`,
        "@odata.etag": anyEtag,
        fullname: "Rene Valdes (sample)",
        contactid: id(2),
      },
    },
    {
      title: "References to the rows of a collection",
      request: ["GET", `${ROW}/Account_Tasks/$ref`],
      status: 200,
      headers: OK,
      body: {
        "@odata.context": `${CONTEXT}Collection($ref)`,
        value: [
          { "@odata.id": `{org}/api/data/v9.0/tasks(${id(3)})` },
          { "@odata.id": `{org}/api/data/v9.0/tasks(${id(4)})` },
        ],
      },
      difference: "The page prints AccountTasks in the address, a slip: the navigation property is Account_Tasks.",
    },
    {
      title: "Count of the rows of a collection",
      request: ["GET", `${ROW}/Account_Tasks/$count`],
      status: 200,
      body: "2",
    },
    {
      title: "Expand a single-valued navigation property",
      request: ["GET", `${ROW}?$select=name&$expand=primarycontactid($select=contactid,fullname)`],
      status: 200,
      headers: OK,
      body: {
        "@odata.context": `${CONTEXT}accounts(name,primarycontactid(contactid,fullname))/$entity`,
        name: "Adventure Works (sample)",
        accountid: id(1),
        primarycontactid: { "@odata.etag": anyEtag, contactid: id(2), fullname: "Rene Valdes (sample)" },
      },
      difference: OLDER,
    },
    {
      title: "Expand a single-valued navigation property to a reference",
      request: ["GET", `${ROW}?$select=name&$expand=primarycontactid/$ref`],
      status: 200,
      headers: OK,
      body: {
        name: "Adventure Works (sample)",
        accountid: id(1),
        _primarycontactid_value: id(2),
        primarycontactid: { "@odata.id": `{org}/api/data/v9.0/contacts(${id(2)})` },
      },
    },
    {
      title: "Expand a collection-valued navigation property",
      request: ["GET", `${ROW}?$select=name&$expand=Account_Tasks($select=subject,scheduledstart)`],
      status: 200,
      headers: OK,
      body: {
        "@odata.context": `${CONTEXT}accounts(name,Account_Tasks(subject,scheduledstart))/$entity`,
        Account_Tasks: [
          {
            "@odata.etag": anyEtag,
            subject: "Sample Task 1",
            scheduledstart: "2016-04-11T15:00:00Z",
            activityid: id(3),
          },
          {
            "@odata.etag": anyEtag,
            subject: "Sample Task 2",
            scheduledstart: "2016-04-13T15:00:00Z",
            activityid: id(4),
          },
        ],
      },
      difference: OLDER,
    },
    {
      title: "Expand both kinds, with blanks in the options",
      request: [
        "GET",
        `${ROW}?$select=accountid&$expand=parentaccountid($select%20=%20createdon,%20name),Account_Tasks($select%20=%20subject,%20scheduledstart)`,
      ],
      status: 200,
      headers: OK,
      body: {
        "@odata.context": `${CONTEXT}accounts(accountid,parentaccountid(createdon,name),Account_Tasks(subject,scheduledstart))/$entity`,
        accountid: id(1),
        parentaccountid: { "@odata.etag": anyEtag, createdon: anyInstant, name: "Parent", accountid: id(5) },
        Account_Tasks: [{ subject: "Sample Task 1" }, { subject: "Sample Task 2" }],
      },
      difference: OLDER,
    },
  ],
  [
    ["PATCH", `v9.0/contacts(${id(2)})`, { firstname: "Rene", lastname: "Valdes (sample)" }],
    ["PATCH", `v9.0/accounts(${id(5)})`, { name: "Parent" }],
    [
      "PATCH",
      ROW,
      {
        name: "Adventure Works (sample)",
        revenue: 10000,
        "primarycontactid@odata.bind": `contacts(${id(2)})`,
        "parentaccountid@odata.bind": `accounts(${id(5)})`,
      },
    ],
    ...([1, 2] as const).map((n): ["PATCH", string, object] => [
      "PATCH",
      `v9.0/tasks(${id(n + 2)})`,
      {
        subject: `Sample Task ${n}`,
        scheduledstart: n === 1 ? "2016-04-11T15:00:00Z" : "2016-04-13T15:00:00Z",
        "regardingobjectid_account_task@odata.bind": `accounts(${id(1)})`,
      },
    ]),
  ],
);
