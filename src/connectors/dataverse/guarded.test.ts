import { afterEach, expect, test } from "vitest";
import type { Batch, BatchOp } from "../../core/connector.ts";
import { batchOf, batchReply, contact, guid, refusal, type Seen, type Stub, startStub } from "./stub.ts";

/** Writes that hold only for a certain version of a record (dataverse.md section 4, "ETag and conditions"). */

let stub: Stub;
afterEach(() => stub.close());

const on = new AbortController().signal;
const versions = ['W/"1"', 'W/"2"', undefined];
const stale = refusal(412, "0x80060882", "The version of the existing record doesn't match the RowVersion property.");

/** Three rows; of the last record no version is known. */
function guarded(op: BatchOp): Batch {
  const type = { "@odata.type": "Microsoft.Dynamics.CRM.contact" };
  const batch = batchOf(
    op,
    versions.map((_, n) => ({ ...type, contactid: guid(n), ...(op === "update" && { lastname: "L" }) })),
  );
  const keys = async () =>
    versions.map((etag, n) => ({ n, id: guid(n), key: `k${n}`, ...(etag !== undefined && { etag }) }));
  return { ...batch, guarded: true, keys };
}

async function sent(op: BatchOp, answer: (part: Seen) => ReturnType<typeof refusal> | undefined = () => undefined) {
  const parts: Seen[] = [];
  stub = await startStub((request) =>
    batchReply(request, (part) => {
      parts.push(part);
      return answer(part) ?? { status: 204 };
    }),
  );
  const outcome = await stub.session.write(contact, guarded(op), on);
  return { outcome, parts: parts.map(({ method, headers }) => [method, headers["if-match"]]) };
}

test("updates go singly, each with the version of its record; one without must only be there", async () => {
  expect(await sent("update")).toEqual({
    outcome: { status: "updated", exceptions: [] },
    parts: [
      ["PATCH", 'W/"1"'],
      ["PATCH", 'W/"2"'],
      ["PATCH", "*"],
    ],
  });
  expect(stub.seen).toHaveLength(1);
});

test("deletes, too; a record of which no version is known is deleted as ever", async () => {
  const { parts } = await sent("delete");
  expect(parts).toEqual([
    ["DELETE", 'W/"1"'],
    ["DELETE", 'W/"2"'],
    ["DELETE", undefined],
  ]);
});

test.each(["update", "delete"] as const)(
  "%s of a record that has moved: told of that row, the others go",
  async (op) => {
    const { outcome } = await sent(op, (part) => (part.path.includes(guid(1)) ? stale : undefined));
    expect(outcome.exceptions).toMatchObject([{ n: 1, status: "rejected", code: "moved_there" }]);
  },
);

test("the answer without a code, as the documentation shows it, says the same", async () => {
  const { outcome } = await sent("update", (part) => (part.path.includes(guid(0)) ? refusal(412, "") : undefined));
  expect(outcome.exceptions).toMatchObject([{ n: 0, code: "moved_there" }]);
});

test("a duplicate key is a refusal as ever, though its status is 412", async () => {
  const { outcome } = await sent("update", (part) =>
    part.path.includes(guid(0)) ? refusal(412, "0x80060892", "Entity Key violated.") : undefined,
  );
  expect(outcome.exceptions).toMatchObject([{ n: 0, status: "rejected", code: "0x80060892" }]);
});

test("guarded rows have a size of their own, for they go singly", async () => {
  stub = await startStub(() => ({ status: 204 }));
  expect(stub.session.pace(contact, "update").rows).toBe(100);
  expect(stub.session.pace(contact, "update", true).rows).toBe(10);
});
