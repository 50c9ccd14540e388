import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { openDuck } from "./duck.ts";
import { handBack } from "./hand-back.ts";

const MB = 1e6;

test("what a dropped table took is given back, once the process has grown", async () => {
  const duck = await openDuck({ memoryLimit: "1GB", threads: 2, temp: tmpdir() });
  const back = handBack(0);
  try {
    await duck.run("CREATE TABLE wide AS SELECT hash(range) || repeat('x', 200) AS text FROM range(1500000)");
    const full = process.memoryUsage.rss();
    await duck.run("DROP TABLE wide");
    await back.ifGrown();
    expect(process.memoryUsage.rss()).toBeLessThan(full - 200 * MB);
  } finally {
    back.close();
    await duck.close();
  }
});
