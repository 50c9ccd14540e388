import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** An audience that came back empty stops a run as long as anybody could be taken out, and not for records that are gone. */

const bench = useWorkbench();
const targets = { list: { list: "VIP" }, column: "new_status" };
const people = (first: string, others = first, name = "N1") =>
  ["1", "2", "3"].map((id) => ({
    id,
    name: id === "1" ? name : `N${id}`,
    email: null,
    vip: id === "1" ? first : others,
  }));
const stops = () => expect(bench.run()).rejects.toMatchObject({ code: "audience_empty" });

/** Three members; somebody deletes the record of 1, which is held; then the audience has no rows, and a person lets that pass. */
async function emptied(what: keyof typeof targets, mirror: string): Promise<string> {
  await bench.begin(
    {
      "syncs/people.yaml": peopleSync({ audiences: { vip: targets[what] }, mirror }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    },
    { columns: [{ name: "new_Status", title: "Status", type: "text", maxLength: 20 }] },
  );
  await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  bench.source("people", people("yes"));
  await bench.run();
  const of1 = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "1");
  await bench.person("DELETE", `contacts(${of1!.contactid})`);
  await bench.run();
  bench.source("people", people("no"));
  await stops();
  expect(await bench.approve("audience_empty")).toMatchObject({ updated: 2, excluded: 1, writes: 2 });
  return String(of1!.contactid);
}

const cases = [
  ["list", "all"],
  ["list", "touched"],
  ["column", "all"],
  ["column", "touched"],
] as const;

test.each(cases)("a member whose record is gone is not asked about again (%s, mirror: %s)", async (what, mirror) => {
  await emptied(what, mirror);
  for (let n = 0; n < 2; n++) expect(await bench.run()).toMatchObject({ unchanged: 2, excluded: 1, writes: 0 });
  bench.source("people", people("no", "no", "Another"));
  expect(await bench.run()).toMatchObject({ unchanged: 2, excluded: 1, writes: 0 });

  // Nor does it hide that all others would be taken out.
  bench.source("people", people("no", "yes", "Another"));
  expect(await bench.run()).toMatchObject({ updated: 2, excluded: 1, writes: 2 });
  bench.source("people", people("no", "no", "Another"));
  await stops();
});

test.each(cases)("once the record is restored its row goes as any other (%s, mirror: %s)", async (what, mirror) => {
  const id = await emptied(what, mirror);
  await bench.person("POST", "contacts", {
    contactid: id,
    externaluseridentifier: "1",
    lastname: "N1",
    ...(what === "column" && { new_status: "realized" }),
  });
  if (what === "column") {
    await stops();
    expect(await bench.approve("audience_empty")).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
  }
  for (let n = 0; n < 2; n++) expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  bench.source("people", people("yes"));
  expect(await bench.run()).toMatchObject({ updated: 3, writes: 3 });
  expect(await bench.verify()).toMatchObject({ differences: 0 });
});

test("one who is in the list again with its record is asked about before it is taken out", async () => {
  const id = await emptied("list", "all");
  const [list] = await bench.rows("list");
  await bench.person("POST", "contacts", { contactid: id, externaluseridentifier: "1", lastname: "N1" });
  await bench.person("POST", `lists(${list!.listid})/listcontact_association/$ref`, {
    "@odata.id": `${bench.sandbox.origin}/api/data/v9.2/contacts(${id})`,
  });
  await stops();
  expect(await bench.approve("audience_empty")).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});
