import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A state whose lookups do not say of which table their values are, as Sluice wrote it before. */

const bench = useWorkbench();
const person = (id: string, firm: string, name = id) => ({ id, name, email: `${id}@example.com`, firm });

async function makeOlder(): Promise<void> {
  const duck = await DuckDBInstance.create();
  const connection = await duck.connect();
  await connection.run(`ATTACH '${join(bench.folder, ".sluice", "default", "people", "rows.duckdb")}' AS st`);
  for (const table of ["base", "seen", "have"]) {
    const name = "c_parentcustomerid";
    await connection.run(`ALTER TABLE st.${table} RENAME "${name}:table" TO ${name}`);
    await connection.run(`UPDATE st.${table} SET ${name} = split_part(${name}, ':', 2)`);
  }
  await connection.run("UPDATE st.meta SET value = replace(value, ':table', '') WHERE name = 'mirrored'");
  connection.closeSync();
  duck.closeSync();
}

const parents = async () =>
  Object.fromEntries(
    (await bench.rows("contact")).map((row) => [row.externaluseridentifier, row._parentcustomerid_value]),
  );

test.each(["all", "touched"])("what a person changed and `drift: keep` left stays so (mirror: %s)", async (mirror) => {
  const lookup = { object: "account", by: "accountnumber", missing: "null" };
  const mapping = { parentcustomerid: { from: "firm", lookup, drift: "keep" } };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mirror, mapping }) });
  const one = (await bench.person("POST", "accounts", { name: "One", accountnumber: "F1" })).accountid;
  const two = (await bench.person("POST", "accounts", { name: "Two", accountnumber: "F2" })).accountid;
  bench.source("people", [person("1", "F1"), person("2", "F1"), person("3", "F1")]);
  await bench.run();
  const { contactid } = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "1")!;
  await bench.person("PATCH", `contacts(${contactid})`, {
    "parentcustomerid_account@odata.bind": `/accounts(${two})`,
  });
  await bench.run();
  await makeOlder();
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  expect(await parents()).toEqual({ 1: two, 2: one, 3: one });
  bench.source("people", [person("1", "F1", "New"), person("2", "F2"), person("3", "F1")]);
  expect(await bench.run()).toMatchObject({ updated: 2, unchanged: 1, writes: 2 });
  expect(await parents()).toEqual({ 1: two, 2: two, 3: one });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});
