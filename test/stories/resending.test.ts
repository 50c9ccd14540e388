import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Rows that wait are tried again because somebody asks, and nothing else happens. */

const bench = useWorkbench();
const plugin = (name: string) => ({ table: "contact", column: "lastname", equals: name, throws: `No ${name}.` });
const row = (id: string, name: string) => ({ id, name, email: `${id}@example.com` });

test("those rows and no other; the rest is the next run's, also what was changed there meanwhile", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", plugin("Evil"));
  await bench.control("POST", "plugins", plugin("Bad"));
  const long = "x".repeat(60);
  const rows = [row("1", "Evil"), row("2", "Bad"), row("3", long), row("4", "Dora"), row("5", "Emil")];
  bench.source("people", rows);
  expect(await bench.run()).toMatchObject({ received: 5, created: 2, rejected: 3 });

  await bench.control("DELETE", "plugins");
  const dora = (await bench.rows("contact")).find((one) => one.lastname === "Dora")!;
  await bench.person("PATCH", `contacts(${dora.contactid})`, { lastname: "By hand" });
  // A row changed, one more came, one left: none of that is asked for.
  bench.source("people", [...rows.slice(0, 4), row("6", "Fay")]);
  const resent = await bench.resend({ sync: "people", keys: ["1", "4"] });
  expect(resent).toMatchObject({ received: 1, created: 1, rejected: 0, unchanged: 0, writes: 1 });
  expect(resent.problems.map((one) => one.key)).toEqual(["2", "3"]); // what still waits is told, not counted

  const again = await bench.resend({ sync: "people", column: "lastname" });
  expect(again).toMatchObject({ received: 1, created: 0, rejected: 1, writes: 0 });

  expect(await bench.run()).toMatchObject({ received: 5, created: 2, updated: 1, rejected: 1, unchanged: 1 });
  expect((await bench.rows("contact")).map((one) => one.lastname).sort()).toEqual([
    "Bad",
    "Dora",
    "Emil",
    "Evil",
    "Fay",
  ]);
  expect(await bench.run()).toMatchObject({ unchanged: 4, rejected: 1, writes: 0 });
});

test("a mended mapping is tried on the rows it is for; the next run takes it to all", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { gendercode: "sex" } }) });
  const rows = ["Male", "m", "Female"].map((sex, n) => ({ ...row(`${n}`, `Name ${n}`), sex, nick: `N${n}` }));
  bench.source("people", rows);
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 1 });
  const mended = { from: "sex", values: { m: 1 } };
  bench.write("syncs/people.yaml", peopleSync({ mapping: { gendercode: mended, nickname: "nick" } }));
  expect(await bench.resend({ sync: "people", code: "not_an_option" })).toMatchObject({ received: 1, created: 1 });
  expect((await bench.rows("contact")).filter((one) => one.nickname)).toHaveLength(1);
  expect(await bench.run()).toMatchObject({ received: 3, updated: 2, unchanged: 1, writes: 2 });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test("rows that do not wait are named; none at all is an error, and so is no choice", async () => {
  await bench.begin();
  bench.source("people", [row("1", "Ana")]);
  await bench.run();
  await expect(bench.resend({ sync: "people", all: true })).rejects.toMatchObject({ code: "nothing_waits" });
  await expect(bench.resend({ sync: "people", keys: ["1"] })).rejects.toThrow("with the key 1");
  await expect(bench.resend({ sync: "people" })).rejects.toMatchObject({ code: "usage" });
  await expect(bench.resend({ sync: "people", all: true, code: "x" })).rejects.toMatchObject({ code: "usage" });
});

test("a guard stands against chosen rows, too, until a person lets it pass", async () => {
  await bench.begin();
  bench.source("people", [row("1", "Ana"), row("2", "x".repeat(60))]);
  await bench.run();
  await bench.undo({ sync: "people" });
  const request = { sync: "people", keys: ["2"] };
  await expect(bench.resend(request)).rejects.toMatchObject({ code: "undone" });
  await expect(bench.resolve({ run: bench.latest(), how: "restart" })).rejects.toMatchObject({ code: "undone" });
  const approve = { codes: ["undone" as const], by: "Ana" };
  expect(await bench.resend({ ...request, approve })).toMatchObject({ received: 1, rejected: 1, writes: 0 });
});

test("after an undo: what is approved for some rows is approved for no others", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", plugin("Evil"));
  const rows = [row("1", "Evil"), row("2", "Ann")];
  bench.source("people", rows);
  await bench.run();
  bench.source("people", [rows[0]!, row("2", "Anna")]);
  await bench.run();
  await bench.undo({ sync: "people" });
  await bench.control("DELETE", "plugins");
  const by = "a test";
  const some = { sync: "people", keys: ["1"] };
  await expect(bench.resend(some)).rejects.toMatchObject({ code: "undone" });
  expect(await bench.resend({ ...some, approve: { codes: ["undone"], by } })).toMatchObject({ created: 1, writes: 1 });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
  expect((await bench.rows("contact")).map((one) => one.lastname).sort()).toEqual(["Ann", "Evil"]);
  expect(await bench.approve("undone")).toMatchObject({ updated: 1, writes: 1 });
});
