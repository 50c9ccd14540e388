import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What a plan that is applied holds back of audiences is not forgotten. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({
  id,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  phone: "999",
  ...more,
});
const statuses = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [row.externaluseridentifier, row.new_status]));

test("a row that became invalid after the plan, and left its audience, exits with the next run", async () => {
  await bench.begin(
    {
      "syncs/people.yaml": peopleSync({ audiences: { vips: "new_status" } }),
      "audiences/vips.yaml": "model: people\nwhere: phone = '999'\n",
    },
    { columns: [{ name: "new_Status", title: "Status", type: "text", maxLength: 20 }] },
  );
  bench.source("people", [person("1"), person("2"), person("3")]);
  await bench.run();
  bench.source("people", [person("1"), person("2"), person("3", { name: "New" })]);
  const { plans } = await bench.plan();
  bench.source("people", [
    person("1", { phone: "123", name: "x".repeat(500) }),
    person("2"),
    person("3", { name: "New" }),
  ]);
  const done = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.run({ syncs: [], plan: plans[0]!.run }),
  );
  expect(done.totals).toMatchObject({ updated: 1, rejected: 1 });
  expect(await statuses()).toEqual({ 1: "realized", 2: "realized", 3: "realized" });
  expect(await bench.run()).toMatchObject({ rejected: 1 });
  expect(await statuses()).toEqual({ 1: "exited", 2: "realized", 3: "realized" });
  expect(await bench.run()).toMatchObject({ writes: 0, rejected: 1 });
});
