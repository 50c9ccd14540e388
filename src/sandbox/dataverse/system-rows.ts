import type { Environment } from "./environment.ts";
import { BLOCKED_EXTENSIONS } from "./files/blocked.ts";
import { namedGuid } from "./guids.ts";
import type { Transaction } from "./records/transaction.ts";
import { createRow } from "./records/write.ts";

/** Ids that are the same in every environment of Dataverse. */
const DEFAULT_SOLUTION = "fd140aaf-4df4-11dd-bd17-0019b9312238";
const ACTIVE_SOLUTION = "fd140aae-4df4-11dd-bd17-0019b9312238";
const DEFAULT_PUBLISHER = "d21aab71-79e7-11dd-8874-00188b01e34f";

/** The rows of `organization`, `publisher` and `solution` that every environment has. */
export function addSystemRows(environment: Environment, tx: Transaction): void {
  const add = (table: string, id: string, body: Record<string, unknown>) =>
    createRow(tx, environment.tables.get(table)!, body, id);
  add("organization", environment.organization, {
    name: "sandbox",
    languagecode: 1033,
    localeid: 1033,
    "basecurrencyid@odata.bind": `/transactioncurrencies(${environment.currency})`,
    basecurrencyprecision: 2,
    basecurrencysymbol: "$",
    baseisocurrencycode: "USD",
    currencydecimalprecision: 2,
    dateformatstring: "M/d/yyyy",
    timeformatstring: "h:mm tt",
    dateseparator: "/",
    decimalsymbol: ".",
    numberseparator: ",",
    weekstartdaycode: 0,
    expirechangetrackingindays: 7,
    blockedattachments: BLOCKED_EXTENSIONS,
    maxuploadfilesize: 5_242_880,
  });
  // The first publisher is the one that numbers options where no solution is named.
  add("publisher", DEFAULT_PUBLISHER, {
    uniquename: "DefaultPublishersandbox",
    friendlyname: "Default Publisher for sandbox",
    customizationprefix: "new",
    customizationoptionvalueprefix: 10_000,
  });
  add("publisher", namedGuid("publisher cds"), {
    uniquename: "Cree26ed",
    friendlyname: "CDS Default Publisher",
    customizationprefix: "cr123",
    customizationoptionvalueprefix: 12_345,
  });
  for (const [id, name, title, publisher] of [
    [DEFAULT_SOLUTION, "Default", "Default Solution", DEFAULT_PUBLISHER],
    [ACTIVE_SOLUTION, "Active", "Active Solution", DEFAULT_PUBLISHER],
    [namedGuid("solution cds"), "Cr123", "Common Data Services Default Solution", namedGuid("publisher cds")],
  ] as const) {
    add("solution", id, {
      uniquename: name,
      friendlyname: title,
      version: "1.0",
      installedon: tx.now,
      "publisherid@odata.bind": `/publishers(${publisher})`,
    });
  }
}
