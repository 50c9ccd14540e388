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
  /** How many days change tracking goes back, where we may see it. */
  trackedDays: number | undefined;
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
    visible(api, "organizations", ["pricingdecimalprecision", "expirechangetrackingindays"], signal),
    visible(api, "transactioncurrencies", ["currencyprecision"], signal),
  ]);
  const priced = most(organisation.rows, "pricingdecimalprecision");
  const digits = most(currencies.rows, "currencyprecision");
  return {
    organisation: who.OrganizationId.toLowerCase(),
    user: who.UserId.toLowerCase(),
    schema: currencies.version ?? organisation.version,
    money: {
      ...(priced !== undefined && { 1: priced }),
      ...(digits !== undefined && { 2: digits }),
    },
    trackedDays: most(organisation.rows, "expirechangetrackingindays"),
  };
}

type Rows = Record<string, unknown>[];

async function visible(
  api: WebApi,
  set: string,
  columns: string[],
  signal?: AbortSignal,
): Promise<{ rows: Rows; version?: string }> {
  const doing = `see what holds for all tables (${set})`;
  const headers = { ...fresh, prefer: `odata.include-annotations="${version}"` };
  const answer = await readWhole(api, { path: `${set}?$select=${columns.join(",")}`, headers, doing }, signal);
  if (answer.status !== 200 && classify(answer).kind === "permission") return { rows: [] };
  const { value, [`@${version}`]: stamp } = jsonOf(answer, doing, rows);
  return { rows: value, ...(stamp !== undefined && { version: String(stamp) }) };
}

function most(rows: Rows, column: string): number | undefined {
  const numbers = rows.map((row) => row[column]).filter((n) => typeof n === "number");
  return numbers.length > 0 ? Math.max(...numbers) : undefined;
}

const DAY = 24 * 3600_000;

/**
 * Milliseconds for which a cursor is trusted. Some environments answer one that has expired with all rows as if these were
 * the changes, and then nobody tells what was deleted meanwhile: so it is not used as long as it should hold, which is
 * seven days unless the organisation says otherwise (`ExpireChangeTrackingInDays`, 0 to 365), but for a day less, since
 * whether days are counted by the hour or by the calendar is not documented. That it keeps more is not relied upon.
 * Source: dataverse.md section 10.
 */
export const cursorLife = (days = 7): number => Math.max(0, Math.min(days, 7) - 1) * DAY;
