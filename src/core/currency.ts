import { z } from "zod";

/** What the amounts of a line are in: the same for all rows, or as a source column says. ISO 4217. */
export const currency = z.union([
  z.string().regex(/^[A-Z]{3}$/, "must be three capital letters, such as EUR, or { from: COLUMN }"),
  z.strictObject({ from: z.string().min(1) }),
]);
type Currency = z.infer<typeof currency>;

const column = "transactioncurrencyid";

/**
 * A record has one currency for all of its amounts (the documentation of the currency table). So a line's `currency` is
 * short for a lookup of the record's: this adds it. Two lines that differ, or a currency that is mapped besides, would
 * write one column twice.
 */
export function withCurrency<Line extends { currency?: Currency | undefined }>(
  mapping: Record<string, Line>,
  lookup: (currency: Currency) => Line,
  complain: (line: string, message: string) => void,
): Record<string, Line> {
  const said = Object.entries(mapping).filter(([, line]) => line.currency !== undefined);
  const [first] = said;
  if (!first) return mapping;
  for (const [name, line] of said)
    if (column in mapping) complain(name, `the mapping has a line for ${column}, too: keep one of the two`);
    else if (JSON.stringify(line.currency) !== JSON.stringify(first[1].currency))
      complain(name, `a record has one currency, and ${first[0]} says another`);
  return { ...mapping, [column]: lookup(first[1].currency!) };
}
