import fc from "fast-check";

/** Names and values that mean something to the Web API, so that what is generated gets far. */
export const columns = fc.constantFrom(
  ..."firstname lastname fullname emailaddress1 birthdate createdon creditlimit gendercode statecode statuscode".split(
    " ",
  ),
  ..."donotemail numberofchildren annualincome contactid accountid name revenue versionnumber address1_city".split(" "),
  ..."_parentcustomerid_value _ownerid_value _primarycontactid_value subject activityid listname".split(" "),
  ..."ownerid entityimage nosuchcolumn FirstName preferredcontactmethodcode msdyn_gdproptout".split(" "),
);
export const sets = fc.constantFrom(
  ..."contacts contacts contacts contacts accounts accounts accounts tasks tasks leads lists".split(" "),
  ..."contacts accounts tasks leads opportunities lists systemusers campaigns incidents annotations".split(" "),
  ..."listmembers transactioncurrencies EntityDefinitions sdkmessages roles teams Contacts nosuchset".split(" "),
  ..."GlobalOptionSetDefinitions RelationshipDefinitions msdynci_customerprofiles".split(" "),
);
export const navigations = fc.constantFrom(
  ..."primarycontactid parentcustomerid_account contact_customer_accounts Account_Tasks Contact_Tasks ownerid".split(
    " ",
  ),
  ..."listcontact_association systemuserroles_association regardingobjectid_account_task createdby nosuch".split(" "),
  ..."opportunity_customer_accounts Opportunity_Tasks parentaccountid originatingleadid Attributes Keys".split(" "),
);
export const ids = fc.integer({ min: 1, max: 12 }).map((n) => `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`);
const strange = fc.constantFrom(
  "''",
  "'",
  "%",
  "%zz",
  "\u0000",
  "😀",
  "ß",
  "\u202e",
  "<script>",
  "&",
  "a".repeat(3000),
  "((((",
  "))",
  "$",
  "@x",
  "\\",
  "\r\n",
  "1e999",
  "-0",
  "NaN",
  "[]",
  "{}",
  "null",
  "__proto__",
  "constructor",
  "*",
  "/",
  "//",
  "..",
  ";",
  ",",
);

/** What a value of a column may look like in a URL. */
export const literals = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("'Ann'", "'O''Neil'", "5", "null", "true", "2020-01-01", "1.5", "@p1", "-3"),
  },
  { weight: 2, arbitrary: ids },
  {
    weight: 2,
    arbitrary: fc.constantFrom("2020-01-01T00:00:00Z", "'%a_[b]'", "9999999999999", "Microsoft.Dynamics.CRM.X'y'"),
  },
  { weight: 1, arbitrary: strange },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((text) => `'${text.replaceAll("'", "''")}'`) },
);

/** Mostly the text itself; now and then with a piece cut out, doubled, or something strange put in. */
export function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.tuple(fc.constantFrom("cut", "double", "insert"), place, place, strange);
  return fc.oneof(
    { weight: 5, arbitrary: texts },
    {
      weight: 1,
      arbitrary: fc.tuple(texts, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
        changes.reduce((before, [kind, one, two, piece]) => {
          const from = Math.floor(Math.min(one, two) * before.length);
          const to = Math.floor(Math.max(one, two) * before.length);
          if (kind === "insert") return before.slice(0, from) + piece + before.slice(from);
          return before.slice(0, kind === "cut" ? from : to) + before.slice(kind === "cut" ? to : from);
        }, text),
      ),
    },
  );
}

export const anyText: fc.Arbitrary<string> = fc.oneof(fc.string({ maxLength: 40, unit: "binary" }), strange);
