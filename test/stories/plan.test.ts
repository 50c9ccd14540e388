import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A plan sends nothing and keeps nothing, and the run that follows does what it says. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({ id, name: `Name ${id}`, email: `${id}@example.com`, vip: "yes", ...more });

test("every kind of change at once", async () => {
  await bench.begin(
    {
      "syncs/people.yaml": peopleSync({ onLeave: "clear", audiences: { vip: "new_vip" } }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    },
    { columns: [{ name: "new_Vip", title: "VIP", type: "text", maxLength: 20 }] },
  );
  const before = ["same", "changes", "leaves", "deleted", "drifts", "falls ill"].map((id) => person(id));
  bench.source("people", before);
  await bench.run();
  const ids = Object.fromEntries(
    (await bench.rows("contact")).map((row) => [row.externaluseridentifier, row.contactid]),
  );
  await bench.person("DELETE", `contacts(${ids.deleted})`);
  await bench.person("PATCH", `contacts(${ids.drifts})`, { lastname: "By hand" });
  await bench.person("POST", "contacts", { externaluseridentifier: "differs", lastname: "Other" });
  await bench.person("POST", "contacts", {
    externaluseridentifier: "equal",
    lastname: "Name equal",
    emailaddress1: "equal@example.com",
    new_vip: "realized",
  });
  bench.source("people", [
    person("same"),
    person("changes", { name: "Changed" }),
    person("deleted", { name: "Changed" }),
    person("drifts"),
    person("falls ill", { name: "x".repeat(51), vip: "no" }),
    person("new"),
    person("new but ill", { name: "x".repeat(51) }),
    person("differs"),
    person("equal"),
    { ...person(""), id: null },
  ]);

  await bench.control("POST", "requests/clear");
  const first = await bench.plan();
  const again = await bench.plan();
  expect(await bench.control("GET", "requests")).toMatchObject({ writes: 0 });
  expect(again.totals).toEqual(first.totals);
  const planned = { create: 1, adopt: 2, update: 3, delete: 0, unchanged: 1, excluded: 1, rejected: 3, parents: 0 };
  const beside = { leave: 1, deactivate: 0, exit: 2, status: 1, add: 0, remove: 0 };
  expect(first.totals).toEqual({ received: 11, ...planned, ...beside });
  const kinds = first.plans[0]!.samples.map(({ key, op }) => [key, op]).sort();
  expect(kinds).toEqual([
    ["changes", "update"],
    ["differs", "adopt"],
    ["drifts", "update"],
    ["falls ill", "status"],
    ["leaves", "leave"],
    ["new", "create"],
  ]);
  expect(first.plans[0]!.samples.find(({ key }) => key === "changes")).toEqual({
    key: "changes",
    op: "update",
    id: ids.changes,
    columns: [{ name: "lastname", old: "Name changes", new: "Changed" }],
  });

  const ran = await bench.run();
  expect(ran).toMatchObject({
    received: 11,
    created: 1,
    updated: 4,
    unchanged: 2,
    excluded: 1,
    rejected: 3,
    failed: 0,
  });
  // The row that fell ill is rejected, and yet its status is written.
  expect(ran.writes).toBe(6);
  expect((await bench.plan()).totals).toMatchObject({
    create: 0,
    adopt: 0,
    update: 0,
    unchanged: 6,
    excluded: 1,
    rejected: 3,
  });
});
