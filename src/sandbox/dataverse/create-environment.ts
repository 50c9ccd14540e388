import type { Clock } from "../clock.ts";
import { CLIENT_ID, FIRST_USER, PRINCIPAL_ID } from "../entra/directory.ts";
import { addComputedColumns, deliveredTables, intersectTable } from "./build.ts";
import { SYSTEM_ADMINISTRATOR, SYSTEM_USER } from "./delivered-ids.ts";
import type { Environment } from "./environment.ts";
import { noFiles } from "./files/content-store.ts";
import { listImages } from "./files/image-configs.ts";
import { namedGuid } from "./guids.ts";
import { addTable, listMessages } from "./messages.ts";
import { countMembers } from "./records/list-members.ts";
import { begin, type Transaction } from "./records/transaction.ts";
import { createRow } from "./records/write.ts";
import { userOf } from "./security/rights.ts";
import { deliverRoles, giveRole } from "./security/roles.ts";
import { addSystemRows } from "./system-rows.ts";

/**
 * A fresh environment: the delivered tables, and the few rows every environment has (business unit, currencies, the
 * system user and the application user).
 */
export function createEnvironment(clock: Clock): Environment {
  const tables = deliveredTables();
  const environment: Environment = {
    clock,
    tables,
    sets: new Map([...tables.values()].map((table) => [table.set, table])),
    version: 1_000_000,
    sequence: 0,
    nextId: 0,
    calls: 0,
    metadataVersion: 1,
    optionSets: new Map(),
    jobs: [],
    files: noFiles(),
    plugins: [],
    denied: new Set(),
    oldestToken: 0,
    expiredTokens: "error",
    appUser: namedGuid("systemuser application"),
    businessUnit: namedGuid("businessunit root"),
    organization: namedGuid("organization"),
    currency: namedGuid("transactioncurrency USD"),
  };
  for (const table of tables.values()) addComputedColumns(environment, table);
  for (const table of tables.values()) listMessages(environment, table);
  for (const table of tables.values()) if (table.primaryImage !== undefined) listImages(environment, table);
  for (const table of [...tables.values()]) {
    for (const link of table.manyToMany) {
      const first = tables.get(link.first);
      const second = tables.get(link.second);
      if (!first || !second) continue;
      if (!tables.has(link.intersect)) addTable(environment, intersectTable(link, first, second, 0));
      // A table's file may name a relationship that the file of the other end leaves out.
      for (const end of [first, second]) {
        if (!end.manyToMany.some((each) => each.schema === link.schema)) end.manyToMany.push(link);
      }
    }
  }
  countMembers(environment);
  const tx = begin(environment, { user: SYSTEM_USER, bypassPlugins: true, seeding: true });
  const add = (table: string, body: Record<string, unknown>, id: string) => createRow(tx, tables.get(table)!, body, id);
  add("businessunit", { name: "sandbox" }, environment.businessUnit);
  add("transactioncurrency", currency("US Dollar", "USD", "$", 1), environment.currency);
  add("transactioncurrency", currency("Euro", "EUR", "€", 0.9), namedGuid("transactioncurrency EUR"));
  add("systemuser", { lastname: "SYSTEM", domainname: "system@sandbox.local" }, SYSTEM_USER);
  add(
    "systemuser",
    {
      firstname: "#",
      lastname: "Sandbox Application",
      domainname: "app@sandbox.local",
      applicationid: CLIENT_ID,
      azureactivedirectoryobjectid: PRINCIPAL_ID,
      accessmode: 4,
    },
    environment.appUser,
  );
  for (const table of ["account", "contact", "lead"]) {
    const rule = namedGuid(`duplicaterule ${table} e-mail`);
    const name = `${tables.get(table)!.plural} with the same e-mail address`;
    const same = { baseattributename: "emailaddress1", matchingattributename: "emailaddress1", operatorcode: 0 };
    const regarding = { "regardingobjectid@odata.bind": `duplicaterules(${rule})` };
    const published = { baseentityname: table, matchingentityname: table, statecode: 1, statuscode: 2 };
    add("duplicaterule", { name, ...published }, rule);
    const condition = { ...same, ...regarding, ignoreblankvalues: true };
    add("duplicaterulecondition", condition, namedGuid(`duplicaterulecondition ${table} e-mail`));
  }
  addSystemRows(environment, tx);
  deliverRoles(environment, tx);
  giveRole(tx, SYSTEM_USER, SYSTEM_ADMINISTRATOR);
  giveRole(tx, environment.appUser, SYSTEM_ADMINISTRATOR);
  keepPerson(environment, FIRST_USER);
  return environment;
}

/**
 * The user of a person who can sign in, found by the object id in the token (dataverse.md section 2). Made where there is
 * none yet, with the role System Administrator.
 */
export function keepPerson(
  environment: Environment,
  { id, upn, name }: { id: string; upn: string; name: string },
): void {
  if (userOf(environment, "object", id) !== undefined) return;
  const row = namedGuid(`systemuser ${id}`);
  const tx = begin(environment, { user: SYSTEM_USER, bypassPlugins: true, seeding: true });
  const [first, ...rest] = name.split(" ");
  const names = rest.length === 0 ? { lastname: name } : { firstname: first, lastname: rest.join(" ") };
  const body = { ...names, domainname: upn, internalemailaddress: upn, azureactivedirectoryobjectid: id };
  createRow(tx, environment.tables.get("systemuser")!, body, row);
  giveRole(tx, row, SYSTEM_ADMINISTRATOR);
}

function currency(name: string, code: string, symbol: string, rate: number): Record<string, unknown> {
  return {
    currencyname: name,
    isocurrencycode: code,
    currencysymbol: symbol,
    currencyprecision: 2,
    exchangerate: rate,
    statecode: 0,
  };
}

/** The user a test acts as by the header `x-sandbox-user`: made on first use, with an id that follows from the name. */
export function namedUser(environment: Environment, name: string): string {
  const id = namedGuid(`systemuser ${name}`);
  const users = environment.tables.get("systemuser")!;
  if (!users.byId.has(id)) {
    const tx: Transaction = begin(environment, { user: SYSTEM_USER, bypassPlugins: true, seeding: true });
    createRow(tx, users, { lastname: name.slice(0, 64), domainname: `${encodeURIComponent(name)}@sandbox.local` }, id);
    giveRole(tx, id, SYSTEM_ADMINISTRATOR);
  }
  return id;
}
