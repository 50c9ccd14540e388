import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** The SQL of a model is a stranger's: it reads the tables of its connection and nothing that Sluice knows. */

const bench = useWorkbench();

test("no SQL reads a state or a run, its own or another sync's, however it comes to the name", async () => {
  await bench.begin(withFirms);
  bench.source("firms", [{ no: "F1", title: "First" }]);
  bench.source("people", [{ id: "1", name: "Ana", email: "ana@example.com", firm: "F1" }]);
  await bench.run();
  // Who deletes may have to look into the states of others.
  bench.write("syncs/people.yaml", peopleSync({ onLeave: "delete", allowDelete: true }));
  const row = "SELECT id, name, email FROM people WHERE";
  for (const sync of ["firms", "people"]) {
    const folder = join(bench.folder, ".sluice/default", sync);
    const run = join(folder, "runs", readdirSync(join(folder, "runs"))[0]!);
    for (const path of [join(folder, "rows.duckdb"), join(run, "touched.parquet"), "st.link", "link", "touched"]) {
      const file = `"${path}"`;
      for (const sql of [
        `${row} EXISTS (FROM ${file})`,
        `WITH ${file} AS (FROM ${file}) ${row} EXISTS (FROM ${file})`,
        `${row} EXISTS (WITH ${file} AS (SELECT 1) FROM ${file}) AND EXISTS (FROM ${file})`,
        `${row} EXISTS (FROM read_blob('${path}'))`,
        `${row} json_serialize_plan('SELECT max(id) FROM ${file}', optimize := true) <> ''`,
      ]) {
        bench.write("models/people.yaml", JSON.stringify({ connection: "data", key: "id", sql }));
        const refused = { place: { file: "models/people.yaml" } };
        await expect(bench.plan("people"), sql).rejects.toMatchObject({
          code: expect.stringMatching(/^(unknown_name|sql_invalid)$/),
          ...refused,
        });
      }
    }
  }
});
