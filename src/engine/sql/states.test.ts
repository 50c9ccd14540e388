import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { openDuck } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { waveMasks } from "./states.ts";

test("a lookup to another row of the run that no create takes goes late, and nothing else with it", async () => {
  const boss = { index: 0, name: "boss", awaits: {}, target: { type: "lookup", create: false } };
  const name = { index: 1, name: "name", target: { type: "text", create: true } };
  const { early, main, late } = waveMasks({ columns: [boss, name] } as unknown as Shape);
  const duck = await openDuck({ memoryLimit: "64MB", threads: 1, temp: tmpdir() });
  const row = "SELECT 3::UBIGINT AS m, 'create' AS action, '2' AS later_0";
  try {
    expect(await duck.one(`SELECT ${early} AS early, ${main} AS main, ${late} AS late FROM (${row})`)).toEqual({
      early: 0,
      main: 2,
      late: 1,
    });
  } finally {
    await duck.close();
  }
});
