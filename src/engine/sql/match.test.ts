import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDuck } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { haveGone } from "./decide.ts";
import { undated } from "./look.ts";
import { matching } from "./match.ts";

test("what is known of a large mirror of exceptions is looked up without keeping it in memory", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const duck = await openDuck({ memoryLimit: "80MB", temp: folder, threads: 1 });
  const shape = { match: [{ name: "code", index: 0 }], policies: { severalMatches: "oldest" } } as unknown as Shape;
  try {
    for (const statement of [
      "SET max_temp_directory_size = '0B'",
      `ATTACH '${join(folder, "rows.duckdb")}' AS st`,
      "CREATE TABLE st.have AS SELECT md5('there' || i) AS id, false AS gone, NULL::TIMESTAMP AS created, 'x' || i AS c_code FROM range(1_500_000) t(i)",
      "CREATE TABLE st.link AS SELECT 'k' || i AS key, md5('ours' || i) AS id, 1::UBIGINT AS h, 'm' || i AS m, false AS rested FROM range(1000) t(i)",
      "CREATE TABLE st.pending(key VARCHAR, wake VARCHAR)",
      "CHECKPOINT st",
      "CREATE TEMP VIEW have_now AS FROM st.have",
      "CREATE TEMP VIEW v_link AS FROM st.link",
      "CREATE TEMP TABLE mapped AS SELECT 'n' || i AS key, 'm' || i AS match_value, NULL::VARCHAR AS link_id, false AS gone, NULL::VARCHAR AS code, false AS known FROM range(1000) t(i)",
      "CREATE TEMP TABLE touched AS SELECT key, gone FROM mapped",
      "CREATE TEMP TABLE doubled(key VARCHAR)",
      haveGone,
      ...matching(shape),
    ])
      await duck.run(statement);
    expect(await duck.one("SELECT count(*) AS n FROM matching WHERE match = 'taken'")).toEqual({ n: 1000 });
    expect(await duck.one(`SELECT count(*) AS n FROM (${undated(shape).ids.join(" UNION ALL ")})`)).toEqual({
      n: 1000,
    });
  } finally {
    await duck.close();
    rmSync(folder, { recursive: true });
  }
});
