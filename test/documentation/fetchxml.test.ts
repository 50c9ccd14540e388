import { expect } from "vitest";
import { CREATE_CONTOSO, named } from "./contoso.ts";
import { anyEtag, type Exchange, replay } from "./replay.ts";

const fetch = (set: string, xml: string, more = ""): string => `v9.2/${set}?fetchXml=${encodeURIComponent(xml)}${more}`;
const FORMATTED = { Prefer: 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"' };
const PAGING = {
  Prefer: 'odata.include-annotations="Microsoft.Dynamics.CRM.fetchxmlpagingcookie,Microsoft.Dynamics.CRM.morerecords"',
};
const query = (title: string, set: string, xml: string, body: unknown, more: Partial<Exchange> = {}): Exchange => ({
  title,
  request: ["GET", fetch(set, xml)],
  status: 200,
  body,
  ...more,
});

/** The ten accounts of the aggregate page. */
const ACCOUNTS: ["POST", string, object] = [
  "POST",
  "v9.2/accounts/Microsoft.Dynamics.CRM.CreateMultiple",
  {
    Targets: [
      [null, "Example Account", null, "2023-08-27"],
      [1500, "Contoso Pharmaceuticals (sample)", "Redmond"],
      [2700, "Fabrikam, Inc. (sample)", "Lynnwood"],
      [2900, "Blue Yonder Airlines (sample)", "Los Angeles"],
      [2900, "City Power & Light (sample)", "Redmond"],
      [3900, "Coho Winery (sample)", "Phoenix"],
      [4300, "Adventure Works (sample)", "Santa Cruz"],
      [4800, "Alpine Ski House (sample)", "Missoula"],
      [6000, "Litware, Inc. (sample)", "Dallas"],
      [6200, "A. Datum Corporation (sample)", "Redmond"],
    ].map(([numberofemployees, name, address1_city, on]) => ({
      "@odata.type": "Microsoft.Dynamics.CRM.account",
      numberofemployees,
      name,
      address1_city,
      overriddencreatedon: `${on ?? "2023-03-25"}T17:42:46Z`,
    })),
  },
];
const aggregate = (...columns: string[]) =>
  `<fetch aggregate='true'><entity name='account'>${columns.join("")}</entity></fetch>`;
const employees = (how: string, alias: string) =>
  `<attribute name='numberofemployees' alias='${alias}' aggregate='${how}' />`;
const part = (alias: string, grouping: string) =>
  `<attribute name='createdon' alias='${alias}' groupby='true' dategrouping='${grouping}' />`;

replay(
  "fetchxml/aggregate-data.md",
  [
    query(
      "Example",
      "accounts",
      aggregate(
        employees("avg", "Average"),
        employees("count", "Count"),
        employees("countcolumn", "ColumnCount"),
        employees("max", "Maximum"),
        employees("min", "Minimum"),
        employees("sum", "Sum"),
      ),
      { value: [{ Average: 3911, Count: 10, ColumnCount: 9, Maximum: 6200, Minimum: 1500, Sum: 35200 }] },
    ),
    query("Distinct column values", "accounts", aggregate(employees("countcolumn' distinct='true", "ColumnCount")), {
      value: [{ ColumnCount: 8 }],
    }),
    query(
      "Grouping",
      "accounts",
      aggregate(
        employees("sum", "Total"),
        "<attribute name='address1_city' alias='Count' aggregate='count' />",
        "<attribute name='address1_city' alias='City' groupby='true' />",
        "<order alias='City' />",
      ),
      {
        value: [
          { Total: 0, Count: 1 },
          { Total: 6000, Count: 1, City: "Dallas" },
          { Total: 2900, Count: 1, City: "Los Angeles" },
          { Total: 2700, Count: 1, City: "Lynnwood" },
          { Total: 4800, Count: 1, City: "Missoula" },
          { Total: 3900, Count: 1, City: "Phoenix" },
          { Total: 10600, Count: 3, City: "Redmond" },
          { Total: 4300, Count: 1, City: "Santa Cruz" },
        ],
      },
    ),
    {
      title: "Grouping by parts of a date",
      request: [
        "GET",
        fetch(
          "accounts",
          aggregate(
            employees("sum", "Total"),
            part("Day", "day"),
            part("Week", "week"),
            part("Month", "month"),
            part("Year", "year"),
            part("FiscalPeriod", "fiscal-period"),
            part("FiscalYear", "fiscal-year"),
            "<order alias='Month' />",
          ),
        ),
        undefined,
        FORMATTED,
      ],
      status: 200,
      body: {
        value: [
          [35200, 25, 12, 3, "Quarter 1 FY2023"],
          [0, 27, 35, 8, "Quarter 3 FY2023"],
        ].map(([Total, Day, Week, Month, period]) => ({
          Total,
          Day,
          Week,
          Month,
          Year: 2023,
          "Year@OData.Community.Display.V1.FormattedValue": "2,023",
          "FiscalPeriod@OData.Community.Display.V1.FormattedValue": period,
          "FiscalYear@OData.Community.Display.V1.FormattedValue": "FY2023",
        })),
      },
      difference:
        "The page's table of rows dates the account without a city 25 August; its result can only be of the 27th.",
    },
    query(
      "Row aggregate",
      "accounts",
      "<fetch top='5'><entity name='account'><attribute name='name' /><attribute name='accountid' alias='CountChildren' rowaggregate='CountChildren' /><order attribute='accountid' descending='true' /></entity></fetch>",
      { value: Array.from({ length: 5 }, () => ({ CountChildren: 0 })) },
    ),
    query(
      "Per query limit",
      "accounts",
      "<fetch distinct='false' mapping='logical' aggregate='true' aggregatelimit = '9'><entity name='account'><attribute name='name' alias='n' aggregate='count'/></entity></fetch>",
      { error: { code: "0x8004e023", message: "AggregateQueryRecordLimit exceeded. Cannot perform this operation." } },
      { status: 400 },
    ),
  ],
  [ACCOUNTS],
);

const PEOPLE = (attributes: string) =>
  `<fetch count='3' ${attributes}>\r\n<entity name='contact'>\r\n<attribute name='fullname'/>\r\n<attribute name='jobtitle'/>\r\n<attribute name='annualincome'/>\r\n<order descending='true' attribute='fullname'/>\r\n</entity>\r\n</fetch>`;
const CONTEXT = expect.stringMatching(
  /#contacts\(fullname,jobtitle,annualincome,.*_transactioncurrencyid_value,transactioncurrencyid,.*transactioncurrencyid\(\)\)$/,
) as unknown;

replay(
  "fetchxml/page-results.md",
  [
    {
      title: "First page, with $count=true",
      request: ["GET", fetch("contacts", PEOPLE("page='1'"), "&$count=true"), undefined, PAGING],
      status: 200,
      headers: { "Preference-Applied": PAGING.Prefer },
      body: {
        "@odata.context": CONTEXT,
        "@odata.count": 9,
        "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie": expect.stringMatching(
          /^<cookie pagenumber="2" pagingcookie="%253ccookie%2520page%253d%25221%2522%253e%253cfullname%2520last%253d%2522.*%253ccontactid%2520last%253d%2522%257b[0-9A-F-]{36}%257d%2522.*%253c%252fcookie%253e" istracking="False" \/>$/,
        ) as unknown,
        "@Microsoft.Dynamics.CRM.morerecords": true,
        value: [
          { "@odata.etag": anyEtag, fullname: "Yvonne McKay (sample)", jobtitle: "Coffee Master", annualincome: 45000 },
          { fullname: "Susanna Stubberod (sample)" },
          { fullname: "Scott Konersmann (sample)" },
        ],
      },
      text: /"annualincome":45000\.0000,/,
    },
    {
      title: "Following pages, by the cookie decoded twice",
      request: [
        "GET",
        fetch(
          "contacts",
          PEOPLE(
            `page='2' paging-cookie='&lt;cookie page="1"&gt;&lt;fullname last="Scott" first="Yvonne McKay (sample)" /&gt;&lt;contactid last="{00000000-0000-0000-0000-000000000000}" first="{00000000-0000-0000-0000-000000000002}" /&gt;&lt;/cookie&gt;'`,
          ),
        ),
        undefined,
        PAGING,
      ],
      status: 200,
      body: {
        "@Microsoft.Dynamics.CRM.morerecords": true,
        ...named("Robert Lyon", "Rene Valdes", "Paul Cannon"),
      },
    },
    {
      title: "Last page: no annotation of a page to come",
      request: ["GET", fetch("contacts", PEOPLE("page='3'")), undefined, PAGING],
      status: 200,
      body: named("Nancy Anderson", "Maria Cambell", "Jim Glynn"),
      text: /^(?!.*morerecords)(?!.*pagingcookie)/,
    },
  ],
  [CREATE_CONTOSO],
);

const CITY = "<attribute name='name' /><attribute name='address1_city' />";
const condition = (text: string) => `<condition attribute='address1_city' ${text}`;
const accounts = (filter: string) =>
  `<fetch><entity name='account'>${CITY}${filter}<order attribute='name' /></entity></fetch>`;
const REDMOND = {
  value: [
    { name: "A. Datum Corporation (sample)" },
    { name: "City Power & Light (sample)" },
    { name: "Contoso Pharmaceuticals (sample)" },
  ],
};

replay(
  "fetchxml/filter-rows.md",
  [
    query(
      "One condition",
      "accounts",
      accounts(`<filter type='and'>${condition("operator='eq' value='Redmond' />")}</filter>`),
      REDMOND,
    ),
    query(
      "filter type or",
      "accounts",
      accounts(
        `<filter type='or'>${["Redmond", "Seattle"].map((city) => condition(`operator='eq' value='${city}' />`)).join("")}</filter>`,
      ),
      REDMOND,
    ),
    query(
      "in, with value elements",
      "accounts",
      accounts(
        `<filter type='and'>${condition("operator='in'><value>Redmond</value><value>Seattle</value></condition>")}</filter>`,
      ),
      REDMOND,
    ),
    query(
      "between",
      "accounts",
      accounts(
        '<filter><condition attribute="numberofemployees" operator="between"><value>1500</value><value>2700</value></condition></filter>',
      ),
      { value: [{ name: "Contoso Pharmaceuticals (sample)" }, { name: "Fabrikam, Inc. (sample)" }] },
    ),
    query(
      "eq-userid",
      "accounts",
      accounts("<filter><condition attribute='ownerid' operator='eq-userid' /></filter>"),
      {
        value: Array.from({ length: 10 }, () => ({})),
      },
    ),
    query(
      "Filter on column values in the same row",
      "contacts",
      "<fetch><entity name='contact' ><attribute name='firstname' /><filter><condition attribute='firstname' operator='eq' valueof='lastname'/></filter></entity></fetch>",
      { value: [{ firstname: "Same" }] },
      { given: [["POST", "v9.2/contacts", { firstname: "Same", lastname: "same" }]] },
    ),
    query(
      "Cross table comparisons",
      "contacts",
      "<fetch> <entity name='contact'><attribute name='contactid' /><attribute name='fullname' /><filter type='and'><condition attribute='fullname' operator='eq' valueof='acct.name' /></filter><link-entity name='account' from='accountid' to='parentcustomerid' link-type='outer' alias='acct'><attribute name='name' /></link-entity></entity></fetch>",
      { value: [{ fullname: "Ann Own", "acct.name": "Ann Own" }] },
      {
        given: [
          [
            "POST",
            "v9.2/contacts",
            { firstname: "Ann", lastname: "Own", parentcustomerid_account: { name: "Ann Own" } },
          ],
          ["POST", "v9.2/contacts", { firstname: "Bob", lastname: "Own", parentcustomerid_account: { name: "Other" } }],
        ],
      },
    ),
    query(
      "Union hint",
      "incidents",
      '<fetch ><entity name="incident"><attribute name="incidentid" /><attribute name="title" /><filter type="and"><condition attribute="ticketnumber" operator="like" value="Case%" /><condition attribute="statuscode" operator="eq" value="1" /><filter type="or" hint="union"><condition attribute="telephone1" operator="eq" value="425-425-4021" entityname="ac" /><condition attribute="telephone1" operator="eq" value="425-425-4021" entityname="co" /></filter></filter><link-entity name="account" from="accountid" to="customerid" link-type="outer" alias="ac" /><link-entity name="contact" from="contactid" to="customerid" link-type="outer" alias="co" /></entity></fetch>',
      { value: [] },
    ),
  ],
  [ACCOUNTS],
);

replay(
  "fetchxml/join-tables.md",
  [
    query(
      "Many-to-one relationships",
      "accounts",
      "<fetch><entity name='account'><attribute name='name' /><link-entity name='contact' from='contactid' to='primarycontactid' link-type='inner' alias='contact'><attribute name='fullname' /></link-entity></entity></fetch>",
      { value: [{ name: "Contoso, Ltd. (sample)", "contact.fullname": "Yvonne McKay (sample)" }] },
    ),
    query(
      "One-to-many relationships",
      "contacts",
      "<fetch><entity name='contact'><attribute name='fullname' /><link-entity name='account' from='primarycontactid' to='contactid' alias='account'><attribute name='name' /></link-entity></entity></fetch>",
      { value: [{ fullname: "Yvonne McKay (sample)", "account.name": "Contoso, Ltd. (sample)" }] },
    ),
    query(
      "Many-to-many relationships",
      "systemusers",
      "<fetch><entity name='systemuser'><attribute name='fullname' /><link-entity name='teammembership' from='systemuserid' to='systemuserid' intersect='true' ><link-entity name='team' from='teamid' to='teamid' link-type='inner' alias='team'><attribute name='name' /></link-entity></link-entity></entity></fetch>",
      { value: [{ "team.name": "North" }] },
      {
        given: [
          ["POST", "v9.2/teams", { teamid: "00000000-0000-0000-0000-00000000000a", name: "North", teamtype: 0 }],
          [
            "POST",
            "v9.2/systemusers({me})/teammembership_association/$ref",
            { "@odata.id": "{org}/api/data/v9.2/teams(00000000-0000-0000-0000-00000000000a)" },
          ],
        ],
      },
    ),
    query(
      "Limitations",
      "accounts",
      `<fetch><entity name='account'>${"<link-entity name='contact' from='contactid' to='primarycontactid' />".repeat(16)}</entity></fetch>`,
      { error: { code: "0x8004430d", message: "Number of link entities in query exceeded maximum limit." } },
      { status: 400 },
    ),
  ],
  [CREATE_CONTOSO],
);

replay(
  "fetchxml/count-rows.md",
  [
    {
      title: "returntotalrecordcount",
      request: [
        "GET",
        fetch(
          "contacts",
          "<fetch returntotalrecordcount='true' count='2' page='1'><entity name='contact'><attribute name='fullname'/></entity></fetch>",
        ),
        undefined,
        { Prefer: 'odata.include-annotations="*"' },
      ],
      status: 200,
      body: {
        "@odata.count": 9,
        "@Microsoft.Dynamics.CRM.totalrecordcount": 9,
        "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": false,
        value: [{}, {}],
      },
    },
    query(
      "top together with returntotalrecordcount",
      "contacts",
      "<fetch returntotalrecordcount='true' top='2'><entity name='contact'><attribute name='fullname'/></entity></fetch>",
      { error: { code: expect.any(String) as unknown } },
      { status: 400 },
    ),
  ],
  [CREATE_CONTOSO],
);
