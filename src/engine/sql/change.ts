import { ident, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape } from "../shape.ts";
import type { Apart } from "../together.ts";
import { ownId } from "./ids.ts";
import { recordLeft } from "./left.ts";
import { madeParents, madeRefs } from "./made.ts";
import { atOnce, chosenBy, dealt, has, inGroups, list, maskType, stored, wanted } from "./names.ts";
import { partyColumn } from "./parties.ts";
import { inSeveralWaves, statesOf, waveMasks } from "./states.ts";
import { ownValues, type Values } from "./valued.ts";

/**
 * The id of a record we make, by its match value. A record that had the value when it was made and has another now still
 * holds that id, and one made anew must not meet a newcomer's: then the row's key goes into the name, too.
 */
export function createId(shape: Shape): string {
  const id = (of: string) => ownMatchId(shape, of);
  const given = shape.columns.find((c) => c.name === shape.object.id);
  const own = `CASE WHEN link_ = 'linked' OR ${id("match_value")} IN (SELECT id FROM taken) THEN ${id("match_value || chr(31) || key")} ELSE ${id("match_value")} END`;
  return given ? `coalesce(x_${given.index}, ${own})` : own;
}

const ownMatchId = (shape: Shape, of: string): string =>
  ownId(
    shape.object.name,
    shape.match.map((c) => c.name),
    of,
  );

/** Whether the server chooses the id of every record that is made: a key guards creates, and nothing has to know it beforehand. */
const idsAreTheirs = (shape: Shape): boolean =>
  shape.keyed && !shape.columns.some((c) => c.name === shape.object.id) && !inSeveralWaves(shape);

/** `taken`: ids of ours that rows to be created would choose, and that records have already. */
export function takenIds(shape: Shape): string {
  if (idsAreTheirs(shape)) return "CREATE OR REPLACE TABLE taken(id VARCHAR)";
  return `CREATE OR REPLACE TABLE taken AS WITH own AS MATERIALIZED (SELECT ${ownMatchId(shape, "match_value")} AS id FROM decided
  WHERE action = 'create' AND link_ <> 'linked' AND ${chosenBy("match_value")})
SELECT id FROM st.link WHERE id IN (SELECT id FROM own WHERE ${chosenBy("id")}) UNION ALL SELECT id FROM have_now WHERE id IN (FROM own)`;
}

/** Where a key guards a create its id is the server's, unless another change of the plan has to know it, or the source says it. */
function sentId(shape: Shape, late: string): string {
  if (idsAreTheirs(shape)) return "NULL::VARCHAR";
  if (!shape.keyed || shape.columns.some((c) => c.name === shape.object.id)) return createId(shape);
  const awaited = shape.columns.some((c) => c.awaits) ? " OR key IN (SELECT key FROM awaited)" : "";
  return `CASE WHEN ${late} <> 0${awaited} THEN ${createId(shape)} END`;
}

/** Which decided rows have their record deactivated: they left, and the sync says so; not where another sync's row has it (`heldRests`). */
export function deactivates(shape: Shape): string {
  return shape.policies.onLeave === "deactivate"
    ? `(action = 'leave' AND code IS NULL AND id IS NOT NULL AND NOT ${recordLeft})`
    : "false";
}

/**
 * Which have it activated again: we had deactivated it, and its row, or another that takes it over, is there. A mapped
 * state says itself what becomes of it.
 */
export function activates(shape: Shape): string {
  return statesOf(shape).state ? "false" : "(NOT gone AND rested AND action IN ('update', 'adopt'))";
}

const stateChange = (kind: string, statecode: 0 | 1, reason: string): string[] => [
  "key",
  "id",
  `'${kind}' AS kind`,
  "1::UBIGINT AS m",
  `'${statecode}' AS c_statecode`,
  `${reason} AS c_statuscode`,
];

/**
 * SQL: the fault of a decided row as people are told it: its code, the column and the value. A rule about rows is broken by
 * the value that records are found by.
 */
export function faultOf(shape: Shape): string[] {
  const ofRule = "code IS NULL AND rule_code IS NOT NULL";
  return [
    "coalesce(code, rule_code) AS code",
    `CASE WHEN ${ofRule} THEN ${text(shape.match.map((c) => c.name).join(", "))} ELSE col END AS col`,
    // A row that the destination refuses has no value of its own at fault that we knew of.
    `CASE WHEN ${ofRule} THEN match_value ELSE value END AS value`,
  ];
}

/** SQL: what is told besides of the fault of a decided row: the others it is about, or what its column takes. */
export const saidOfFault = `coalesce(others, nullif("limit", ''))`;

/**
 * The statements that put a plan on disk. Position in a change file is the change number. c_* = new value (meant where
 * the bit in m or a is set), o_* = what the destination holds, sm and dm = why it is written (see `decide`). Which creates carry an id is `sentId`'s.
 * `values`: where the values of decided rows are. `reason`: SQL of the status reason that those that are put to rest or woken
 * get; null where that is the server's to choose.
 */
export function writeChanges(
  shape: Shape,
  file: { touched: string; change: (wave: Wave) => string; parents: (k: number) => string; settled: string },
  values: Values,
  reason = "NULL::VARCHAR",
): Apart {
  const { early, main, late } = waveMasks(shape);
  const fresh = (m: string) =>
    shape.columns.map((c) => `CASE WHEN ${has(`(${m} | a)`, c)} THEN x_${c.index} END AS ${stored(c)}`);
  // Of a row to be created all that is wanted is sent, unless some of it has to wait.
  const first = inSeveralWaves(shape) ? fresh(main) : shape.columns.map((c) => `x_${c.index} AS ${stored(c)}`);
  const old = shape.columns.map((c) => `o_${c.index} AS ${ident(`o_${c.name}`)}`);
  // Undo knows the id of what it makes anew.
  const id = `CASE WHEN action = 'create' AND id IS NULL THEN ${sentId(shape, late)} ELSE id END AS id`;
  const moved = ["sm", "dm"];
  const head = ["key", "id", "action AS kind", `${main} AS m`, "a", ...moved, "match_value"];
  const parties = shape.parties.map((c) => `${wanted(c)} AS ${partyColumn(c)}`);
  const alone = (m: string, kind: string, to: string) => {
    const said = ["key", id, `'${kind}' AS kind`, `${m} AS m`, `0::${maskType} AS a`, ...moved, "match_value"];
    return valued([...said, ...fresh(m), ...old], `${m} <> 0`, to);
  };
  const copy = (items: string[], which: string, to: string, from = ownValues.of(which)) =>
    `COPY (WITH ${dealt("these", from, values.rows)} SELECT ${list(items)} FROM these) TO ${text(to)} (FORMAT parquet, COMPRESSION snappy, ${inGroups}, ${atOnce})`;
  const valued = (items: string[], which: string, to: string) => copy(items, which, to, values.of(which));
  const creates = "action = 'create'";
  const made = [
    copy(
      ["key", id, ...head.slice(2), ...first, ...parties],
      creates,
      file.change("1-create"),
      values.of(creates, false),
    ),
    alone(late, "later", file.change("3-complete")),
  ];
  const others = [
    valued([...head, ...fresh(main), ...old], `action <> 'create' AND ${main} <> 0`, file.change("2-update")),
    valued([...stateChange("deactivate", 1, reason), ...old], deactivates(shape), file.change("3-deactivate")),
    valued(["key", "id", "'delete' AS kind", ...old], "action = 'delete'", file.change("4-delete")),
    valued([...head, ...fresh(main), ...old], `action <> 'create' AND ${main} = 0 AND a <> 0`, file.settled),
    copy(
      [
        ...["key", "gone", "h", "rested", "old_id", "id", "link_", "action", "match_value"],
        ...faultOf(shape),
        `${saidOfFault} AS others`,
        "waits",
      ],
      "true",
      file.touched,
    ),
  ];
  const wake = file.change("0-activate");
  if (statesOf(shape).state) made.push(alone(early, "wake", wake));
  else others.push(copy(stateChange("activate", 0, reason), activates(shape), wake));
  const parents = madeRefs(shape).map((made, k) => madeParents(made, file.parents(k)));
  return { before: values.first, here: [takenIds(shape), ...parents, ...made], beside: others };
}
