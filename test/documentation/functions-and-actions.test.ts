import { expect } from "vitest";
import { anyId, replay } from "./replay.ts";

const CRM = "{org}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.";
const missing = (name: string) => ({ error: { message: expect.stringContaining(name) as unknown } });

replay("webapi/web-api-functions-actions-sample.md", [
  {
    title: "Unbound function WhoAmI",
    request: ["GET", "v9.2/WhoAmI"],
    status: 200,
    headers: { "OData-Version": "4.0" },
    body: { "@odata.context": `${CRM}WhoAmIResponse`, BusinessUnitId: anyId, UserId: anyId, OrganizationId: anyId },
  },
  {
    title: "Unbound function FormatAddress",
    request: [
      "GET",
      "v9.2/FormatAddress(Line1=@p1,City=@p2,StateOrProvince=@p3,PostalCode=@p4,Country=@p5)?@p1='123%20Maple%20St.'&@p2='Seattle'&@p3='WA'&@p4='98007'&@p5='USA'",
    ],
    status: 501,
    body: missing("FormatAddress"),
    difference: "FormatAddress is not implemented.",
  },
  {
    title: "Create the record to initialize from",
    request: [
      "POST",
      "v9.2/accounts",
      {
        accountcategorycode: 1,
        address1_addresstypecode: 3,
        address1_city: "Redmond",
        address1_country: "USA",
        address1_line1: "123 Maple St.",
        address1_name: "Corporate Headquarters",
        address1_postalcode: "98000",
        address1_shippingmethodcode: 4,
        address1_stateorprovince: "WA",
        address1_telephone1: "555-1234",
        customertypecode: 3,
        description: "Contoso is a business consulting company.",
        emailaddress1: "info@contoso.com",
        industrycode: 7,
        name: "Contoso Consulting",
        numberofemployees: 150,
        ownershipcode: 2,
        preferredcontactmethodcode: 2,
        telephone1: "(425) 555-1234",
      },
    ],
    status: 204,
    headers: { "OData-EntityId": /accounts\([0-9a-f-]{36}\)$/ },
  },
  {
    title: "Unbound function RetrieveCurrentOrganization",

    request: [
      "GET",
      "v9.2/RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType'Default'",
    ],
    status: 200,
    body: {
      "@odata.context": `${CRM}RetrieveCurrentOrganizationResponse`,
      Detail: { OrganizationId: anyId, State: "Enabled" },
    },
  },
  {
    title: "Unbound action GrantAccess",
    request: ["POST", "v9.2/GrantAccess", {}],
    status: 501,
    body: missing("GrantAccess"),
    difference: "Sharing of single rows is not implemented: privileges are at organisation level.",
  },
]);
