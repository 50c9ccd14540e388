import { afterEach, describe, expect, test } from "vitest";
import type { Batch } from "../../core/connector.ts";
import { batchOf, batchReply, contact, guid, type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const on = new AbortController().signal;
const type = { "@odata.type": "Microsoft.Dynamics.CRM.contact" };
const rows = (count: number, bad: number[] = []) =>
  Array.from({ length: count }, (_, n) => ({
    ...type,
    contactid: guid(n),
    lastname: bad.includes(n) ? "BAD" : `L${n}`,
  }));
const write = (batch: Batch, object = contact) => stub.session.write(object, batch, on);
const tooLong = refusal(400, "0x80044331", "A validation error occurred.");
type Row = { lastname?: string; contactid: string };
type Refuse = (row: Row) => Reply | undefined;
const badIs =
  (reply: Reply): Refuse =>
  (row) =>
    row.lastname === "BAD" ? reply : undefined;

/** Answers as Dataverse does: bulk calls all or nothing, the parts of a batch each for itself. */
function dataverse(request: Seen, refuse: Refuse): Reply {
  if (request.path.endsWith("$batch")) return batchReply(request, (part) => dataverse(part, refuse));
  if (!request.path.includes("Multiple")) {
    const contactid = /\((.*)\)/.exec(request.path)?.[1];
    const row = { contactid, ...JSON.parse(request.body || "{}") } as Row;
    return refuse(row) ?? { status: 204, headers: { "OData-EntityId": `https://x/contacts(${row.contactid})` } };
  }
  const { Targets } = JSON.parse(request.body);
  const no = Targets.map(refuse).find((r: Reply | undefined) => r);
  if (no) return no;
  const Ids = Targets.map((t: Row) => t.contactid);
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

  test.each([
    ["one of 100", 100, [49], 3],
    ["the first of 100", 100, [0], 3],
    ["five of 100", 100, [3, 4, 50, 77, 99], 3],
    ["one of 1000", 1000, [999], 3],
    ["one of 5", 5, [2], 2],
    ["every one of 100", 100, Array.from({ length: 100 }, (_, n) => n), 3],
    ["every one of 1000", 1000, Array.from({ length: 1000 }, (_, n) => n), 12],
    ["the only one", 1, [0], 1],
  ])("bad rows, %s: found, the others are created, in as few requests as can be", async (_, count, bad, requests) => {
    stub = await startStub((r) => dataverse(r, badIs(tooLong)));
    const outcome = await write(batchOf("create", rows(count, bad), 5000));
    expect(outcome.status).toBe("created");
    expect(outcome.ids).toBeUndefined();
    expect(outcome.exceptions).toEqual(
      rows(count, bad).map(({ lastname, contactid }, i) =>
        lastname === "BAD"
          ? { n: 5000 + i, status: "rejected", code: "0x80044331", message: "A validation error occurred." }
          : { n: 5000 + i, status: "created", id: contactid },
      ),
    );
    expect(stub.seen).toHaveLength(requests);
  });

  test("a record that is there already is unknown: reading tells whose it is", async () => {
    const double = refusal(412, "0x80060892", "Entity Key violated.");
    stub = await startStub((r) => dataverse(r, badIs(double)));
    const outcome = await write(batchOf("create", rows(4, [2])));
    expect(outcome.exceptions.find((e) => e.n === 2)).toMatchObject({ status: "unknown", code: "0x80060892" });
    expect(outcome.exceptions.filter((e) => e.status === "created")).toHaveLength(3);
    await stub.close();
    stub = await startStub((r) => dataverse(r, () => double));
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

  test("every row bad: each has its own refusal", async () => {
    stub = await startStub((r) => dataverse(r, (t) => refusal(400, "0x8004431a", t.contactid)));
    const outcome = await write(batchOf("update", rows(16)));
    expect(outcome.exceptions.map((e) => [e.status, e.message])).toEqual(
      rows(16).map((r) => ["rejected", r.contactid]),
    );
  });

  test("too much for one request is no row's fault", async () => {
    stub = await startStub((r) => (r.body.length > 350 ? { status: 413 } : { status: 204 }));
    expect(await write(batchOf("update", rows(8)))).toEqual({ status: "updated", exceptions: [] });
    expect(stub.seen.map((s) => JSON.parse(s.body).Targets.length)).toEqual([8, 4, 2, 2, 4, 2, 2]);
  });

  test("a record deleted by somebody is gone; a missing parent is the row's fault", async () => {
    const missing = refusal(404, "0x80040217", "Does Not Exist");
    const answer = (r: Seen): Reply => {
      if (r.path.endsWith("$batch")) return batchReply(r, answer);
      if (r.method === "GET") return r.path.includes(guid(1)) ? missing : { body: { contactid: guid(2) } };
      return dataverse(r, ({ contactid }) => ([guid(1), guid(2)].includes(contactid) ? missing : undefined));
    };
    stub = await startStub(answer);
    const { exceptions } = await write(batchOf("update", rows(4)));
    expect(exceptions).toMatchObject([
      { n: 1, status: "rejected", code: "gone" },
      { n: 2, status: "rejected", code: "0x80040217" },
    ]);
    // The bulk call, the rows alone, and one look at all that were missing.
    expect(stub.seen).toHaveLength(3);
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

  const noPrivilege = refusal(403, "0x80040220", "is missing prvWriteContact");

  test("an error after a group was written does not hide that group", async () => {
    stub = await startStub((r, n) =>
      n === 1 ? tooLong : batchReply(r, (part) => (part.body.includes(guid(0)) ? { status: 204 } : noPrivilege)),
    );
    const outcome = await write(batchOf("update", rows(16)));
    expect(outcome.status).toBe("updated");
    expect(outcome.exceptions).toMatchObject(
      Array.from({ length: 12 }, (_, i) => ({ n: i + 4, status: "failed", code: "not_allowed" })),
    );
  });

  test("an error after a row was written does not hide that row", async () => {
    stub = await startStub((r, n) =>
      n === 1 ? tooLong : batchReply(r, (part) => (part.path.includes(guid(0)) ? { status: 204 } : noPrivilege)),
    );
    const outcome = await write(batchOf("update", rows(3)));
    expect(outcome).toMatchObject({
      status: "updated",
      exceptions: [1, 2].map((n) => ({ n, status: "failed", code: "not_allowed" })),
    });
  });

  test("a batch's answer that is lost, cut short or no batch's answer: unknown, for the rows it does not tell of", async () => {
    const answers: [answer: (r: Seen) => Reply, unknown: number[]][] = [
      [() => ({ cut: true }), [0, 1, 2, 3]],
      [(r) => batchReply(r, () => undefined, 3), [3]],
      [() => ({ body: "<html>", headers: { "content-type": "text/html" } }), [0, 1, 2, 3]],
      [(r) => batchReply(r, (part) => (part.path.includes(guid(2)) ? { status: 502 } : undefined)), [2]],
    ];
    for (const [answer, unknown] of answers) {
      stub = await startStub((r, n) => (n === 1 ? tooLong : answer(r)));
      const outcome = await write(batchOf("update", rows(4)));
      expect(outcome.exceptions.map((e) => [e.n, e.status])).toEqual(unknown.map((n) => [n, "unknown"]));
      expect(stub.seen).toHaveLength(2);
      await stub.close();
    }
    stub = await startStub(() => undefined);
  });

  test("a batch too large for the service is halved", async () => {
    stub = await startStub((r, n) => {
      if (n === 1) return tooLong;
      return r.body.match(/PATCH/g)!.length > 2 ? { status: 413 } : batchReply(r, () => undefined);
    });
    expect(await write(batchOf("update", rows(4)))).toEqual({ status: "updated", exceptions: [] });
    expect(stub.seen.map((r) => r.body.match(/PATCH/g)?.length)).toEqual([undefined, 4, 2, 2]);
  });

  test("a row that is too large even alone is rejected, and the others are written", async () => {
    stub = await startStub((r, n) => {
      if (n === 1) return tooLong;
      return r.body.includes("BAD") ? { status: 413 } : batchReply(r, () => undefined);
    });
    expect(await write(batchOf("update", rows(5, [0])))).toMatchObject({
      status: "updated",
      exceptions: [{ n: 0, status: "rejected", code: "http_413" }],
    });
    expect(stub.seen.map((r) => r.body.match(/PATCH/g)?.length)).toEqual([undefined, 5, 3, 2, 1, 1, 1, 2]);
  });

  test("a group that a $batch cannot hold alone is sent row by row", async () => {
    stub = await startStub((r, n) => {
      if (n === 1) return tooLong;
      return r.body.includes("BAD") && /Targets|L1"/.test(r.body)
        ? { status: 413 }
        : batchReply(r, (part) => dataverse(part, () => undefined));
    });
    expect(await write(batchOf("update", rows(16, [0])))).toEqual({ status: "updated", exceptions: [] });
  });

  test("parts that were not executed are sent again, and only those", async () => {
    const busy = { ...refusal(429, "0x80072322"), headers: { "retry-after": "7" } };
    stub = await startStub((r, n) => {
      if (n === 1) return tooLong;
      return batchReply(r, (part) => (n === 2 && part.path.includes(guid(2)) ? busy : undefined));
    });
    expect(await write(batchOf("update", rows(4)))).toEqual({ status: "updated", exceptions: [] });
    expect(stub.seen.map((r) => r.body.match(/PATCH/g)?.length)).toEqual([undefined, 4, 1]);
    expect(stub.clock.pauses).toEqual([7000]);
  });

  test("stopped in the middle of a search: what was on its way is awaited, what was not sent failed, and is pending", async () => {
    const stop = new AbortController();
    stub = await startStub((r, n) => {
      if (n === 1) return tooLong;
      return batchReply(r, (part) => {
        stop.abort(new Error("enough"));
        return part.body.includes(guid(0)) ? { status: 204 } : tooLong;
      });
    });
    const outcome = await stub.session.write(contact, batchOf("update", rows(16)), stop.signal);
    expect(outcome).toMatchObject({ status: "updated" });
    expect(outcome.exceptions).toEqual(
      Array.from({ length: 12 }, (_, i) =>
        expect.objectContaining({ n: 4 + i, status: "failed", code: "interrupted" }),
      ),
    );
    expect(stub.seen).toHaveLength(2);
  });
});

describe("delete", () => {
  test("is a batch of DELETEs; what is gone already is deleted, and told apart", async () => {
    const parts: string[] = [];
    stub = await startStub((r) =>
      batchReply(r, ({ method, path }) => {
        parts.push(`${method} ${path}`);
        return path.includes(guid(3)) ? refusal(404, "0x80040217") : { status: 204 };
      }),
    );
    expect(await write(batchOf("delete", rows(250)))).toEqual({
      status: "deleted",
      exceptions: [{ n: 3, status: "deleted", code: "gone_already" }],
    });
    expect(parts).toEqual(rows(250).map((r) => `DELETE /api/data/v9.2/contacts(${r.contactid})`));
    expect(stub.seen).toHaveLength(3);
  });

  test("a record others point at is rejected", async () => {
    stub = await startStub((r) =>
      batchReply(r, ({ path }) => (path.includes(guid(1)) ? refusal(405, "0x80040227", "is associated") : undefined)),
    );
    expect(await write(batchOf("delete", rows(3)))).toMatchObject({
      status: "deleted",
      exceptions: [{ n: 1, status: "rejected", code: "0x80040227" }],
    });
  });

  test("not allowed: thrown when nothing was deleted, else the rest failed", async () => {
    const no = refusal(403, "0x80040220", "is missing prvDeleteContact");
    stub = await startStub((r) => batchReply(r, () => no));
    await expect(write(batchOf("delete", rows(9)))).rejects.toMatchObject({ code: "not_allowed" });
    await stub.close();
    stub = await startStub((r) => batchReply(r, ({ path }) => (path.includes(guid(0)) ? undefined : no)));
    const { exceptions } = await write(batchOf("delete", rows(9)));
    expect(exceptions.map((e) => e.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(exceptions.every((e) => e.status === "failed" && e.code === "not_allowed")).toBe(true);
  });
});

describe("a table without bulk messages", () => {
  const slow = { ...contact, can: { bulk: false, deltas: false } };

  test("is written row by row, with every digit", async () => {
    const seen: Seen[] = [];
    stub = await startStub((r) =>
      batchReply(r, (part) => {
        seen.push(part);
        return { status: 204, headers: { "odata-entityid": `https://x/api/data/v9.2/contacts(${guid(51)})` } };
      }),
    );
    const element = `{"@odata.type":"Microsoft.Dynamics.CRM.contact","contactid":"${guid(7)}","creditlimit":99999999999.1234567891}`;
    const batch = (op: "create" | "update") => ({ ...batchOf(op, [{}], 7), elements: Buffer.from(element) });
    expect(await write(batch("create"), slow)).toEqual({
      status: "created",
      ids: [{ n: 7, id: guid(51) }],
      exceptions: [],
    });
    expect(await write(batch("update"), slow)).toEqual({ status: "updated", exceptions: [] });
    expect(seen).toMatchObject([
      { method: "POST", path: "/api/data/v9.2/contacts", body: element },
      { method: "PATCH", path: `/api/data/v9.2/contacts(${guid(7)})`, body: '{"creditlimit":99999999999.1234567891}' },
    ]);
  });

  test("an update never makes a record", async () => {
    const patches: Seen[] = [];
    stub = await startStub((r) =>
      batchReply(r, (part) => {
        if (part.method === "PATCH") patches.push(part);
        if (part.method === "GET" || part.path.includes(guid(1))) return refusal(404, "0x80040217");
        return part.path.includes(guid(2)) ? tooLong : { status: 204 };
      }),
    );
    const outcome = await write(batchOf("update", rows(4)), slow);
    expect(outcome).toMatchObject({
      status: "updated",
      exceptions: [
        { n: 1, status: "rejected", code: "gone" },
        { n: 2, status: "rejected", code: "0x80044331" },
      ],
    });
    expect(patches).toHaveLength(4);
    expect(patches.every((p) => p.headers["if-match"] === "*" && !p.body.includes("contactid"))).toBe(true);
  });
});
