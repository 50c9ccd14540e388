import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Two write one record in the same moment. */

const bench = useWorkbench();
const people = (name: string) => ["1", "2", "3"].map((id) => ({ id, name, email: null }));
const inDynamics = async () => (await bench.rows("contact")).map((row) => row.lastname);

/** While the next run is under way, after its plan was made, a person renames the second contact. */
async function renamedMeanwhile(concurrency: "last" | "strict") {
  await bench.begin({ "syncs/people.yaml": peopleSync({ concurrency }) });
  bench.source("people", people("Old"));
  await bench.run();
  const [, second] = await bench.rows("contact");
  const path = concurrency === "strict" ? "$batch" : "UpdateMultiple";
  await bench.control("POST", "faults", { match: { path }, status: 429, retryAfter: 1, times: 1_000_000 });
  await bench.control("POST", "requests/clear");
  bench.source("people", people("New"));
  const running = bench.runThroughFaults();
  for (let held = false; !held; ) {
    const { requests } = await bench.control<{ requests: { status: number }[] }>("GET", "requests");
    held = requests.some((each) => each.status === 429);
  }
  await bench.person("PATCH", `contacts(${second!.contactid})`, { lastname: "By hand" });
  await bench.control("DELETE", "faults");
  return running;
}

test("strict: the person was first, so the row waits; the next run overwrites as `drift` says", async () => {
  expect(await renamedMeanwhile("strict")).toMatchObject({
    updated: 2,
    excluded: 1,
    writes: 2,
    problems: [{ key: "2", status: "excluded", code: "moved_there" }],
  });
  expect(await inDynamics()).toEqual(["New", "By hand", "New"]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, excluded: 0, writes: 1 });
  expect(await inDynamics()).toEqual(["New", "New", "New"]);
  expect((await bench.verify()).differences).toBe(0);
});

test("last: we were last", async () => {
  expect(await renamedMeanwhile("last")).toMatchObject({ updated: 3, excluded: 0 });
  expect(await inDynamics()).toEqual(["New", "New", "New"]);
});
