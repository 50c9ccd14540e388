import { id, replay } from "./replay.ts";

const OPPORTUNITY = `v9.0/opportunities(${id(1)})`;
const ACCOUNT = `v9.0/accounts(${id(2)})`;
const CUSTOMER = `${OPPORTUNITY}?$select=_customerid_value`;
const linked: ["PATCH", string, object][] = [
  ["PATCH", OPPORTUNITY, { "customerid_account@odata.bind": `accounts(${id(2)})` }],
];
const DONE = { "OData-Version": "4.0", "Content-Type": null };
const asLinked: [string, number, object] = [CUSTOMER, 200, { _customerid_value: id(2) }];
const asFree: [string, number, object] = [CUSTOMER, 200, { _customerid_value: null }];

replay(
  "webapi/associate-disassociate-entities-using-web-api.md",
  [
    {
      title: "Add a reference to a collection-valued navigation property",
      request: [
        "POST",
        `${ACCOUNT}/opportunity_customer_accounts/$ref`,
        { "@odata.id": `{org}/api/data/v9.0/opportunities(${id(1)})` },
      ],
      status: 204,
      headers: DONE,
      after: [asLinked],
    },
    {
      title: "Change the reference in a single-valued navigation property",
      request: ["PUT", `${OPPORTUNITY}/customerid_account/$ref`, { "@odata.id": `accounts(${id(2)})` }],
      status: 204,
      headers: DONE,
      after: [asLinked],
    },
    {
      title: "Remove a reference of a collection, by $id",
      given: linked,
      request: [
        "DELETE",
        `${ACCOUNT}/opportunity_customer_accounts/$ref?$id={org}/api/data/v9.0/opportunities(${id(1)})`,
      ],
      status: 204,
      headers: DONE,
      after: [asFree],
    },
    {
      title: "Remove a reference of a collection, by key",
      given: linked,
      request: ["DELETE", `${ACCOUNT}/opportunity_customer_accounts(${id(1)})/$ref`],
      status: 204,
      headers: DONE,
      after: [asFree],
    },
    {
      title: "Remove the reference of a single-valued navigation property",
      given: linked,
      request: ["DELETE", `${OPPORTUNITY}/customerid_account/$ref`],
      status: 204,
      headers: DONE,
      after: [asFree],
    },
    {
      title: "Associate on update",
      request: ["PATCH", OPPORTUNITY, { "customerid_account@odata.bind": `accounts(${id(2)})` }],
      status: 204,
      after: [asLinked],
    },
    {
      title: "Disassociate on update, by @odata.bind",
      request: [
        "PATCH",
        `v9.0/accounts(${id(3)})`,
        { "parentaccountid@odata.bind": null, "primarycontactid@odata.bind": null },
      ],
      status: 204,
      after: [[`v9.0/accounts(${id(3)})?$select=_parentaccountid_value`, 200, { _parentaccountid_value: null }]],
    },
    {
      title: "Disassociate on update, by the navigation property",
      request: ["PATCH", `v9.0/accounts(${id(3)})`, { parentaccountid: null, primarycontactid: null }],
      status: 204,
      after: [[`v9.0/accounts(${id(3)})?$select=_parentaccountid_value`, 200, { _parentaccountid_value: null }]],
    },
    {
      title: "Associate on update using a collection-valued navigation property",
      request: [
        "PUT",
        `v9.0/emails(${id(5)})/email_activity_parties`,
        { value: [{ "partyid_contact@odata.bind": `contacts(${id(6)})`, participationtypemask: 3 }] },
      ],
      status: 501,
      difference: "The sandbox has no table email, and no parties that change.",
    },
  ],
  [
    ["PATCH", ACCOUNT, { name: "Contoso" }],
    ["PATCH", OPPORTUNITY, { name: "Opportunity" }],
    ["PATCH", `v9.0/accounts(${id(3)})`, { name: "Child", "parentaccountid@odata.bind": `accounts(${id(2)})` }],
  ],
);
