import { expect } from "vitest";
import { anyEtag, type Exchange, id, replay } from "./replay.ts";

const SELECT = "$select=name,accountnumber,telephone1,fax";
const TRACK = { Prefer: "odata.track-changes" };
const refused = (option: string, value: string): Exchange => ({
  title: `Query options not supported: ${option}`,
  request: ["GET", `v9.0/accounts?${SELECT}&${option}=${value}`, undefined, TRACK],
  status: 400,
  body: {
    error: {
      message: expect.stringContaining("query parameter isn't supported when Change Tracking is enabled.") as unknown,
    },
  },
});

replay(
  "use-change-tracking-synchronize-data-external-systems.md",
  [
    {
      title: "Tables with change tracking",
      request: ["GET", "v9.2/EntityDefinitions?$select=SchemaName&$filter=ChangeTrackingEnabled eq true"],
      status: 200,
      body: { value: expect.arrayContaining([expect.objectContaining({ SchemaName: "Account" })]) },
    },
    {
      title: "Tables delivered with change tracking",
      request: [
        "GET",
        "v9.2/EntityDefinitions?$filter=ChangeTrackingEnabled eq true and IsCustomEntity eq false&$select=LogicalName",
      ],
      status: 200,
      body: { value: expect.arrayContaining([expect.objectContaining({ LogicalName: "account" })]) },
    },
    {
      title: "Retrieve changes",
      request: ["GET", `v9.0/accounts?${SELECT}`, undefined, TRACK],
      status: 200,
      headers: { "OData-Version": "4.0", "Preference-Applied": "odata.track-changes" },
      body: {
        "@odata.context": "{org}/api/data/v9.0/$metadata#accounts(name,accountnumber,telephone1,fax)",
        "@odata.deltaLink": expect.stringMatching(
          /\/api\/data\/v9\.0\/accounts\?\$select=name,accountnumber,telephone1,fax&\$deltatoken=\d+(%21|!)/,
        ),
        value: [
          {
            "@odata.etag": anyEtag,
            name: "Monte Orton",
            accountnumber: null,
            telephone1: "555000",
            fax: "10101",
            accountid: id(1),
          },
        ],
      },
    },
    refused("$filter", "name eq 'x'"),
    refused("$orderby", "name"),
    refused("$expand", "primarycontactid"),
    refused("$top", "3"),
  ],
  [["PATCH", `v9.0/accounts(${id(1)})`, { name: "Monte Orton", telephone1: "555000", fax: "10101" }]],
);
