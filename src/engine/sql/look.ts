import type { MirrorMode } from "../../core/run.ts";
import { parquetRows } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { ownId } from "./ids.ts";
import { storedMatch, withoutRecord } from "./match.ts";
import { chosenBy, stored, wanted } from "./names.ts";
import { owing } from "./owed.ts";
import { type Contact, unmetRows } from "./unmet.ts";

/** Which records are asked for: SELECTs of their ids, and of the match columns' values in the sync's order. */
export type Asked = { ids: string[]; values?: string | undefined };

/** SELECT of combinations of match values out of `from`, whose columns `of` names. */
const valuesOf = (shape: Shape, of: (c: Shape["match"][number]) => string, from: string): string =>
  `SELECT ${shape.match.map((c, i) => `${of(c)} AS v${i}`).join(", ")} FROM ${from}`;

/**
 * Linked records that were gone when last looked for: whoever restored one changed no row, so that nothing else would have its
 * row looked at. None of a row that a person skipped, for it is not looked at for that.
 */
export const goneRecords: Asked = {
  ids: [
    `SELECT id FROM st.link WHERE h IS NOT NULL AND id IN (SELECT id FROM st.have WHERE gone AND ${chosenBy("id")})
AND key NOT IN (SELECT key FROM st.pending WHERE code = 'skipped')`,
  ],
};

/**
 * The records of the rows looked at (`mapped`). Mode none: of linked ones only those of which there is no idea yet, or not
 * of every column, or that were gone, or that are yet to get something. A row that was tried before is also asked for by the id that we chose for its record.
 */
export function linkedRecords(shape: Shape, mode: MirrorMode, contact: Contact): Asked {
  const own = ownId(
    shape.object.name,
    shape.match.map((c) => c.name),
    "match_value",
  );
  const unsure = `(key NOT IN (SELECT key FROM v_base) OR link_id IN (SELECT id FROM v_have WHERE gone) OR ${unmetRows(shape, contact)}${owing(shape).length ? " OR key IN (SELECT key FROM st.owed)" : ""})`;
  return {
    ids: [
      `SELECT link_id AS id FROM mapped WHERE link_id IS NOT NULL AND ${mode === "none" ? unsure : "true"}`,
      `SELECT ${own} FROM mapped WHERE link_id IS NULL AND known AND match_value IS NOT NULL`,
    ],
  };
}

/**
 * The records that rows without a link could be, and those that are linked and had such a match value when last seen, or were an
 * exception with it: they may have another by now.
 * Mode none, with a key over the match: only for rows that were tried before, since the key meets a second record.
 */
export function matchedRecords(shape: Shape, mode: MirrorMode): Asked {
  const { policies, keyed } = shape;
  const met = mode === "none" && keyed && policies.mode !== "update" ? " AND known" : "";
  const rows = `(SELECT * FROM mapped WHERE NOT gone AND code IS NULL AND match_value IS NOT NULL AND ${withoutRecord(shape)}${met})`;
  return {
    ids: [
      `SELECT id FROM v_link WHERE id IS NOT NULL AND m IN (SELECT match_value FROM ${rows})`,
      `SELECT h.id FROM have_now h WHERE NOT h.gone AND ${storedMatch(shape, "h")} IN (SELECT match_value FROM ${rows})`,
    ],
    values: valuesOf(shape, (c) => `any_value(${wanted(c)})`, `${rows} GROUP BY match_value`),
  };
}

/**
 * Linked records that rows without a link could be and that a whole mirror does not hold, for they are as was agreed: when they were
 * made is not known, and the oldest or the newest is to be taken.
 */
export const undated = (shape: Shape): Asked => ({
  ids: [
    // Put aside, so that these few are kept in memory, and not the mirror.
    `(WITH likely AS MATERIALIZED (SELECT id FROM v_link WHERE id IS NOT NULL AND m IN (SELECT match_value FROM mapped WHERE NOT gone AND ${withoutRecord(shape)} AND ${chosenBy("match_value")}))
SELECT id FROM likely ANTI JOIN have_now USING (id))`,
  ],
});

/** The records of what was sent (`sent`), by id; where the answer to a create was lost, by its match value. */
export function sentRecords(shape: Shape, creates: string): Asked {
  const lost = "SELECT n FROM sent WHERE wave = '1-create' AND status = 'unknown'";
  const from = `${parquetRows(creates, "file_row_number=true")} WHERE match_value IS NOT NULL AND file_row_number IN (${lost})`;
  return {
    ids: ["SELECT id FROM sent WHERE status <> 'unsent'"],
    values: valuesOf(shape, stored, from),
  };
}

/** The records that a dead run has written or tried to, by its changes and its journal (`line`, `exception`). `files`: those with ids. */
export function writtenRecords(shape: Shape, files: string[], creates: string | undefined): Asked {
  const told =
    "SELECT lower(u.id) AS id FROM (SELECT unnest(i) AS u FROM line) UNION ALL SELECT lower(id) FROM exception WHERE id IS NOT NULL";
  const each = files.map((path) => `SELECT id FROM ${parquetRows(path)}`);
  return {
    ids: [told, ...each],
    values: creates && valuesOf(shape, stored, `${parquetRows(creates)} WHERE match_value IS NOT NULL`),
  };
}
