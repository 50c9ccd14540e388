import { expect, test } from "vitest";
import { batchOf } from "../connectors/dataverse/stub.ts";
import type { Batch, BatchOutcome, Pace, Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { deliver } from "./deliver.ts";
import type { JournalLine } from "./journal.ts";

const object = { name: "contact" } as ObjectSchema;

/** Delivers `rows` changes through a session that writes as `write` says; what became of it. */
async function delivered(
  rows: number,
  write: (batch: Batch) => Promise<BatchOutcome>,
  { pace, signal = new AbortController().signal }: { pace?: () => Pace; signal?: AbortSignal } = {},
) {
  let at = 0;
  let most = 0;
  let running = 0;
  const lines: JournalLine[] = [];
  let done = 0;
  const session = {
    ...(pace && { pace }),
    async write(_: ObjectSchema, batch: Batch) {
      most = Math.max(most, ++running);
      try {
        return await write(batch);
      } finally {
        running--;
      }
    },
  } as unknown as Session;
  const batches = {
    async next(size: number) {
      const count = Math.min(size, rows - at);
      at += count;
      return count === 0 ? undefined : batchOf("create", Array(count).fill({}), at - count);
    },
    close: async () => {},
  };
  const journal = { append: async (line: JournalLine) => void lines.push(line), close: async () => {} };
  const result = await deliver(session, object, { wave: "1-create", op: "create" }, batches, journal, signal, (n) => {
    done += n;
  });
  return { ...result, lines, most, done };
}

const created = async (): Promise<BatchOutcome> => {
  await new Promise((resolve) => setImmediate(resolve));
  return { status: "created", exceptions: [] };
};

test("as many batches as the session says are under way, as large as it says, and both may change", async () => {
  let pace = { atOnce: 2, rows: 10 };
  const { lines, most, done } = await delivered(
    300,
    async (batch) => {
      if (batch.from >= 100) pace = { atOnce: 5, rows: 20 };
      return created();
    },
    { pace: () => pace },
  );
  expect(most).toBe(5);
  expect(lines.reduce((sum, { f, t }) => sum + t - f, 0)).toBe(300);
  expect(new Set(lines.map(({ f, t }) => t - f))).toEqual(new Set([10, 20]));
  expect(done).toBe(300);
});

test("a session that says nothing gets eight batches of a hundred", async () => {
  const { lines, most } = await delivered(1000, created);
  expect(most).toBe(8);
  expect(lines).toHaveLength(10);
});

test("what is thrown stops the rest; what was under way is still settled", async () => {
  const { stopped, lines, done } = await delivered(5000, async (batch) => {
    if (batch.from === 500) throw new SluiceError("throttled", "wait");
    return created();
  });
  expect(stopped).toMatchObject({ code: "throttled" });
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(12);
  expect(done).toBe(lines.length * 100);
});

test("stopped by a signal: interrupted, and nothing new is begun", async () => {
  const stop = new AbortController();
  let begun = 0;
  const { stopped } = await delivered(
    5000,
    async () => {
      if (++begun === 3) stop.abort();
      return created();
    },
    { signal: stop.signal },
  );
  expect(stopped).toMatchObject({ code: "interrupted" });
  expect(begun).toBe(3);
});

test("a fault after somebody has asked to stop is told, and beside it who asked", async () => {
  const stop = new AbortController();
  const paused = new SluiceError("paused", "The sync is paused.");
  let begun = 0;
  const { stopped } = await delivered(
    5000,
    async () => {
      if (++begun === 3) stop.abort(paused);
      stop.signal.throwIfAborted();
      await created();
      if (stop.signal.aborted) throw new SluiceError("throttled", "wait");
      return created();
    },
    { signal: stop.signal },
  );
  expect(stopped).toMatchObject({ code: "throttled", message: "wait", others: [paused] });
});

test("half a character in a message does not reach the journal", async () => {
  const { lines } = await delivered(1, async () => ({
    status: "created",
    exceptions: [{ n: 0, status: "rejected", message: "cut \ud83d" }],
  }));
  expect(lines[0]?.x[0]?.message).toBe("cut \ufffd");
});
