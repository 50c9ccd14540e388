import { afterEach, describe, expect, test } from "vitest";
import type { Batch } from "../../core/connector.ts";
import { batchOf, contact, guid, type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const on = new AbortController().signal;
const rows = (count: number, bad: number[] = []) =>
  Array.from({ length: count }, (_, n) => ({ contactid: guid(n), lastname: bad.includes(n) ? "BAD" : `L${n}` }));
const write = (batch: Batch, object = contact) => stub.session.write(object, batch, on);
const tooLong = refusal(400, "0x80044331", "A validation error occurred.");

/** Answers bulk calls as Dataverse does: all or nothing. */
function dataverse(request: Seen, refuse: (row: { lastname?: string; contactid: string }) => Reply | undefined): Reply {
  const { Targets } = JSON.parse(request.body);
  const no = Targets.map(refuse).find((r: Reply | undefined) => r);
  if (no) return no;
  const Ids = Targets.map((t: { contactid: string }) => t.contactid);
  return request.path.endsWith("CreateMultiple") ? { body: { Ids } } : { status: 204 };
}

describe("create", () => {
  test("is one CreateMultiple, with the elements' bytes as they are, and gives the ids by change number", async () => {
    stub = await startStub(() => ({ body: { Ids: [guid(10), guid(11)] } }));
    const batch = batchOf("create", [{ a: 1.0 }, { b: "é" }], 40);
    expect(await write(batch)).toEqual({
      status: "created",
      ids: [
        { n: 40, id: guid(10) },
        { n: 41, id: guid(11) },
      ],
      exceptions: [],
    });
    expect(stub.seen[0]).toMatchObject({
      method: "POST",
      path: "/api/data/v9.2/contacts/Microsoft.Dynamics.CRM.CreateMultiple",
      body: `{"Targets":[${Buffer.from(batch.elements).toString()}]}`,
    });
  });

  test("numbers with gaps come from the keys", async () => {
    stub = await startStub(() => ({ body: { Ids: [guid(1), guid(2)] } }));
    const batch = {
      ...batchOf("create", rows(2)),
      from: 5,
      to: 9,
      keys: async () => [5, 8].map((n) => ({ n, id: null, key: "k" })),
    };
    expect((await write(batch)).ids).toEqual([
      { n: 5, id: guid(1) },
      { n: 8, id: guid(2) },
    ]);
  });

  test.each([0, 49, 50, 99])("one bad row (%d) of 100 is found and the others are created", async (n) => {
    stub = await startStub((r) => dataverse(r, (t) => (t.lastname === "BAD" ? tooLong : undefined)));
    const outcome = await write(batchOf("create", rows(100, [n])));
    expect(outcome.status).toBe("created");
    expect(outcome.ids).toBeUndefined();
    expect(outcome.exceptions.map((e) => e.n)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(outcome.exceptions[n]).toEqual({
      n,
      status: "rejected",
      code: "0x80044331",
      message: "A validation error occurred.",
    });
    expect(outcome.exceptions.filter((e) => e.status === "created" && e.id === guid(e.n))).toHaveLength(99);
    expect(stub.seen.length).toBeGreaterThanOrEqual(8);
    expect(stub.seen.length).toBeLessThanOrEqual(16);
  });

  test("one bad row in 100 costs 12 requests on average", async () => {
    let total = 0;
    for (let n = 0; n < 100; n += 3) {
      stub = await startStub((r) => dataverse(r, (t) => (t.lastname === "BAD" ? tooLong : undefined)));
      await write(batchOf("update", rows(100, [n])));
      total += stub.seen.length;
      await stub.close();
    }
    expect(total / 34).toBeGreaterThan(10);
    expect(total / 34).toBeLessThan(13);
    stub = await startStub(() => undefined);
  });

  test("a record that is there already is unknown: reading tells whose it is", async () => {
    const double = refusal(412, "0x80060892", "Entity Key violated.");
    stub = await startStub((r) => dataverse(r, (t) => (t.lastname === "BAD" ? double : undefined)));
    const outcome = await write(batchOf("create", rows(4, [2])));
    expect(outcome.exceptions.find((e) => e.n === 2)).toMatchObject({ status: "unknown", code: "0x80060892" });
    expect(outcome.exceptions.filter((e) => e.status === "created")).toHaveLength(3);
    await stub.close();
    stub = await startStub(() => double);
    const alone = await write(batchOf("create", rows(1)));
    expect(alone.exceptions).toMatchObject([{ n: 0, status: "unknown", code: "0x80060892" }]);
  });

  test("an answer that does not name every record is unknown", async () => {
    for (const body of [{ Ids: [guid(1)] }, {}, "<html>"]) {
      stub = await startStub(() => ({ body }));
      expect(await write(batchOf("create", rows(2)))).toEqual({ status: "unknown", exceptions: [] });
      await stub.close();
    }
    stub = await startStub(() => ({ cut: true }));
    expect(await write(batchOf("create", rows(2)))).toEqual({ status: "unknown", exceptions: [] });
    expect(stub.seen).toHaveLength(1);
  });
});

describe("update", () => {
  test("is one UpdateMultiple", async () => {
    stub = await startStub(() => ({ status: 204 }));
    expect(await write(batchOf("update", rows(3)))).toEqual({ status: "updated", exceptions: [] });
    expect(stub.seen[0]?.path).toBe("/api/data/v9.2/contacts/Microsoft.Dynamics.CRM.UpdateMultiple");
  });

  test("every row bad: each has its own refusal, in less than two requests a row", async () => {
    stub = await startStub((r) => dataverse(r, (t) => refusal(400, "0x8004431a", t.contactid)));
    const outcome = await write(batchOf("update", rows(16)));
    expect(outcome.exceptions.map((e) => [e.status, e.message])).toEqual(
      rows(16).map((r) => ["rejected", r.contactid]),
    );
    expect(stub.seen.length).toBeLessThan(32);
  });

  test("too much for one request is no row's fault", async () => {
    stub = await startStub((r) => (r.body.length > 200 ? { status: 413 } : { status: 204 }));
    expect(await write(batchOf("update", rows(8)))).toEqual({ status: "updated", exceptions: [] });
    expect(stub.seen.map((s) => JSON.parse(s.body).Targets.length)).toEqual([8, 4, 2, 2, 4, 2, 2]);
  });

  test("a record deleted by somebody is gone; a missing parent is the row's fault", async () => {
    const missing = refusal(404, "0x80040217", "Does Not Exist");
    stub = await startStub((r) => {
      if (r.method === "GET") return r.path.includes(guid(1)) ? missing : { body: { contactid: guid(2) } };
      return dataverse(r, (t) => (t.lastname === "BAD" ? missing : undefined));
    });
    const { exceptions } = await write(batchOf("update", rows(4, [1, 2])));
    expect(exceptions).toMatchObject([
      { n: 1, status: "rejected", code: "gone" },
      { n: 2, status: "rejected", code: "0x80040217" },
    ]);
  });

  test("a permission that lacks stops before anything was written", async () => {
    stub = await startStub(() =>
      refusal(403, "0x80040220", "is missing prvWriteContact privilege (Id=2) on OTC=2 for entity 'contact'."),
    );
    await expect(write(batchOf("update", rows(4)))).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("prvWriteContact"),
    });
    expect(stub.seen).toHaveLength(1);
  });

  test("an error after a part was written does not hide that part", async () => {
    stub = await startStub(
      (_, n) => [tooLong, { status: 204 }][n - 1] ?? refusal(403, "0x80040220", "is missing prvWriteContact"),
    );
    const outcome = await write(batchOf("update", rows(4)));
    expect(outcome.status).toBe("updated");
    expect(outcome.exceptions).toMatchObject([2, 3].map((n) => ({ n, status: "failed", code: "not_allowed" })));
  });

  test("an answer lost in the middle of a search is unknown for those rows only", async () => {
    stub = await startStub((_, n) => [tooLong, { cut: true }][n - 1] ?? { status: 204 });
    const outcome = await write(batchOf("update", rows(4)));
    expect(outcome).toMatchObject({
      status: "updated",
      exceptions: [
        { n: 0, status: "unknown" },
        { n: 1, status: "unknown" },
      ],
    });
  });

  test("stopped in the middle of a search: what was not sent failed, and is pending", async () => {
    const stop = new AbortController();
    stub = await startStub((_, n) => {
      if (n === 2) stop.abort(new Error("enough"));
      return n === 1 ? tooLong : { status: 204 };
    });
    const outcome = await stub.session.write(contact, batchOf("update", rows(4)), stop.signal);
    // The second request was under way: nobody knows. The third was never sent.
    expect(outcome.exceptions.slice(-2)).toMatchObject(
      [2, 3].map((n) => ({ n, status: "failed", code: "interrupted" })),
    );
    expect(stub.seen).toHaveLength(2);
  });
});

describe("delete", () => {
  test("is one DELETE a row, a few at once; what is gone already is deleted", async () => {
    let now = 0;
    let most = 0;
    stub = await startStub(async (r) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return r.path.includes(guid(3)) ? refusal(404, "0x80040217") : { status: 204 };
    });
    expect(await write(batchOf("delete", rows(20)))).toEqual({ status: "deleted", exceptions: [] });
    expect(stub.seen.map((s) => `${s.method} ${s.path}`).toSorted()).toEqual(
      rows(20)
        .map((r) => `DELETE /api/data/v9.2/contacts(${r.contactid})`)
        .toSorted(),
    );
    expect(most).toBeLessThanOrEqual(4);
  });

  test("a record others point at is rejected", async () => {
    stub = await startStub((r) =>
      r.path.includes(guid(1)) ? refusal(405, "0x80040227", "is associated") : { status: 204 },
    );
    expect(await write(batchOf("delete", rows(3)))).toMatchObject({
      status: "deleted",
      exceptions: [{ n: 1, status: "rejected", code: "0x80040227" }],
    });
  });

  test("not allowed: thrown when nothing was deleted, else the rest failed", async () => {
    const no = refusal(403, "0x80040220", "is missing prvDeleteContact");
    stub = await startStub(() => no);
    await expect(write(batchOf("delete", rows(9)))).rejects.toMatchObject({ code: "not_allowed" });
    expect(stub.seen.length).toBeLessThanOrEqual(4);
    await stub.close();
    stub = await startStub((r) => (r.path.includes(guid(0)) ? { status: 204 } : no));
    const { exceptions } = await write(batchOf("delete", rows(9)));
    expect(exceptions.map((e) => e.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(exceptions.every((e) => e.status === "failed" && e.code === "not_allowed")).toBe(true);
  });
});

describe("a table without bulk messages", () => {
  const slow = { ...contact, can: { bulk: false, deltas: false } };

  test("is written row by row, with every digit", async () => {
    stub = await startStub((_, n) => ({
      status: 204,
      headers: { "odata-entityid": `https://x/api/data/v9.2/contacts(${guid(n + 50)})` },
    }));
    const element = `{"@odata.type":"Microsoft.Dynamics.CRM.contact","lastname":"a","creditlimit":99999999999.1234567891}`;
    const batch = { ...batchOf("create", [{}], 7), elements: Buffer.from(element) };
    expect(await write(batch, slow)).toEqual({ status: "created", ids: [{ n: 7, id: guid(51) }], exceptions: [] });
    expect(stub.seen[0]).toMatchObject({ method: "POST", path: "/api/data/v9.2/contacts", body: element });
  });

  test("an update never makes a record", async () => {
    stub = await startStub((r) => {
      if (r.method === "GET" || r.path.includes(guid(1))) return refusal(404, "0x80040217");
      return r.path.includes(guid(2)) ? tooLong : { status: 204 };
    });
    const outcome = await write(batchOf("update", rows(4)), slow);
    expect(outcome).toMatchObject({
      status: "updated",
      exceptions: [
        { n: 1, status: "rejected", code: "gone" },
        { n: 2, status: "rejected", code: "0x80044331" },
      ],
    });
    const patches = stub.seen.filter((s) => s.method === "PATCH");
    expect(patches).toHaveLength(4);
    expect(patches.every((p) => p.headers["if-match"] === "*" && !p.body.includes("contactid"))).toBe(true);
  });
});
