/** The columns of a measured row: 20 with the alternate key, of every common type. */
export const COLUMNS = [
  "new_customerno",
  "firstname",
  "lastname",
  "emailaddress1",
  "telephone1",
  "gendercode",
  "familystatuscode",
  "birthdate",
  "creditlimit",
  "donotemail",
  "address1_line1",
  "address1_city",
  "address1_postalcode",
  "address1_country",
  "jobtitle",
  "department",
  "numberofchildren",
  "mobilephone",
  "websiteurl",
  "_parentcustomerid_value",
];

export const ACCOUNT = "aaaaaaaa-1111-4111-8111-111111111111";

function contact(n: number): Record<string, unknown> {
  return {
    "@odata.type": "Microsoft.Dynamics.CRM.contact",
    new_customerno: `C${n}`,
    firstname: `Name${n}`,
    lastname: `Ünal ${n}`,
    emailaddress1: `person${n}@example.com`,
    telephone1: `+4912345${n}`,
    gendercode: 1 + (n % 2),
    familystatuscode: 1 + (n % 4),
    birthdate: `19${50 + (n % 50)}-05-${10 + (n % 18)}`,
    creditlimit: (n % 1000) + 0.5,
    donotemail: n % 3 === 0,
    address1_line1: `Street ${n}`,
    address1_city: "Berlin",
    address1_postalcode: String(10_000 + (n % 80_000)),
    address1_country: "Germany",
    jobtitle: "Engineer",
    department: "R&D",
    numberofchildren: n % 5,
    mobilephone: `+491${n}`,
    websiteurl: `https://example.com/${n}`,
    "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT})`,
  };
}

/** The body of a bulk call of `count` rows, numbered from `first`. */
export function createBody(first: number, count: number): Buffer {
  return Buffer.from(JSON.stringify({ Targets: Array.from({ length: count }, (_, n) => contact(first + n)) }));
}
