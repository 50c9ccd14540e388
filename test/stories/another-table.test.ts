import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { type Logged, peopleSync, useWorkbench } from "../workbench.ts";

/** A run is killed, and then its sync writes to another table: what the dead run made there is none of this one's. */

const bench = useWorkbench();
const people = Array.from({ length: 300 }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: `${n}@example.com` }));
const onAccounts = (mirror: string) =>
  JSON.stringify({
    ...{ model: "people", to: "crm", object: "account", match: "accountnumber", mirror },
    mapping: { accountnumber: "id", name: "name", emailaddress1: "email" },
  });

const files = () => join(bench.folder, ".sluice/default/people/runs");

/** A run whose first hundred creates are told done, killed as it waits to send more. */
async function killed(): Promise<void> {
  const match = { method: "POST", path: "CreateMultiple" };
  await bench.control("POST", "faults", { match, nth: 2, times: 1_000_000, status: 429, retryAfter: 1 });
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "--json");
  for (let told = false; !told; ) {
    const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
    told =
      requests.some(({ write, status }) => write && status === 429) &&
      readFileSync(join(files(), bench.latest(), "journal.ndjson"), "utf8").includes("\n");
  }
  run.kill();
  await run.ended;
  await bench.control("DELETE", "faults");
}

const count = async (table: string) => (await bench.rows(table)).length;

test.each(["auto", "touched", "none"])(
  "its first run was killed: every row goes there (mirror: %s)",
  async (mirror) => {
    await bench.begin({ "syncs/people.yaml": peopleSync({ mirror }) });
    bench.source("people", people);
    await killed();
    const dead = bench.latest();
    bench.write("syncs/people.yaml", onAccounts(mirror));
    expect(await bench.run()).toMatchObject({ received: 300, created: 300, excluded: 0 });
    expect(await bench.run()).toMatchObject({ unchanged: 300, writes: 0 });
    expect(await bench.verify()).toMatchObject({ differences: 0 });
    expect(await bench.doctor()).toMatchObject({ warnings: 0 });
    await expect(bench.undo({ run: dead })).rejects.toMatchObject({ code: "not_undoable" });
    bench.write("syncs/people.yaml", peopleSync({ mirror }));
    await expect(bench.run()).rejects.toMatchObject({ code: "state_elsewhere" });
    await bench.rebuild("people", { force: true });
    expect(await bench.run()).toMatchObject({ received: 300, created: 200, unchanged: 100 });
    expect([await count("contact"), await count("account")]).toEqual([300, 300]);
  },
);

test("a later run was killed: a rebuild takes nothing of it over", async () => {
  await bench.begin();
  bench.source("people", people.slice(0, 20));
  await bench.run();
  bench.source("people", people);
  await killed();
  bench.write("syncs/people.yaml", onAccounts("auto"));
  await expect(bench.run()).rejects.toMatchObject({ code: "state_elsewhere" });
  expect(await bench.rebuild("people", { force: true })).toMatchObject({ linked: 0, missing: 300 });
  expect(await bench.run()).toMatchObject({ created: 300, excluded: 0 });
  const made = bench.latest();
  expect(await bench.run()).toMatchObject({ unchanged: 300, writes: 0 });
  expect((await bench.undo({ run: made }, { deleteCreated: true })).counts).toMatchObject({ deleted: 300 });
  expect([await count("contact"), await count("account")]).toEqual([114, 0]);
});
