import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { cutTo } from "./text.ts";

const instance = await DuckDBInstance.create();
const duck = await instance.connect();
afterAll(() => {
  duck.closeSync();
  instance.closeSync();
});

/** What is left of texts that are cut to `limit`. */
async function ours(texts: readonly (string | null)[], limit: number): Promise<(string | null)[]> {
  await duck.run("CREATE OR REPLACE TABLE v(i INTEGER, x VARCHAR)");
  const appender = await duck.createAppender("v");
  for (const [i, x] of texts.entries()) {
    appender.appendInteger(i);
    if (x === null) appender.appendNull();
    else appender.appendVarchar(x);
    appender.endRow();
  }
  appender.closeSync();
  const reader = await duck.runAndReadAll(`SELECT ${cutTo("x", limit)} FROM v ORDER BY i`);
  return reader.getRowsJson().map(([value]) => value as string | null);
}

function theirs(text: string, limit: number): string {
  let kept = "";
  for (const sign of text) {
    if (kept.length + sign.length > limit) break;
    kept += sign;
  }
  return kept;
}

it("keeps the longest part of whole signs that fits, whatever the text is made of", async () => {
  const seed = Number(process.env.SEED ?? 20261123);
  const runs = Number(process.env.RUNS ?? 200);
  const dense = fc.constantFrom("😀", "𝒳", "👩‍💻", "x", "ä", "e\u0301", "\uffff", ".", "\n", "\0", " ");
  const texts = fc.array(
    fc.oneof(fc.string({ unit: dense, maxLength: 40 }), fc.string({ unit: "binary", maxLength: 40 })),
    { minLength: 1, maxLength: 50 },
  );
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 50 }), async (of, limit) => {
      expect(await ours([...of, null], limit)).toEqual([...of.map((text) => theirs(text, limit)), null]);
    }),
    { seed, numRuns: runs },
  );
});

// Of as many signs whatever takes their square of steps does not end.
it("cuts the longest texts that there are", async () => {
  const limit = 1_048_576;
  const texts = ["😀", "x😀", "x"].map((part) => part.repeat(limit));
  expect((await ours(texts, limit)).map((text) => text?.length)).toEqual([limit, limit, limit]);
});
