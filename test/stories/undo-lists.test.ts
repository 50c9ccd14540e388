import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Members that a run put into lists come out of those that take an order, and are listed of the others. */

const bench = useWorkbench();
const row = (id: string, vip: string, fan: string) => ({
  id,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  vip,
  fan,
});
const list = async (name: string) =>
  (await bench.person("POST", "lists", { listname: name, createdfromcode: 2, type: false })).listid as string;
const members = async (id: string) =>
  (await bench.person("GET", `lists(${id})/listcontact_association?$select=lastname`)).value as unknown[];

test.each(["gone", "locked"])("of two lists one is %s", async (what) => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" }, fan: { list: "FAN" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    "audiences/fan.yaml": "model: people\nwhere: fan = 'yes'\n",
  });
  const [vip, fan] = [await list("VIP"), await list("FAN")];
  bench.source("people", [row("1", "no", "no"), row("2", "no", "no")]);
  await bench.run();
  bench.source("people", [row("1", "yes", "yes"), row("2", "no", "yes")]);
  await bench.run();
  if (what === "gone") await bench.person("DELETE", `lists(${vip})`);
  else await bench.person("PATCH", `lists(${vip})`, { lockstatus: true });
  const done = await bench.undo({ sync: "people" });
  expect(done.problems).toMatchObject([{ code: "undo_no_list", rows: 1 }]);
  expect(await members(fan)).toEqual([]);
});
