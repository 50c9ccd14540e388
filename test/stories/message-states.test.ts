import { expect, test } from "vitest";
import { type Row, useWorkbench } from "../workbench.ts";

/** States that Dynamics sets by a message of its own: what a sync says of them is refused by name until they are set. */

const bench = useWorkbench();
const sync = (object: string, match: string, mapping: Row) => ({
  "syncs/people.yaml": JSON.stringify({
    model: "people",
    to: "crm",
    object,
    match,
    mapping: { [match]: "id", statecode: "state", ...mapping },
  }),
});
const row = (id: string, state: string, note = "note") => ({ id, name: null, email: "first@example.com", state, note });

test("opportunities won and lost are for people; the row goes once its record is there", async () => {
  await bench.begin(sync("opportunity", "name", { description: "note" }));
  bench.source("people", [row("A", "Open"), row("B", "Open"), row("C", "Won")]);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 2, rejected: 1 });
  expect(first.problems).toMatchObject([{ key: "C", code: "state_by_message", column: "statecode" }]);
  bench.source("people", [row("A", "Won", "more"), row("B", "Lost", "more"), row("C", "Open")]);
  const second = await bench.run();
  expect(second).toMatchObject({ created: 1, rejected: 2, writes: 1 });
  expect(second.problems.map(({ message }) => message).sort()).toMatchObject([
    expect.stringContaining('into the state "Lost" by the message LoseOpportunity alone'),
    expect.stringContaining('into the state "Won" by the message WinOpportunity alone'),
  ]);
  const deal = (await bench.rows("opportunity")).find(({ name }) => name === "A")!;
  const close = { "opportunityid@odata.bind": `/opportunities(${deal.opportunityid})` };
  await bench.person("POST", "WinOpportunity", { Status: -1, OpportunityClose: close });
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, rejected: 1, writes: 1 });
  const won = (await bench.rows("opportunity")).find(({ name }) => name === "A");
  expect(won).toMatchObject({ statecode: 1, description: "more" });
  expect(await bench.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });
});

test("a case is resolved by CloseIncident, and cancelled by us", async () => {
  const customer = { lookup: { object: "contact", from: "email", by: "emailaddress1" } };
  await bench.begin(sync("incident", "title", { customerid: customer }));
  await bench.person("POST", "contacts", { lastname: "First", emailaddress1: "first@example.com" });
  bench.source("people", [row("A", "Active"), row("B", "Canceled"), row("C", "Resolved")]);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 2, rejected: 1 });
  expect(first.problems[0]?.message).toContain('into the state "Resolved" by the message CloseIncident alone');
  const there = (await bench.rows("incident")).map(({ title, statecode }) => [title, statecode ?? 0]);
  expect(there.sort()).toEqual([
    ["A", 0],
    ["B", 2],
  ]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });
});

test("an opportunity is never deactivated: the sync is refused, and undo deletes what the run made or leaves it", async () => {
  const deals = (onLeave: string) => ({
    "syncs/people.yaml": JSON.stringify({
      model: "people",
      to: "crm",
      object: "opportunity",
      match: "name",
      mapping: { name: "id" },
      onLeave,
    }),
  });
  await bench.begin(deals("deactivate"));
  bench.source("people", [row("A", "Open")]);
  await expect(bench.run()).rejects.toMatchObject({
    code: "mapping_unfit",
    message: expect.stringContaining(
      'Records of opportunity cannot be deactivated: only WinOpportunity makes them "Won".',
    ),
    place: { file: "syncs/people.yaml" },
  });
  bench.write("syncs/people.yaml", deals("nothing")["syncs/people.yaml"]);
  expect(await bench.run()).toMatchObject({ created: 1 });
  const kept = await bench.undo({ sync: "people" });
  expect(kept).toMatchObject({
    counts: { excluded: 1, writes: 0 },
    problems: [{ code: "undo_no_state", keys: ["A"] }],
  });
  expect(await bench.rows("opportunity")).toHaveLength(1);
  await bench.undo({ run: kept.of }, { deleteCreated: true });
  expect(await bench.rows("opportunity")).toEqual([]);
});
