import { z } from "zod";

/** What stands around the rows of a page, and where in it they are: its rows are not parsed, and go on as received. */
export type Parts = {
  /** A JSON array. */
  rows: Buffer;
  /** Its elements, tombstones included. */
  count: number;
  /** The ids that tombstones tell. */
  deleted: string[];
  next?: string | undefined;
  delta?: string | undefined;
};

const envelope = z.object({
  value: z.array(z.unknown()).optional(),
  "@odata.nextLink": z.string().optional(),
  "@odata.deltaLink": z.string().optional(),
});

/**
 * Takes a page apart. Parsing its rows here would cost as much again as reading them into a table, and round decimals
 * that have more digits than a double. `id`: the property that each row has and a tombstone has not.
 * Undefined where the body is not a whole page. Pages of changes may be an empty object (dataverse.md section 10).
 */
export function takeApart(body: Buffer, id: string, changes: boolean): Parts | undefined {
  const place = findRows(body);
  if (!place) {
    const alone = changes ? envelope.safeParse(parsed(body.toString())).data : undefined;
    return alone && { rows: Buffer.from("[]"), count: 0, deleted: [], delta: alone["@odata.deltaLink"] };
  }
  const rows = body.subarray(place.from, place.to);
  const deleted = tombstones(rows);
  const links = { next: place.around["@odata.nextLink"], delta: place.around["@odata.deltaLink"] };
  return { rows, count: occurrences(rows, `"${id}":`) + deleted.length, deleted, ...links };
}

type Place = { from: number; to: number; around: z.output<typeof envelope> };

/**
 * The array that `value` names on the page itself. Inside a text a quote is escaped, so the first `"value"` that an array
 * follows is the one; the last `]` behind which the page can end ends it.
 */
function findRows(body: Buffer): Place | undefined {
  for (let at = body.indexOf('"value"'); at >= 0; at = body.indexOf('"value"', at + 1)) {
    const opening = /^"value"\s*:\s*\[/.exec(body.subarray(at, at + 50).toString("latin1"))?.[0];
    if (opening === undefined) continue;
    const from = at + opening.length - 1;
    const head = body.subarray(0, from).toString();
    for (let to = body.lastIndexOf("]"); to > from; to = body.lastIndexOf("]", to - 1)) {
      // The array of a row, in a page that was cut off behind it, ends a list of values; this one ends a list of objects.
      if (!/[}[]\s*$/.test(body.subarray(Math.max(from, to - 50), to).toString("latin1"))) continue;
      const around = envelope.safeParse(parsed(`${head}[]${body.subarray(to + 1).toString()}`));
      if (around.success) return { from, to: to + 1, around: around.data };
      // What follows the rows is short; a longer tail is a page that was cut off among them.
      if (body.length - to > LONGEST_TAIL) break;
    }
    return undefined;
  }
  return undefined;
}

/** Bytes: two links, each at most as long as an address may be, and escapes. */
const LONGEST_TAIL = 200_000;

function tombstones(rows: Buffer): string[] {
  if (!rows.includes('"reason"')) return [];
  const all = z.array(z.unknown()).parse(parsed(rows.toString()) ?? []);
  return all.flatMap((row) => tombstone.safeParse(row).data?.id ?? []);
}

const tombstone = z.object({ id: z.string(), reason: z.string() });

function occurrences(rows: Buffer, text: string): number {
  let count = 0;
  for (let at = rows.indexOf(text); at >= 0; at = rows.indexOf(text, at + text.length)) count++;
  return count;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
