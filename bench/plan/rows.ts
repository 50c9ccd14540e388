/** The accounts that the rows point at, beside the rows themselves. */
export const ACCOUNTS = 300_000;

export const accountNumber = (n: number): string => `A${n}`;
export const accountId = (n: number): string => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Which rows a file holds: as at first, with 2 % of them changed, or with ten. */
export type Variant = "first" | "changed" | "ten";

/** A whole number below `below` that follows from the row's number alone. */
const chance = (what: string, below: number) => `(hash(n, '${what}') % ${below})::BIGINT`;

/**
 * SQL of `rows` people: 16 columns, the key among them. Of `changed` 1 % have other values, 0.5 % are gone and 0.5 % are new; a
 * quarter of a per cent is not valid, by a date or an account that there is not.
 */
export function people(rows: number, variant: Variant): string {
  const which = {
    first: `range(${rows})`,
    changed: `range(${rows + Math.round(rows / 200)})`,
    ten: `range(${rows})`,
  }[variant];
  const kept = variant === "changed" ? `n >= ${rows} OR ${chance("gone", 200)} <> 0` : "true";
  const moved = {
    first: "false",
    changed: `${chance("moved", 100)} = 0`,
    ten: `n % ${Math.ceil(rows / 10)} = 7`,
  }[variant];
  const other = (value: string, changed: string) => `CASE WHEN ${moved} THEN ${changed} ELSE ${value} END`;
  const pick = (what: string, values: string[]) =>
    `[${values.map((v) => `'${v}'`).join(", ")}][1 + ${chance(what, values.length)}]`;
  const cities = ["Berlin", "München", "Köln", "Wien", "Zürich", "Ljubljana", "Paris", "Lyon"];
  return `SELECT 'C' || n AS id,
  '  ' || ${pick("first", ["Anna", "Ben", "Clara", "Çelik", "Dora", "Emil"])} || '   ' || ${chance("middle", 5000)} AS first,
  'Ünal ' || ${chance("last", 200_000)} AS last,
  'person' || n || ${other("''", "'.new'")} || '@example.com' AS email,
  '+49 30 ' || (1000000 + ${chance("phone", 9_000_000)}) AS phone,
  '0' || (150 + ${chance("prefix", 30)}) || ' ' || (1000000 + ${chance("mobile", 9_000_000)}) AS mobile,
  CASE WHEN ${chance("bad", 800)} = 0 THEN '99/99/1999' ELSE strftime(DATE '1940-01-01' + ${chance("born", 25_000)}::INTEGER, '%d/%m/%Y') END AS born,
  (${other(chance("credit", 5_000_000), `1 + ${chance("credit", 5_000_000)}`)} / 100)::DECIMAL(12, 2) AS credit,
  ${pick("sex", ["Male", "Female"])} AS sex,
  'A' || CASE WHEN ${chance("lost", 800)} = 0 THEN ${ACCOUNTS} ELSE ${chance("account", ACCOUNTS)} END AS account,
  'Street ' || ${chance("street", 9000)} || ', ' || ${chance("house", 200)} AS street,
  ${other(pick("city", cities), "'Graz'")} AS city,
  (10000 + ${chance("zip", 80_000)})::VARCHAR AS zip,
  ${pick("country", ["DE", "AT", "CH", "SI", "FR"])} AS country,
  ${chance("quiet", 3)} = 0 AS quiet,
  ${pick("job", ["Engineer", "Nurse", "Teacher", "Baker", "Driver", "Lawyer"])} AS job
FROM (SELECT range AS n FROM ${which}) WHERE ${kept}`;
}

export const COLUMNS = [
  "first",
  "last",
  "email",
  "phone",
  "mobile",
  "born",
  "credit",
  "sex",
  "account",
  "street",
  "city",
  "zip",
  "country",
  "quiet",
  "job",
];

/** The sync of these people, as its YAML would say it. */
export const sync = {
  model: "people",
  to: "crm",
  object: "contact",
  match: "externaluseridentifier",
  onLeave: "deactivate",
  mapping: {
    externaluseridentifier: "id",
    firstname: { expression: "trim(regexp_replace(first, '\\s+', ' ', 'g'))" },
    lastname: "last",
    emailaddress1: { from: "email", format: "email" },
    telephone1: { expression: "regexp_replace(phone, '[^0-9+]', '', 'g')" },
    mobilephone: "mobile",
    birthdate: { from: "born", formats: ["dd/MM/yyyy"] },
    creditlimit: "credit",
    gendercode: "sex",
    parentcustomerid: { from: "account", lookup: { object: "account", by: "accountnumber" } },
    address1_line1: "street",
    address1_city: "city",
    address1_postalcode: "zip",
    address1_country: "country",
    donotemail: "quiet",
    jobtitle: "job",
  },
};
