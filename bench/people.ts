import { DuckDBInstance } from "@duckdb/node-api";

/** Made-up people: the source column, its value in SQL made from the number `n`, and the contact's column that takes it. */
const columns = [
  ["id", "'C' || n", "externaluseridentifier"],
  ["first", "'First' || n", "firstname"],
  ["last", "'Ünal ' || n", "lastname"],
  ["email", "'person' || n || '@example.com'", "emailaddress1"],
  ["phone", "'+4912345' || n", "telephone1"],
  ["mobile", "'+491' || n", "mobilephone"],
  ["gender", "1 + n % 2", "gendercode"],
  ["family", "1 + n % 4", "familystatuscode"],
  ["born", "DATE '1950-01-01' + (n % 20000)::INTEGER", "birthdate"],
  ["credit", "(n % 1000)::DECIMAL(10, 2)", "creditlimit"],
  ["quiet", "n % 3 = 0", "donotemail"],
  ["street", "'Street ' || n", "address1_line1"],
  ["city", "'Berlin'", "address1_city"],
  ["postcode", "(10000 + n % 80000)::VARCHAR", "address1_postalcode"],
  ["job", "'Engineer of ' || n % 100", "jobtitle"],
  ["site", "'https://example.com/' || n", "websiteurl"],
] as const;

/** The contact's column that tells a person, and the source's. */
export const KEY = { target: "externaluseridentifier", source: "id" } as const;

/** Contact column -> source column, as a sync's mapping has it. */
export const mapping: Record<string, string> = Object.fromEntries(columns.map(([from, , to]) => [to, from]));

/** Writes the people numbered from 0 as a Parquet file. */
export async function writePeople(path: string, rows: number): Promise<void> {
  const duck = await DuckDBInstance.create();
  const connection = await duck.connect();
  const values = columns.map(([name, sql]) => `${sql} AS ${name}`).join(", ");
  await connection.run(
    `COPY (SELECT ${values} FROM (SELECT range AS n FROM range(${rows}))) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`,
  );
  connection.closeSync();
  duck.closeSync();
}
