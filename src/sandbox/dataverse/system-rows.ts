import { ACTIVE_SOLUTION, CDS_PUBLISHER, CDS_SOLUTION, DEFAULT_PUBLISHER, DEFAULT_SOLUTION } from "./delivered-ids.ts";
import type { Environment } from "./environment.ts";
import { BLOCKED_EXTENSIONS } from "./files/blocked.ts";
import type { Transaction } from "./records/transaction.ts";
import { createRow } from "./records/write.ts";

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
    pricingdecimalprecision: 2,
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
  add("publisher", CDS_PUBLISHER, {
    uniquename: "Cree26ed",
    friendlyname: "CDS Default Publisher",
    customizationprefix: "cr123",
    customizationoptionvalueprefix: 12_345,
  });
  for (const [id, name, title, publisher] of [
    [DEFAULT_SOLUTION, "Default", "Default Solution", DEFAULT_PUBLISHER],
    [ACTIVE_SOLUTION, "Active", "Active Solution", DEFAULT_PUBLISHER],
    [CDS_SOLUTION, "Cr123", "Common Data Services Default Solution", CDS_PUBLISHER],
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
