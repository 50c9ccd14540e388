import { describe, expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** People work in Dynamics too: they delete, edit and had contacts before us. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({ id, name: `Name ${id}`, email: `${id}@example.com`, ...more });
const two = [person("1"), person("2")];
const idOf = async (key: string) =>
  (await bench.rows("contact")).find((row) => row.externaluseridentifier === key)?.contactid;
const settings = (more: Record<string, unknown>) => ({ "syncs/people.yaml": peopleSync(more) });

describe("somebody deletes a contact", () => {
  test("it is held, not made anew, whatever its row does; when it comes back it is taken up again", async () => {
    await bench.begin();
    bench.source("people", two);
    await bench.run();
    await bench.person("DELETE", `contacts(${await idOf("1")})`);
    const held = await bench.run();
    expect(held).toMatchObject({ excluded: 1, unchanged: 1, writes: 0 });
    expect(held.problems).toMatchObject([{ key: "1", status: "excluded", code: "deleted_there" }]);
    bench.source("people", [person("1", { name: "Changed" }), person("2")]);
    expect(await bench.run()).toMatchObject({ excluded: 1, unchanged: 1, writes: 0 });
    expect(await bench.run()).toMatchObject({ excluded: 1, unchanged: 1, writes: 0 });
    expect(await bench.rows("contact")).toHaveLength(1);
  });

  test("`deletedThere: recreate` makes it anew, once", async () => {
    await bench.begin(settings({ deletedThere: "recreate" }));
    bench.source("people", two);
    await bench.run();
    await bench.person("DELETE", `contacts(${await idOf("1")})`);
    expect((await bench.plan()).totals).toMatchObject({ create: 1, unchanged: 1 });
    expect(await bench.run()).toMatchObject({ created: 1, unchanged: 1, writes: 1 });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
    expect(await bench.rows("contact")).toHaveLength(2);
  });

  test.each(["recreate", "unlink"])("`deletedThere: %s` finds the record that took its place", async (deletedThere) => {
    await bench.begin(settings({ deletedThere }));
    bench.source("people", two);
    await bench.run();
    await bench.person("DELETE", `contacts(${await idOf("1")})`);
    await bench.person("POST", "contacts", { externaluseridentifier: "1", lastname: "By hand" });
    expect(await bench.run()).toMatchObject({ updated: 1, created: 0, unchanged: 1, writes: 1 });
    expect(await bench.rows("contact")).toHaveLength(2);
    expect(await bench.run()).toMatchObject({ writes: 0, unchanged: 2 });
  });
});

describe("somebody edits a contact", () => {
  test("a mapped column is put right in the next run, another column is not our business", async () => {
    await bench.begin();
    bench.source("people", two);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { telephone1: "555", jobtitle: "Baker" });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0, log: [] });
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand", telephone1: "556" });
    const ran = await bench.run();
    expect(ran).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
    expect(ran.sent).toEqual([{ contactid: await idOf("1"), lastname: "Name 1" }]);
    expect((await bench.rows("contact"))[0]).toMatchObject({
      lastname: "Name 1",
      telephone1: "556",
      jobtitle: "Baker",
    });
    expect(await bench.run()).toMatchObject({ writes: 0 });
  });

  test("`drift: keep` leaves it to them, also when the source changes; other columns of the row go on", async () => {
    await bench.begin(settings({ drift: "keep" }));
    bench.source("people", two);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand" });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
    bench.source("people", [person("1", { name: "From the source", email: "new@example.com" }), person("2")]);
    const ran = await bench.run();
    expect(ran.sent).toEqual([{ contactid: await idOf("1"), emailaddress1: "new@example.com" }]);
    expect((await bench.rows("contact"))[0]).toMatchObject({ lastname: "By hand", emailaddress1: "new@example.com" });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  });

  test("each line may say for itself: what they changed is kept, what they emptied is put back, a conflict is ours", async () => {
    const mapping = {
      lastname: { from: "name", drift: "keep", conflict: "overwrite" },
      emailaddress1: { from: "email", drift: "fill" },
    };
    await bench.begin(settings({ mapping }));
    bench.source("people", two);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand", emailaddress1: "theirs@x.com" });
    await bench.person("PATCH", `contacts(${await idOf("2")})`, { emailaddress1: null });
    const drift = await bench.run();
    expect(drift.sent).toEqual([{ contactid: await idOf("2"), emailaddress1: "2@example.com" }]);
    bench.source("people", [person("1", { name: "From the source", email: "new@example.com" }), person("2")]);
    const conflict = await bench.run();
    expect(conflict.sent).toEqual([{ contactid: await idOf("1"), lastname: "From the source" }]);
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  });

  test("both sides make the same change: nothing is sent", async () => {
    await bench.begin();
    bench.source("people", two);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "Married" });
    bench.source("people", [person("1", { name: "Married" }), person("2")]);
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  });

  test("an audience's status is ours alone: put right even where people's edits are kept", async () => {
    await bench.begin(
      {
        ...settings({ drift: "keep", audiences: { all: "new_status" } }),
        "audiences/all.yaml": "model: people\nwhere: name <> ''\n",
      },
      { columns: [{ name: "new_Status", title: "Status", type: "text", maxLength: 20 }] },
    );
    bench.source("people", two);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { new_status: "exited" });
    expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
    expect((await bench.rows("contact"))[0]).toMatchObject({ new_status: "realized" });
  });
});

describe("contacts that were there before us", () => {
  const before = [
    { externaluseridentifier: "1", lastname: "Name 1", emailaddress1: "1@example.com" },
    { externaluseridentifier: "2 ", lastname: "Other" },
  ];
  const start = async (more: Record<string, unknown>) => {
    await bench.begin(settings(more));
    await bench.control("POST", "seed", { table: "contact", rows: before });
    bench.source("people", [...two, person("3")]);
  };

  test("are taken over, an equal one without a write, and counted apart in the plan", async () => {
    await start({});
    const { plans } = await bench.plan();
    expect(plans[0]).toMatchObject({ received: 3, plan: { create: 1, adopt: 2, update: 0, unchanged: 0 } });
    const sample = plans[0]?.samples.find((one) => one.op === "adopt");
    expect(sample?.columns).toContainEqual({ name: "lastname", old: "Other", new: "Name 2" });
    const first = await bench.run();
    expect(first).toMatchObject({ created: 1, updated: 1, unchanged: 1, writes: 2 });
    expect(await bench.rows("contact")).toHaveLength(3);
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });

  test("`firstContact: keep` leaves what they hold, until the source changes", async () => {
    await start({ firstContact: "keep" });
    expect(await bench.run()).toMatchObject({ created: 1, updated: 0, unchanged: 2, writes: 1 });
    expect((await bench.rows("contact"))[1]).toMatchObject({ lastname: "Other" });
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
    bench.source("people", [person("1"), person("2", { name: "Newer" }), person("3")]);
    const ran = await bench.run();
    expect(ran).toMatchObject({ updated: 1, writes: 1 });
    expect(ran.sent).toEqual([{ contactid: expect.any(String), lastname: "Newer" }]);
  });

  test("`firstContact: fill` fills empty columns only", async () => {
    await start({ firstContact: "fill" });
    expect(await bench.run()).toMatchObject({ created: 1, updated: 1, unchanged: 1, writes: 2 });
    expect((await bench.rows("contact"))[1]).toMatchObject({ lastname: "Other", emailaddress1: "2@example.com" });
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });

  test("update only: what is not there is named; create only: what is there is", async () => {
    await start({ mode: "update" });
    const update = await bench.run();
    expect(update).toMatchObject({ created: 0, updated: 1, unchanged: 1, rejected: 1, writes: 1 });
    expect(update.problems).toMatchObject([{ key: "3", code: "not_found" }]);
    await start({ mode: "create" });
    const create = await bench.run();
    expect(create).toMatchObject({ created: 1, updated: 0, rejected: 2, writes: 1 });
    expect(create.problems).toMatchObject([
      { key: "1", code: "exists" },
      { key: "2", code: "exists" },
    ]);
  });

  test("several that fit: none is guessed, or the oldest or newest as asked", async () => {
    const start = async (severalMatches: string) => {
      await bench.begin(settings({ match: "emailaddress1", severalMatches }), { keyed: false });
      const row = (name: string, createdon: string) => ({ lastname: name, emailaddress1: "1@example.com", createdon });
      await bench.control("POST", "seed", {
        table: "contact",
        rows: [
          row("Middle", "2021-01-01T00:00:00Z"),
          row("Newest", "2023-01-01T00:00:00Z"),
          row("Oldest", "2019-01-01T00:00:00Z"),
        ],
      });
      bench.source("people", [person("1", { name: "Ours" })]);
      const ran = await bench.run();
      return { ran, names: (await bench.rows("contact")).map((row) => row.lastname) };
    };
    const { ran } = await start("reject");
    expect(ran).toMatchObject({ rejected: 1, writes: 0 });
    expect(ran.problems).toMatchObject([{ key: "1", code: "match_ambiguous" }]);
    expect((await start("oldest")).names).toEqual(["Middle", "Newest", "Ours"]);
    expect((await start("newest")).names).toEqual(["Middle", "Ours", "Oldest"]);
  });
});
