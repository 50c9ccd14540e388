import { anyEtag, anyId, anyInstant, id, replay } from "./replay.ts";

const ROW = `v9.0/accounts(${id(1)})`;
const UPDATED = {
  name: "Updated Sample Account ",
  creditonhold: true,
  address1_latitude: 47.639583,
  description: "This is the updated description of the sample account",
  revenue: 6000000,
  accountcategorycode: 2,
};
const COLUMNS = "name,creditonhold,address1_latitude,description,revenue,accountcategorycode,createdon";
const OLD = {
  name: "Sample Account",
  description: "old",
  revenue: 5000000,
  creditonhold: false,
  accountcategorycode: 1,
};

replay(
  "webapi/update-delete-entities-using-web-api.md",
  [
    {
      title: "Basic update",
      request: ["PATCH", ROW, UPDATED, { "If-Match": "*" }],
      status: 204,
      headers: { "OData-Version": "4.0", "Content-Type": null },
      after: [
        [`${ROW}?$select=creditonhold,revenue,accountcategorycode`, 200, { creditonhold: true, revenue: 6000000 }],
      ],
    },
    {
      title: "Update with data returned",
      request: [
        "PATCH",
        `${ROW}?$select=${COLUMNS}`,
        { name: "Updated Sample Account" },
        { Prefer: "return=representation", "If-Match": "*" },
      ],
      status: 200,
      headers: {
        "Content-Type": "application/json; odata.metadata=minimal",
        "Preference-Applied": "return=representation",
        "OData-Version": "4.0",
      },
      body: {
        "@odata.context": `{org}/api/data/v9.0/$metadata#accounts(${COLUMNS})/$entity`,
        "@odata.etag": anyEtag,
        accountid: id(1),
        name: "Updated Sample Account",
        accountcategorycode: 1,
        creditonhold: false,
        createdon: anyInstant,
        revenue: 5000000,
        _transactioncurrencyid_value: anyId,
      },
      difference: "The page (2021) prints the context without the selected columns; later pages print it with them.",
    },
    {
      title: "Update a single property value",
      request: ["PUT", `${ROW}/name`, { value: "Updated Sample Account Name" }],
      status: 204,
      headers: { "OData-Version": "4.0" },
      after: [[`${ROW}/name`, 200, { value: "Updated Sample Account Name" }]],
    },
    {
      title: "Delete a single property value",
      request: ["DELETE", `${ROW}/description`, undefined, { "Content-Type": "application/json" }],
      status: 204,
      headers: { "OData-Version": "4.0" },
      after: [[`${ROW}?$select=description`, 200, { description: null }]],
    },
    {
      title: "Upsert: a row that is not there is created with that id",
      request: ["PATCH", `v9.0/accounts(${id(2)})`, { name: "Upserted" }],
      status: 204,
      headers: { "OData-EntityId": `{org}/api/data/v9.0/accounts(${id(2)})` },
      after: [[`v9.0/accounts(${id(2)})/name`, 200, { value: "Upserted" }]],
    },
    {
      title: "Basic delete",
      request: ["DELETE", ROW, undefined, { "Content-Type": "application/json" }],
      status: 204,
      headers: { "OData-Version": "4.0" },
      after: [[ROW, 404]],
    },
    { title: "Basic delete: no such row", request: ["DELETE", `v9.0/accounts(${id(7)})`], status: 404 },
  ],
  [["PATCH", ROW, OLD]],
);
