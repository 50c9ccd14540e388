import { z } from "zod";
import { whoAmI } from "./answers.ts";
import { classify } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { getJson, jsonOf, readWhole } from "./json.ts";
import { fresh } from "./kept.ts";

/**
 * Digits after the point that amounts have, by `PrecisionSource`: 0 the column says itself, 1 what the organisation
 * says for prices, 2 what the row's currency says. Source: MoneyAttributeMetadata.PrecisionSource.
 */
export type MoneyDigits = Partial<Record<number, number>>;

/** What holds for all tables of an environment. */
export type Ground = {
  organisation: string;
  user: string;
  /** The version of the schema: changes with it; undefined where we may not see it. */
  schema: string | undefined;
  money: MoneyDigits;
};

const version = "Microsoft.Dynamics.CRM.globalmetadataversion";
const rows = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  [`@${version}`]: z.union([z.string(), z.number()]).optional(),
});

/**
 * Three small requests, which stand for some twenty a table while the version stays the same. Of several currencies the
 * one with most digits counts: the server rounds an amount to its own currency, and a digit that we dropped would be
 * lost. Who may not see currencies gets the columns' own precision. Source: dataverse.md sections 1 and 3.
 */
export async function readGround(api: WebApi, signal?: AbortSignal): Promise<Ground> {
  const [who, organisation, currencies] = await Promise.all([
    getJson(api, { path: "WhoAmI", doing: "ask who we are" }, whoAmI, signal),
    most(api, "organizations", "pricingdecimalprecision", signal),
    most(api, "transactioncurrencies", "currencyprecision", signal),
  ]);
  return {
    organisation: who.OrganizationId.toLowerCase(),
    user: who.UserId.toLowerCase(),
    schema: currencies.version ?? organisation.version,
    money: {
      ...(organisation.digits !== undefined && { 1: organisation.digits }),
      ...(currencies.digits !== undefined && { 2: currencies.digits }),
    },
  };
}

async function most(
  api: WebApi,
  set: string,
  column: string,
  signal?: AbortSignal,
): Promise<{ digits?: number; version?: string }> {
  const doing = `see how many digits amounts have (${set})`;
  const headers = { ...fresh, prefer: `odata.include-annotations="${version}"` };
  const answer = await readWhole(api, { path: `${set}?$select=${column}`, headers, doing }, signal);
  if (answer.status !== 200 && classify(answer).kind === "permission") return {};
  const { value, [`@${version}`]: stamp } = jsonOf(answer, doing, rows);
  const digits = value.map((row) => row[column]).filter((n) => typeof n === "number");
  return {
    ...(digits.length > 0 && { digits: Math.max(...digits) }),
    ...(stamp !== undefined && { version: String(stamp) }),
  };
}
