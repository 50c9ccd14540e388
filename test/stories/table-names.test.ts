import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** A table has a name, a plural and a title, and a lookup that leads to one table need not name it: syncs that use different ones meet all the same. */

const bench = useWorkbench();

const firm = (no: string, boss = "") => ({ no, title: `Firm ${no}`, boss });
const person = (id: string, firm = "") => ({ id, name: `Name ${id}`, email: `${id}@example.com`, firm });
const toFirm = { parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } } };
const toBoss = { primarycontactid: { from: "boss", lookup: { by: "externaluseridentifier" } } };
const firmsSync = ({ mapping, ...more }: { mapping?: object; object?: string } = {}) =>
  JSON.stringify({
    ...{ model: "firms", to: "crm", object: "accounts", match: "accountnumber" },
    mapping: { accountnumber: "no", name: "title", ...mapping },
    ...more,
  });

test.each(["accounts", "Account", "ACCOUNT"])(
  "firms go before people whose file calls them otherwise: %s",
  async (object) => {
    const files = { "syncs/people.yaml": peopleSync({ mapping: toFirm }), "syncs/zfirms.yaml": firmsSync({ object }) };
    await bench.begin({ ...withFirms, "syncs/firms.yaml": null, ...files });
    bench.source("firms", [firm("F1")]);
    bench.source("people", [person("1", "F1")]);
    expect((await bench.plan()).totals).toMatchObject({ create: 2, rejected: 0 });
    expect(await bench.run()).toMatchObject({ created: 2, rejected: 0, writes: 2 });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  },
);

test("people go before firms whose lookup names no table, since it leads to one", async () => {
  await bench.begin({
    ...withFirms,
    "syncs/people.yaml": peopleSync(),
    "syncs/firms.yaml": firmsSync({ mapping: toBoss }),
  });
  bench.source("firms", [firm("F1", "1")]);
  bench.source("people", [person("1")]);
  expect((await bench.plan()).totals).toMatchObject({ create: 2, rejected: 0 });
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 0, writes: 2 });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a circle that only the destination tells is named before anything is begun, and by `sluice check`", async () => {
  const files = {
    "syncs/people.yaml": peopleSync({ mapping: toFirm }),
    "syncs/firms.yaml": firmsSync({ mapping: toBoss }),
  };
  await bench.begin({ ...withFirms, ...files });
  bench.source("firms", [firm("F1", "1")]);
  bench.source("people", [person("1", "F1")]);
  const fault = "These syncs wait for each other, so none can be first: firms needs people needs firms.";
  const told = { code: "yaml_invalid", message: fault, place: { file: "syncs/firms.yaml" } };
  await expect(bench.run()).rejects.toMatchObject(told);
  await expect(bench.plan()).rejects.toMatchObject(told);
  expect(await bench.runs()).toEqual([]);
  const [crm] = await checked();
  expect(crm!.steps.at(-1)).toMatchObject({ step: "order of syncs", status: "failed", cause: fault });
  // One alone waits for nobody.
  expect(await bench.run("people")).toMatchObject({ rejected: 1, writes: 0 });
});

test("`sluice check` tells the order", async () => {
  const files = { "syncs/people.yaml": peopleSync({ mapping: toFirm }), "syncs/zfirms.yaml": firmsSync() };
  await bench.begin({ ...withFirms, "syncs/firms.yaml": null, ...files });
  const [crm] = await checked();
  expect(crm!.steps.at(-1)).toEqual({ step: "order of syncs", status: "ok", detail: "zfirms, people" });
});

test("two syncs that write one column of a table under two names are told before anything is sent", async () => {
  const other = peopleSync({ object: "Contact", match: "emailaddress1", mapping: { emailaddress1: "email" } });
  await bench.begin({ "syncs/people.yaml": peopleSync({ object: "contacts" }), "syncs/others.yaml": other });
  bench.source("people", [person("1")]);
  for (const [sync, twin] of [
    ["people", "others"],
    ["others", "people"],
  ] as const) {
    const message = `The syncs ${sync} and ${twin} both write externaluseridentifier of contact on crm: each would undo the other.`;
    await expect(bench.run(sync)).rejects.toMatchObject({ code: "mapping_unfit", message });
  }
  expect(await bench.rows("contact")).toEqual([]);
});

test("two syncs that fill one list with a table under two names are told before anything is sent", async () => {
  const audiences = { vip: { list: "VIP" } };
  const other = JSON.stringify({
    ...{ model: "people", to: "crm", object: "contacts", match: "externaluseridentifier" },
    ...{ mode: "update", mapping: { externaluseridentifier: "id" }, audiences },
  });
  await bench.begin({
    "syncs/people.yaml": peopleSync({ object: "Contact", audiences }),
    "syncs/others.yaml": other,
    "audiences/vip.yaml": "model: people\nwhere: id = '1'\n",
  });
  bench.source("people", [person("1")]);
  await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  await expect(bench.run("people")).rejects.toMatchObject({
    code: "mapping_unfit",
    message: expect.stringMatching(/filled by the syncs people and others/),
  });
  expect(await bench.rows("contact")).toEqual([]);
});

async function checked() {
  const { connections } = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.check({ connection: "crm" }),
  );
  return connections;
}
