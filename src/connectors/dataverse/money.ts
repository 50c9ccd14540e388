import { z } from "zod";
import { list } from "./answers.ts";
import { classify } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { jsonOf } from "./json.ts";

/**
 * Digits after the point that amounts have, by `PrecisionSource`: 0 the column says itself, 1 what the organisation
 * says for prices, 2 what the row's currency says. Source: MoneyAttributeMetadata.PrecisionSource.
 */
export type MoneyDigits = Partial<Record<number, number>>;

/**
 * What the environment says of amounts. Of several currencies the one with most digits counts: the server rounds an
 * amount to its own currency, and a digit that we dropped would be lost. Empty where we may not look: then the columns'
 * own precision counts.
 */
export async function readMoneyDigits(api: WebApi, signal?: AbortSignal): Promise<MoneyDigits> {
  const most = async (set: string, column: string) => {
    const doing = `see how many digits amounts have (${set})`;
    const answer = await api.read({ path: `${set}?$select=${column}`, doing }, signal);
    if (answer.status !== 200 && classify(answer).kind === "permission") return undefined;
    const { value } = jsonOf(answer, doing, list(z.record(z.string(), z.unknown())));
    const digits = value.map((row) => row[column]).filter((n) => typeof n === "number");
    return digits.length > 0 ? Math.max(...digits) : undefined;
  };
  const [prices, currencies] = await Promise.all([
    most("organizations", "pricingdecimalprecision"),
    most("transactioncurrencies", "currencyprecision"),
  ]);
  return { ...(prices !== undefined && { 1: prices }), ...(currencies !== undefined && { 2: currencies }) };
}
