import { type Duck, text } from "./duck.ts";
import { type Ingest, readNothing } from "./ingest.ts";
import { look } from "./mirror.ts";
import { madeOn, realDates } from "./sql/backdated.ts";
import { list, stored } from "./sql/names.ts";

/** By how much our clock and the destination's may differ, in milliseconds. */
export const CLOCKS = 5 * 60_000;

/**
 * Takes out of `lookalike` the records that a run cannot have made: they were there before it `began` (milliseconds since 1970;
 * undefined where it did not say), or none of our users made them. Without this a person's record that holds the very
 * values we sent would be ours, to be deleted when its row leaves or when the run is taken back. Where the table does not tell who
 * made a record, all stay.
 */
export async function leaveSomebodys(
  duck: Duck,
  reading: Pick<Ingest, "session" | "object" | "folder" | "signal">,
  began: number | undefined,
): Promise<void> {
  const [by, on] = ["createdby", "createdon"].map((name) => reading.object.columns.find((c) => c.name === name));
  const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM lookalike");
  if (n === 0 || !by || !on || !reading.session.users) return;
  const users = await reading.session.users(reading.signal);
  const maker = { name: by.name, target: by };
  const table = { ...reading, columns: [maker, ...realDates(reading.object)], created: true };
  await readNothing(duck, { ...table, into: "maker" });
  await look(duck, table, "maker", [], { ids: ["SELECT id FROM lookalike"] });
  const since =
    began === undefined ? "true" : `${madeOn(reading.object)} >= ${text(new Date(began - CLOCKS).toISOString())}`;
  const ours = list(users.map((id) => text(id.toLowerCase())));
  await duck.run(
    `DELETE FROM lookalike WHERE id NOT IN (SELECT id FROM maker WHERE NOT gone AND ${stored(maker)} IN (${ours}) AND ${since})`,
  );
  await duck.run("DROP TABLE maker");
}
