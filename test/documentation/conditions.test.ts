import { expect } from "vitest";
import { id, replay } from "./replay.ts";

const ROW = `v9.0/accounts(${id(1)})`;
const COLUMNS = "accountcategorycode,accountnumber,creditonhold,createdon,numberofemployees,name,revenue";
const UPDATED = { name: "Updated Sample Account ", creditonhold: true, revenue: 6000000, accountcategorycode: 2 };
const JSON_TYPE = "application/json; odata.metadata=minimal";
const there: ["PATCH", string, object][] = [["PATCH", ROW, { name: "Sample Account" }]];
const CODE = "The page prints an empty code; the service of today names it (dataverse.md section 14).";
const STALE = "The version of the existing record doesn't match the RowVersion property provided.";

replay("webapi/perform-conditional-operations-using-web-api.md", [
  {
    title: "Conditional retrieval of a row that has changed",
    given: there,
    request: ["GET", `${ROW}?$select=${COLUMNS}`, undefined, { "If-None-Match": 'W/"468026"' }],
    status: 200,
    body: { name: "Sample Account" },
  },
  {
    title: "Conditional retrieval of a row that has not changed",
    given: there,
    request: ["GET", `${ROW}?$select=${COLUMNS}`, undefined, { "If-None-Match": "*" }],
    status: 304,
    headers: { "OData-Version": "4.0" },
  },
  {
    title: "A query with $expand is never 304",
    given: there,
    request: [
      "GET",
      `${ROW}?$select=name&$expand=primarycontactid($select=fullname)`,
      undefined,
      { "If-None-Match": "*" },
    ],
    status: 200,
  },
  {
    title: "A query with annotations is never 304",
    given: there,
    request: [
      "GET",
      `${ROW}?$select=name`,
      undefined,
      { "If-None-Match": "*", Prefer: 'odata.include-annotations="*"' },
    ],
    status: 200,
  },
  {
    title: "Table must have optimistic concurrency enabled",
    request: ["GET", "v9.0/EntityDefinitions(LogicalName='account')?$select=IsOptimisticConcurrencyEnabled"],
    status: 200,
    body: { IsOptimisticConcurrencyEnabled: true },
  },
  {
    title: "Prevent create in upsert: found",
    given: there,
    request: ["PATCH", ROW, UPDATED, { "If-Match": "*" }],
    status: 204,
  },
  {
    title: "Prevent create in upsert: not found",
    request: ["PATCH", ROW, UPDATED, { "If-Match": "*" }],
    status: 404,
    headers: { "OData-Version": "4.0", "Content-Type": JSON_TYPE },
    body: {
      error: { code: "0x80040217", message: expect.stringMatching(/account'? With Id = 0{8}.* Does Not Exist$/) },
    },
    difference: CODE,
  },
  {
    title: "Prevent update in upsert: not found",
    request: ["PATCH", ROW, UPDATED, { "If-None-Match": "*" }],
    status: 204,
  },
  {
    title: "Prevent update in upsert: found",
    given: there,
    request: ["PATCH", ROW, UPDATED, { "If-None-Match": "*" }],
    status: 412,
    headers: { "OData-Version": "4.0", "Content-Type": JSON_TYPE },
    body: { error: { code: "0x80040237", message: "A record with matching key values already exists." } },
    difference: CODE,
  },
  {
    title: "Apply optimistic concurrency on delete",
    given: there,
    request: ["DELETE", ROW, undefined, { "If-Match": 'W/"470867"' }],
    status: 412,
    headers: { "OData-Version": "4.0", "Content-Type": JSON_TYPE },
    body: { error: { code: "0x80060882", message: STALE } },
    difference: CODE,
  },
  {
    title: "Apply optimistic concurrency on update",
    given: there,
    request: ["PATCH", ROW, { name: "Updated Account Name" }, { "If-Match": 'W/"470867"' }],
    status: 412,
    headers: { "OData-Version": "4.0", "Content-Type": JSON_TYPE },
    body: { error: { code: "0x80060882", message: STALE } },
    difference: CODE,
  },
]);
