import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** Deletes: only what left by its key, only where the sync allows it, and never many at once unasked. */

const bench = useWorkbench();
const person = (n: number | string, more = {}): SourceRow => ({
  id: String(n),
  number: `N${n}`,
  name: `Name ${n}`,
  email: `${n}@example.com`,
  born: "1990-01-01",
  ...more,
});
const people = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => person(from + i));
const start = (more: Record<string, unknown> = {}) =>
  bench.begin({
    "syncs/people.yaml": peopleSync({
      mapping: { externaluseridentifier: "number", birthdate: { from: "born", formats: ["yyyy-MM-dd"] } },
      onLeave: "delete",
      allowDelete: true,
      ...more,
    }),
  });
/** A contact that was visited cannot be deleted. */
const needed = {
  "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
  SchemaName: "new_contact_lead",
  ReferencedEntity: "contact",
  ReferencedAttribute: "contactid",
  ReferencingEntity: "lead",
  CascadeConfiguration: {
    Assign: "NoCascade",
    Delete: "Restrict",
    Merge: "NoCascade",
    Reparent: "NoCascade",
    Share: "NoCascade",
    Unshare: "NoCascade",
  },
  Lookup: {
    "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
    AttributeType: "Lookup",
    AttributeTypeName: { Value: "LookupType" },
    SchemaName: "new_Visited",
    DisplayName: {
      "@odata.type": "Microsoft.Dynamics.CRM.Label",
      LocalizedLabels: [
        { "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", Label: "Visited", LanguageCode: 1033 },
      ],
    },
  },
};
const numbers = async () => (await bench.rows("contact")).map((row) => String(row.externaluseridentifier)).sort();

test("`onLeave: delete` deletes the record, once; a row that comes back is made anew", async () => {
  await start();
  bench.source("people", people(1, 3));
  await bench.run();
  bench.source("people", people(2, 3));
  const planned = await bench.plan();
  expect(planned.totals).toMatchObject({ received: 3, delete: 1, update: 0, unchanged: 2 });
  // Read where Dynamics says what becomes of records that point at a deleted one.
  expect(planned.plans[0]!.warnings).toContainEqual(
    expect.stringMatching(
      /^With each deleted contact the destination deletes .*annotation.* and empties .*account\.primarycontactid/,
    ),
  );
  const left = await bench.run();
  expect(left).toMatchObject({ received: 3, deleted: 1, updated: 0, unchanged: 2, writes: 1 });
  expect(left.log).toMatchObject([{ path: expect.stringMatching(/\$batch$/), rows: 1 }]);
  expect(await numbers()).toEqual(["N2", "N3"]);
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
  bench.source("people", people(1, 3));
  expect(await bench.run()).toMatchObject({ received: 3, created: 1, unchanged: 2, writes: 1 });
});

test("who became invalid, or changed its key and is refused, keeps its record until that is settled", async () => {
  await start();
  bench.source("people", people(1, 4));
  await bench.run();
  const renamed = person(2, { id: "2-new", born: "soon" });
  bench.source("people", [person(1, { born: "never" }), renamed, person(3, { id: "3-new" }), person(4)]);
  for (const _ of [1, 2])
    expect(await bench.run()).toMatchObject({ received: 4, deleted: 0, rejected: 2, unchanged: 2, writes: 0 });
  expect(await numbers()).toEqual(["N1", "N2", "N3", "N4"]);
  bench.source("people", [person(1), person(3, { id: "3-new" }), person(4)]);
  expect(await bench.run()).toMatchObject({ received: 4, deleted: 1, unchanged: 3, writes: 1 });
  expect(await numbers()).toEqual(["N1", "N3", "N4"]);
});

test("a delete that Dynamics refuses is a rejected row that waits; a record gone already is forgotten", async () => {
  await start();
  bench.source("people", people(1, 4));
  await bench.run();
  const [one, two] = (await bench.rows("contact")).map((row) => String(row.contactid));
  await bench.person("POST", "RelationshipDefinitions", needed);
  const visit = await bench.person("POST", "leads", {
    subject: "Visit",
    lastname: "V",
    "new_Visited@odata.bind": `/contacts(${one})`,
  });
  await bench.person("DELETE", `contacts(${two})`);
  bench.source("people", people(3, 4));
  const refused = await bench.run();
  expect(refused).toMatchObject({ received: 3, deleted: 0, rejected: 1, unchanged: 2, writes: 0 });
  expect(refused.problems).toMatchObject([
    { key: "1", code: "refused", message: expect.stringContaining("0x80040227") },
  ]);
  await bench.person("DELETE", `leads(${visit.leadid})`);
  expect(await bench.run()).toMatchObject({ received: 3, deleted: 1, unchanged: 2, writes: 1 });
  expect(await numbers()).toEqual(["N3", "N4"]);
});

test("a delete that was refused is not sent again for itself once the row is there by another key", async () => {
  await start();
  bench.source("people", people(1, 3));
  await bench.run();
  const one = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "N1")!.contactid;
  await bench.person("POST", "RelationshipDefinitions", needed);
  const visited = { subject: "Visit", lastname: "V", "new_Visited@odata.bind": `/contacts(${one})` };
  const visit = await bench.person("POST", "leads", visited);
  bench.source("people", people(2, 3));
  expect(await bench.run()).toMatchObject({ received: 3, rejected: 1, unchanged: 2, writes: 0 });
  await bench.person("DELETE", `leads(${visit.leadid})`);
  bench.source("people", [person(1, { id: "1-new" }), ...people(2, 3)]);
  for (const _ of [1, 2]) {
    const held = await bench.resend({ sync: "people", all: true });
    expect(held).toMatchObject({ received: 1, deleted: 0, excluded: 1, writes: 0 });
    expect(held.problems).toMatchObject([{ key: "1", code: "still_wanted" }]);
  }
  // It was deleted by that key neither, and is by none.
  bench.source("people", people(2, 3));
  expect(await bench.run()).toMatchObject({ received: 3, deleted: 1, unchanged: 2, writes: 1 });
  expect(await numbers()).toEqual(["N2", "N3"]);
});

test("more than 5 % of the rows, and more than ten, stop a run before anything is sent, until they may", async () => {
  await start();
  bench.source("people", people(1, 40));
  await bench.run();
  bench.source("people", [...people(1, 29), person(50)]);
  const stops = {
    code: "too_many_leaves",
    message: expect.stringContaining("11 of 40 known rows would leave (11 deleted)"),
  };
  const { plans } = await bench.plan();
  expect(plans).toMatchObject([{ plan: { create: 1, delete: 11 }, stops: [stops, { code: "too_many_deletes" }] }]);
  for (const _ of [1, 2]) await expect(bench.run()).rejects.toMatchObject({ ...stops, kind: "config" });
  expect(await numbers()).toHaveLength(40);
  expect(await bench.approve("too_many_leaves", "too_many_deletes")).toMatchObject({
    received: 41,
    created: 1,
    deleted: 11,
    unchanged: 29,
    writes: 12,
  });
  expect(await numbers()).toHaveLength(30);
  expect(await bench.run()).toMatchObject({ received: 30, unchanged: 30, writes: 0 });
  bench.source("people", people(1, 20));
  expect(await bench.run()).toMatchObject({ received: 30, deleted: 10, unchanged: 20 });
});
