import { tmpdir } from "node:os";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { openDuck } from "./duck.ts";

const open = () => openDuck({ memoryLimit: "256MB", threads: 2, temp: tmpdir() });

test("closing breaks off the statement under way and refuses those behind it", async () => {
  const duck = await open();
  const long = duck.run("CREATE TEMP TABLE x AS SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b");
  const next = duck.run("SELECT 1");
  const both = Promise.allSettled([long, next]);
  await setImmediate(); // the first has begun by then
  await duck.close();
  expect(await both).toMatchObject([
    { reason: { message: expect.stringMatching(/interrupt/i) } },
    { reason: { message: "DuckDB is being closed" } },
  ]);
});

test("statements come one after another, and a failure stops only its own", async () => {
  const duck = await open();
  const failing = duck.run("SELECT nothing");
  const fine = duck.one("SELECT 7 AS seven");
  await expect(failing).rejects.toMatchObject({ code: "bug", message: expect.stringContaining("nothing") });
  expect(await fine).toEqual({ seven: 7 });
  await duck.close();
});
