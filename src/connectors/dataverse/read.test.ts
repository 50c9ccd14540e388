import { afterEach, describe, expect, test } from "vitest";
import type { Page, ReadRequest } from "../../core/connector.ts";
import { idQueries } from "./read.ts";
import { contact, guid, type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const row = (n: number) => ({ "@odata.etag": 'W/"1"', contactid: guid(n), lastname: `L${n}` });
const tombstone = (n: number) => ({
  "@odata.context": "x/$metadata#contacts/$deletedEntity",
  id: guid(n),
  reason: "deleted",
});
const link = (query: string) => `${stub.config.url}/api/data/v9.2/contacts?$select=lastname,contactid${query}`;

async function pages(request: Partial<ReadRequest> = {}, signal = new AbortController().signal): Promise<Page[]> {
  const all: Page[] = [];
  const wanted = { columns: ["lastname", "parentcustomerid"], track: false, ...request };
  for await (const page of stub.session.read(contact, wanted, signal)) all.push(page);
  return all;
}

describe("a full read", () => {
  test("selects the wire's names and the id, asks for large pages, follows links, and ends", async () => {
    stub = await startStub((_, n) =>
      n === 1
        ? {
            body: {
              value: [row(1), row(2)],
              "@odata.nextLink": link("&$skiptoken=%3Ccookie%20pagenumber=%222%22/%3E"),
            },
          }
        : { body: { value: [row(3)], "@odata.deltaLink": link("&$deltatoken=9%21a") } },
    );
    const all = await pages({ track: true });
    expect(stub.seen[0]?.path).toBe("/api/data/v9.2/contacts?$select=contactid,lastname,_parentcustomerid_value");
    expect(stub.seen[1]?.path).toContain('$skiptoken=<cookie pagenumber="2"/>');
    expect(stub.seen.map((s) => s.headers.prefer)).toEqual(Array(2).fill("odata.maxpagesize=5000,odata.track-changes"));
    expect(all.map(({ count, last, cursor }) => ({ count, last, cursor }))).toEqual([
      { count: 2, last: false, cursor: undefined },
      {
        count: 1,
        last: true,
        cursor: "/api/data/v9.2/contacts?$select=lastname,contactid&$deltatoken=9%21a",
      },
    ]);
    expect(JSON.parse(Buffer.from(all[0]!.rows as Uint8Array).toString())).toHaveLength(2);
  });

  test("without tracking asks for no cursor", async () => {
    stub = await startStub(() => ({ body: { value: [] } }));
    expect(await pages()).toMatchObject([{ count: 0, last: true }]);
    expect(stub.seen[0]?.headers.prefer).toBe("odata.maxpagesize=5000");
  });

  test("sends the token to no other host, whatever a link says", async () => {
    stub = await startStub((_, n) => ({
      body: {
        value: [],
        ...(n === 1 && { "@odata.nextLink": "https://elsewhere.example/api/data/v9.2/contacts?$skiptoken=1" }),
      },
    }));
    expect(await pages()).toHaveLength(2);
    expect(stub.seen[1]?.path).toBe("/api/data/v9.2/contacts?$skiptoken=1");
    await stub.close();
    stub = await startStub(() => ({ body: { value: [], "@odata.nextLink": "https://elsewhere.example/steal" } }));
    await expect(pages()).rejects.toMatchObject({ code: "unexpected_answer" });
  });

  test("asks again for a page that is not whole JSON, three times; not for a sign-in page", async () => {
    stub = await startStub((_, n) => (n < 3 ? { body: '{"value":[{"contactid":"' } : { body: { value: [row(1)] } }));
    expect(await pages()).toMatchObject([{ count: 1 }]);
    await stub.close();
    stub = await startStub(() => ({ body: '{"value":[{' }));
    await expect(pages()).rejects.toMatchObject({ code: "unexpected_answer" });
    expect(stub.seen).toHaveLength(3);
    await stub.close();
    stub = await startStub(() => ({ body: "<html>", headers: { "content-type": "text/html; charset=utf-8" } }));
    await expect(pages()).rejects.toMatchObject({
      code: "unexpected_answer",
      message: expect.stringContaining("text/html"),
    });
    expect(stub.seen).toHaveLength(1);
  });

  test.each([
    [
      refusal(403, "0x80040220", "is missing prvReadContact privilege (Id=1) on OTC=2 for entity 'contact'."),
      "not_allowed",
    ],
    [refusal(404, "0x8006088a", "Resource not found for the segment 'contacts'."), "unknown_object"],
    [
      refusal(400, "0x0", "Could not find a property named 'x' on type 'Microsoft.Dynamics.CRM.contact'."),
      "unexpected_answer",
    ],
  ])("a refusal is an error", async (reply, code) => {
    stub = await startStub(() => reply);
    await expect(pages()).rejects.toMatchObject({ code });
  });

  test("asks for the next page before this one is used, and stops when nobody reads on", async () => {
    let aborted: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    stub = await startStub((_, n) => {
      if (n === 1) return { body: { value: [row(1)], "@odata.nextLink": link("&$skiptoken=2") } };
      aborted();
      return new Promise(() => {});
    });
    for await (const _ of stub.session.read(contact, { columns: [], track: false }, new AbortController().signal)) {
      await gone; // the second request is there although the first page is still in hand
      break;
    }
    expect(stub.seen).toHaveLength(2);
  });

  test("is stopped by the signal, with its reason", async () => {
    const stop = new AbortController();
    stub = await startStub(() => {
      stop.abort(new Error("enough"));
      return new Promise(() => {});
    });
    await expect(pages({}, stop.signal)).rejects.toThrow("enough");
  });
});

describe("a read that was broken off", () => {
  const cookie = (n: number) => `&$skiptoken=%3Ccookie%20pagenumber=%22${n}%22%20pagingcookie=%22id${n}%22/%3E`;
  const path = (n: number) => `/api/data/v9.2/contacts?$select=lastname,contactid${cookie(n)}`;
  const tracked = { ...contact, columns: [...contact.columns, { ...contact.columns[2]!, name: "modifiedon" }] };
  const read = async (request: Partial<ReadRequest> = {}): Promise<Page[]> => {
    const all: Page[] = [];
    const wanted = { columns: ["lastname"], track: true, ...request };
    for await (const page of stub.session.read(tracked, wanted, new AbortController().signal)) all.push(page);
    return all;
  };

  test("can be taken up after each page but the last, with the time of the service's first answer", async () => {
    stub = await startStub((_, n) => ({
      body: { value: [row(n)], ...(n < 3 && { "@odata.nextLink": link(cookie(n + 1)) }) },
      headers: { date: `Sat, 21 Nov 2026 10:0${n}:30 GMT` },
    }));
    const since = "2026-11-21T09:56:30.000Z"; // five minutes before
    expect((await read()).map((p) => p.place)).toEqual([`${since} ${path(2)}`, `${since} ${path(3)}`, undefined]);
  });

  test("cannot where the link counts rows, or where nothing tells what has changed", async () => {
    const answer = (n: number, query: string) => ({
      body: { value: [row(n)], ...(n % 2 && { "@odata.nextLink": link(query) }) },
    });
    stub = await startStub((_, n) =>
      n < 3 ? answer(n, "&$skiptoken=%3Ccookie%20pagenumber=%222%22/%3E") : answer(n, cookie(2)),
    );
    expect((await read()).map((p) => p.place)).toEqual([undefined, undefined]);
    expect((await pages({ track: true })).map((p) => p.place)).toEqual([undefined, undefined]);
  });

  test("goes on with the rest, then reads what has changed since it began", async () => {
    stub = await startStub((_, n) => ({
      body: {
        value: [row(n)],
        ...(n === 1 && { "@odata.nextLink": link(cookie(5)) }),
        ...(n === 2 && { "@odata.deltaLink": link("&$deltatoken=9%21a") }),
      },
    }));
    const all = await read({ place: `2026-11-21T09:56:30.000Z ${path(4)}` });
    expect(stub.seen.map((s) => s.path)).toEqual([
      decodeURIComponent(path(4)),
      decodeURIComponent(path(5)),
      "/api/data/v9.2/contacts?$select=contactid,lastname&$filter=modifiedon ge 2026-11-21T09:56:30.000Z",
    ]);
    const [rest, changed] = ["odata.maxpagesize=5000,odata.track-changes", "odata.maxpagesize=5000"];
    expect(stub.seen.map((s) => s.headers.prefer)).toEqual([rest, rest, changed]);
    expect(all).toMatchObject([
      { last: false, place: `2026-11-21T09:56:30.000Z ${path(5)}` },
      { last: false, cursor: expect.stringContaining("deltatoken=9%21a") },
      { last: true },
    ]);
  });

  test("begins anew where the place is refused, stops where it is not ours to read, and takes nothing for an end", async () => {
    const place = `2026-11-21T09:56:30.000Z ${path(4)}`;
    for (const [reply, error] of [
      [refusal(400, "0x80041103", "Malformed XML in the Paging Cookie"), { name: "CursorExpired" }],
      [refusal(403, "0x80040220", "is missing prvReadContact"), { code: "not_allowed" }],
      [{ body: {} }, { code: "unexpected_answer" }],
    ] as const) {
      stub = await startStub(() => reply);
      await expect(read({ place })).rejects.toMatchObject(error);
      await stub.close();
    }
  });
});

describe("changes", () => {
  const cursor = "/api/data/v9.2/contacts?$select=lastname,contactid&$deltatoken=9%21a";

  test("come with tombstones, and a new cursor", async () => {
    stub = await startStub(() => ({
      body: { value: [row(1), tombstone(7), tombstone(8)], "@odata.deltaLink": link("&$deltatoken=10%21b") },
    }));
    const [page] = await pages({ cursor, columns: ["lastname"] });
    expect(page).toMatchObject({
      count: 3,
      deleted: [guid(7), guid(8)],
      last: true,
      cursor: cursor.replace("9%21a", "10%21b"),
    });
    expect(stub.seen[0]?.path).toBe(decodeURIComponent(cursor));
    expect(stub.seen[0]?.headers.prefer).toBe("odata.maxpagesize=5000");
  });

  test("none: the cursor stays", async () => {
    stub = await startStub(() => ({ body: {} }));
    expect(await pages({ cursor, columns: ["lastname"] })).toMatchObject([{ count: 0, deleted: [], cursor }]);
  });

  test.each([
    [refusal(410, "0x80044352", "Version stamp associated with the client has expired."), "CursorExpired"],
    [refusal(400, "0x80044352", "Version stamp"), "CursorExpired"],
    [refusal(404, "0x80040217", "who knows"), "CursorExpired"],
    [refusal(403, "0x80040220", "is missing prvReadContact"), "SluiceError"],
  ])("refused: read everything again, or stop", async (reply: Reply, name) => {
    stub = await startStub(() => reply);
    await expect(pages({ cursor, columns: ["lastname"] })).rejects.toMatchObject({ name });
  });

  test("of a column the cursor does not know cannot be asked for", async () => {
    stub = await startStub(() => ({ body: { value: [] } }));
    await expect(pages({ cursor, columns: ["lastname", "birthdate"] })).rejects.toMatchObject({
      name: "CursorExpired",
    });
    expect(stub.seen).toHaveLength(0);
  });
});

describe("by ids", () => {
  const asked = (request: Seen) => [...request.path.matchAll(/"([0-9a-f-]{36})"/g)].map((m) => m[1]!);

  test("asks for all of them, in order, in addresses that fit", async () => {
    const ids = Array.from({ length: 1201 }, (_, i) => guid(i));
    stub = await startStub((request) => ({ body: { value: asked(request).map((id) => ({ contactid: id })) } }));
    const all = await pages({ ids });
    const got = all.flatMap((p) => JSON.parse(p.rows.toString()).map((r: { contactid: string }) => r.contactid));
    expect(got).toEqual(ids);
    expect(all.map((p) => p.last)).toEqual([false, false, true]);
    expect(stub.seen[0]?.path).toContain("$filter=Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[");
  });

  test("never goes over the limit, however many columns are selected", () => {
    for (const width of [10, 5000, 29_000]) {
      const queries = idQueries(
        "/api/data/v9.2/",
        `contacts?$select=${"x".repeat(width)}`,
        "contactid",
        Array(700).fill(guid(1)),
      );
      for (const query of queries) expect(query.length).toBeLessThan(32_768 - 500);
      expect(queries.flatMap((q) => q.match(/%22[0-9a-f-]{36}%22/g))).toHaveLength(700);
    }
  });

  test("none asked for: nothing is sent", async () => {
    stub = await startStub(() => ({ body: { value: [] } }));
    expect(await pages({ ids: [] })).toEqual([]);
    expect(stub.seen).toEqual([]);
  });

  test("an error ends it, and leaves nothing behind", async () => {
    stub = await startStub(() => refusal(403, "0x80040220", "is missing prvReadContact"));
    await expect(pages({ ids: Array.from({ length: 3000 }, (_, i) => guid(i)) })).rejects.toMatchObject({
      code: "not_allowed",
    });
  });
});
