import type { Shot } from "./requests.ts";

/** An answer as it came, and how a request is sent for one. */
export type Answered = { status: number; type: string; text: string };
export type Send = (shot: Shot) => Promise<Answered>;

const TABLES: [set: string, id: string][] = [
  ["contacts", "contactid"],
  ["accounts", "accountid"],
];
type Row = Record<string, unknown>;

/**
 * Follows the rows of two tables by change tracking from now on. `after` compares: what the delta link tells, put upon
 * what was read at first, is what a full read gives, without an id twice (dataverse.md section 10); and the service still
 * answers WhoAmI. It returns what is wrong.
 */
export async function checkInvariants(send: Send): Promise<{ after(): Promise<string[]> }> {
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const shot: Shot = { kind: "webApi", method: "GET", path: `/api/data/v9.2/${path}`, headers };
    const answer = await send(shot);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return JSON.parse(answer.text) as Row & { value: Row[] };
  };
  const all = async (path: string, headers: Record<string, string> = {}) => {
    const rows: Row[] = [];
    let page = await get(path, headers);
    for (;;) {
      rows.push(...page.value);
      const next = page["@odata.nextLink"];
      if (typeof next !== "string") return { rows, link: String(page["@odata.deltaLink"]).split("/v9.2/")[1]! };
      page = await get(next.split("/v9.2/")[1]!, headers);
    }
  };
  const followed = await Promise.all(
    TABLES.map(async ([set, id]) => ({
      set,
      id,
      first: await all(`${set}?$select=${id}`, { prefer: "odata.track-changes" }),
    })),
  );
  return {
    async after() {
      const problems: string[] = [];
      for (const { set, id, first } of followed) {
        const told = new Map(first.rows.map((row) => [row[id], row["@odata.etag"]]));
        for (const row of (await all(first.link)).rows) {
          if (row.reason === "deleted") told.delete(row.id);
          else told.set(row[id], row["@odata.etag"]);
        }
        const { rows } = await all(`${set}?$select=${id}`);
        const there = new Map(rows.map((row) => [row[id], row["@odata.etag"]]));
        if (there.size !== rows.length) problems.push(`${set}: an id stands twice`);
        const strays =
          [...there].filter(([key, tag]) => told.get(key) !== tag).length +
          [...told].filter(([key]) => !there.has(key)).length;
        if (strays > 0) problems.push(`${set}: ${strays} rows differ from what change tracking told`);
      }
      await get("WhoAmI");
      return problems;
    },
  };
}
