import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../../src/api/index.ts";
import { inProcess } from "../in-process.ts";
import { type Postgres, startPostgres } from "../postgres.ts";
import { useWorkbench } from "../workbench.ts";

/** A worker that is slow to reach the control database: another one works on the sync after it was asked, and before it has it. */

const bench = useWorkbench();
let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

const people = (name: string, last = name) =>
  ["1", "2", "3"].map((id) => ({ id, name: id === "3" ? last : name, email: null }));
const names = async () => (await bench.rows("contact")).map((row) => row.lastname);

const by =
  (url: string) =>
  <T>(use: (client: Client) => Promise<T>): Promise<T> =>
    inProcess({ project: bench.folder, variables: { ...bench.sandbox.env, DATABASE_URL: url } }, use);
const prompt = <T>(use: (client: Client) => Promise<T>): Promise<T> => by(postgres.url)(use);
const run = (client: Client) => client.run({ syncs: ["people"] });
const idOf = ({ runs: [one] }: Awaited<ReturnType<typeof run>>) => one!.run;

/** Does `meanwhile` after `late` was asked, and before it gets to the database. */
async function overtaken<T>(late: (client: Client) => Promise<T>, meanwhile: () => Promise<unknown>): Promise<T> {
  const { port, hostname } = new URL(postgres.url);
  let open = false;
  const waiting: Socket[] = [];
  const through = (socket: Socket) => {
    const server = connect(Number(port), hostname);
    for (const end of [socket, server]) end.on("error", () => {});
    socket.pipe(server).pipe(socket);
  };
  const door = createServer({ pauseOnConnect: true }, (socket) => (open ? through(socket) : waiting.push(socket)));
  await once(door.listen(0, "127.0.0.1"), "listening");
  const url = new URL(postgres.url);
  url.port = String((door.address() as { port: number }).port);
  try {
    const reached = once(door, "connection");
    const done = by(url.href)(late);
    await Promise.race([reached, done]);
    await meanwhile();
    open = true;
    waiting.forEach(through);
    return await done;
  } finally {
    door.close();
  }
}

test("a run has its id from when it has the sync: it counts as later than the one that was first", async () => {
  await bench.begin();
  bench.source("people", people("Old"));
  const first = idOf(await prompt(run));
  bench.source("people", people("New"));
  await bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: "Evil", throws: "No." });
  let second = "";
  const third = await overtaken(run, async () => {
    second = idOf(await prompt(run));
    bench.source("people", people("Newer", "Evil"));
  });
  await bench.control("DELETE", "plugins");
  expect(third.totals).toMatchObject({ updated: 2, rejected: 1 });
  expect([first, second, idOf(third)].toSorted()).toEqual([first, second, idOf(third)]);

  expect(await prompt((client) => client.rejected({}))).toMatchObject({ runs: [{ run: idOf(third) }], groups: [{}] });
  const { runs } = await prompt((client) => client.runs({ limit: 3 }));
  expect(runs.map(({ id }) => id)).toEqual([idOf(third), second, first]);
  expect(await prompt((client) => client.verify({}))).toMatchObject({ checked: 3, differences: 0 });
  expect(await prompt((client) => client.plan({}))).toMatchObject({ plans: [{ warnings: [] }] });
  const skipped = await prompt((client) => client.resolve({ run: idOf(third), how: "skip", by: "Ana" }));
  expect(skipped).toMatchObject({ totals: { writes: 0 }, runs: [{ warnings: [] }] });
  const undone = await prompt((client) => client.undo({ run: idOf(third), by: "Ana" }));
  expect(undone).toMatchObject({ counts: { updated: 2 }, problems: [] });
  expect(await names()).toEqual(["New", "New", "New"]);
});

test("a plan is applied once: who comes late is refused, and what people did since stays", async () => {
  await bench.begin();
  bench.source("people", people("Old"));
  await prompt(run);
  bench.source("people", people("New"));
  const { plans } = await prompt((client) => client.plan({}));
  const apply = (client: Client) => client.run({ syncs: [], plan: plans[0]!.run });
  const late = overtaken(apply, async () => {
    expect(await prompt(apply)).toMatchObject({ totals: { updated: 3 } });
    for (const { contactid } of await bench.rows("contact"))
      await bench.person("PATCH", `contacts(${contactid})`, { lastname: "Old" });
  });
  await expect(late).rejects.toMatchObject({ code: "plan_applied" });
  expect(await names()).toEqual(["Old", "Old", "Old"]);
  const { runs } = await prompt((client) => client.runs({ limit: 3 }));
  expect(runs.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
    "run finished",
    "plan finished",
    "run finished",
  ]);
});

test.each(["skip", "retry"] as const)("a run that another has followed meanwhile is not resolved: %s", async (how) => {
  await bench.begin();
  await bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: "Evil", throws: "No." });
  bench.source("people", people("Good", "Evil"));
  const first = idOf(await prompt(run));
  const late = overtaken(
    (client) => client.resolve({ run: first, how, by: "Ana" }),
    async () => {
      await bench.control("DELETE", "plugins");
      bench.source("people", people("Better", "Evil"));
      expect(await prompt(run)).toMatchObject({ totals: { created: 1, updated: 2 } });
    },
  );
  await expect(late).rejects.toMatchObject({ code: "not_resolvable" });
  const { runs } = await prompt((client) => client.runs({ limit: 2 }));
  expect(runs).toMatchObject([{ kind: "run" }, { id: first, resolution: null }]);
});
