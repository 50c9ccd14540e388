import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Where the value of a line comes from, and when it is written. */

const bench = useWorkbench();
const person = (id: string, name: string, more = {}) => ({ id, name, email: `${id}@example.com`, ...more });

test("an expression is a source like any other: it is converted, compared, and fails row by row", async () => {
  await bench.begin({
    "connections/data.yaml": "type: files\nfolder: data\ntables:\n  people: { columns: { score: integer } }\n",
    "syncs/people.yaml": peopleSync({
      mapping: {
        firstname: { expression: "upper(left(trim(name), 1)) || '.'" },
        numberofchildren: { expression: "score * 2" },
        spousesname: { expression: "TRY_CAST(nickname AS INTEGER)::VARCHAR" },
        birthdate: { expression: "CASE WHEN born <> 'never' THEN born END", formats: ["d.M.yyyy"] },
        parentcustomerid: {
          expression: "'F' || score",
          lookup: { object: "account", by: "accountnumber", missing: "null" },
        },
      },
    }),
  });
  const { accountid } = await bench.person("POST", "accounts", { name: "First", accountnumber: "F2" });
  const more = { nickname: "7", born: "29.2.2020", score: "2" };
  bench.source("people", [
    person("1", " ana", more),
    person("2", "Ben", { ...more, nickname: "x", born: "never", score: null }),
    person("3", "Cem", { ...more, score: "many" }),
    person("4", "Dee", { ...more, born: "30.2.2020" }),
  ]);
  const first = await bench.run();
  expect(first).toMatchObject({ received: 4, created: 2, rejected: 2 });
  expect(first.problems.sort((a, b) => (a.key < b.key ? -1 : 1))).toMatchObject([
    {
      key: "3",
      column: "numberofchildren",
      code: "expression_failed",
      message: expect.stringMatching(/fails on this row, where "score = many"\. .*TRY_CAST/),
    },
    { key: "4", column: "birthdate", code: "bad_date", message: expect.stringContaining("30.2.2020") },
  ]);
  const [one, two] = await bench.rows("contact");
  expect(one).toMatchObject({ firstname: "A.", numberofchildren: 4, spousesname: "7", birthdate: "2020-02-29" });
  expect(one).toMatchObject({ _parentcustomerid_value: accountid });
  expect(two).toMatchObject({ firstname: "B." });
  expect(two).not.toHaveProperty("numberofchildren");
  expect(await bench.run()).toMatchObject({ unchanged: 2, rejected: 2, writes: 0 });

  bench.source("people", [
    person("1", " Zoe", more),
    person("2", "Ben", { ...more, nickname: "y", born: "never", score: null }),
  ]);
  const second = await bench.run();
  expect(second).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
  expect(second.sent[0]).toMatchObject({ firstname: "Z." });
});

test("`write`: on create sets records of ours once, when empty fills what is empty, and neither takes anything away", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({
      mapping: {
        firstname: { from: "first", write: "on create" },
        nickname: { from: "nick", write: "when empty" },
        description: { from: "note", write: "when empty" },
      },
      onLeave: "clear",
    }),
  });
  const there = { externaluseridentifier: "1", firstname: "Theirs", nickname: "Theirs" };
  const { contactid: id } = await bench.person("POST", "contacts", { ...there, lastname: "x" });
  const row = (of: string, more = {}) => person(of, of, { first: "Ours", nick: "Ours", note: "Ours", ...more });
  bench.source("people", [row("1"), row("2")]);
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1, writes: 2 });
  const state = async () => {
    const rows = (await bench.rows("contact")).sort((a, b) =>
      String(a.externaluseridentifier) < String(b.externaluseridentifier) ? -1 : 1,
    );
    return rows.map(({ firstname = null, nickname = null, description = null }) => [firstname, nickname, description]);
  };
  expect(await state()).toEqual([
    ["Theirs", "Theirs", "Ours"],
    ["Ours", "Ours", "Ours"],
  ]);

  // The source moves: what is there stays, and that is agreed.
  bench.source("people", [row("1", { first: "New", nick: "New", note: "" }), row("2", { first: "New", nick: "New" })]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });

  // Somebody empties both columns: only the one that fills is filled, with what the source says now.
  await bench.person("PATCH", `contacts(${id})`, { firstname: null, nickname: null });
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect((await state())[0]).toEqual([null, "New", "Ours"]);

  // It leaves: what was only set or filled is nobody's to take away.
  bench.source("people", [row("2", { first: "New", nick: "New" })]);
  await bench.run();
  expect((await state())[0]).toEqual([null, "New", "Ours"]);
  expect(await bench.run()).toMatchObject({ writes: 0 });
});
