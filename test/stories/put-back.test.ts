import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** Settings changed for a run about some rows, and then put back: of all other rows the state says what it said before. */

const bench = useWorkbench();
const person = (n: number, more = {}): SourceRow => ({
  id: `${n}`,
  code: `C${n}`,
  other: `K${n}`,
  first: `First ${n}`,
  firm: `F${n % 2}`,
  name: `Name ${n}`,
  email: `${n}@example.com`,
  ...more,
});
const long = { name: "x".repeat(60) };
const [one, two, three, waits] = [person(1), person(2), person(3), person(4, long)];
const byCode = (more = {}, mapping = {}) =>
  peopleSync({ match: "externaluseridentifier", ...more, mapping: { externaluseridentifier: "code", ...mapping } });
const codes = async () => (await bench.rows("contact")).map((row) => row.externaluseridentifier).sort();
const renameKey = () => bench.write("models/people.yaml", "connection: data\ntable: people\nkey: other\n");

/** After a first run of `sync`: those that wait are sent under `meanwhile`, and then `sync` is as it was. `mended`: their rows by then. */
async function begun(sync: string, meanwhile: string, mended = waits) {
  await bench.begin({ "syncs/people.yaml": sync }, { keyed: false });
  bench.source("people", [one, two, three, waits]);
  expect(await bench.run()).toMatchObject({ created: 3, rejected: 1 });
  await resent(sync, meanwhile, mended);
}

async function resent(sync: string, meanwhile: string, mended = waits) {
  bench.source("people", [one, two, three, mended]);
  bench.write("syncs/people.yaml", meanwhile);
  const sent = mended === waits ? { rejected: 1, writes: 0 } : { rejected: 0, writes: 1 };
  expect(await bench.resend({ sync: "people", all: true })).toMatchObject(sent);
  bench.write("syncs/people.yaml", sync);
}

const byMail = { match: "emailaddress1" };

test.each([
  ["where nothing was sent", waits, byCode(byMail), 0],
  ["where a record was made", person(4), byCode(byMail), 0],
  [
    "and a record made without that value",
    person(4),
    peopleSync({ ...byMail, mapping: { externaluseridentifier: undefined } }),
    1,
  ],
])(
  "matched otherwise, %s: another row of that value is refused, and one whose key is another now finds its record",
  async (_, mended, meanwhile, writes) => {
    await begun(byCode(), meanwhile, mended);
    bench.source("people", [one, two, three, mended, person(9, { code: "C2" })]);
    const next = await bench.run();
    expect(next).toMatchObject({ created: 0, writes });
    expect(next.problems).toContainEqual(expect.objectContaining({ key: "9", code: "match_taken" }));
    bench.source("people", [one, two, three, mended]);
    renameKey();
    expect(await bench.run()).toMatchObject({ created: 0, writes: 0 });
    expect(await codes()).toEqual(["C1", "C2", "C3", ...(mended === waits ? [] : ["C4"])]);
  },
);

test("matched otherwise: no record is deleted whose row has another key now and cannot go", async () => {
  const deletes = { onLeave: "delete", allowDelete: true, deleteLimit: 10, leaveLimit: 10 };
  await begun(byCode(deletes), byCode({ ...deletes, ...byMail }));
  renameKey();
  bench.source("people", [one, { ...two, ...long }, three, waits]);
  expect(await bench.run()).toMatchObject({ created: 0, deleted: 0 });
  expect(await codes()).toEqual(["C1", "C2", "C3"]);
});
