import { describe, expect, test } from "vitest";
import type { Credential } from "../src/connectors/dataverse/credential.ts";
import { openSession } from "../src/connectors/dataverse/index.ts";
import { batchOf } from "../src/connectors/dataverse/stub.ts";
import {
  clock,
  contact,
  control,
  create,
  given,
  on,
  people,
  person,
  read,
  sent,
  session,
  updateOf,
  withIds,
} from "./sandbox-contact.ts";

/** The connector against the sandbox, where rows are refused, requests fail and rights are missing. */

describe("bad rows", () => {
  test.each([
    ["too long", { lastname: "x".repeat(51) }, "0x80044331"],
    ["not an option", { gendercode: 7 }, "0x8004431a"],
    ["out of range", { numberofchildren: -1 }, "0x8004432f"],
    [
      "no such parent",
      { "parentcustomerid_account@odata.bind": "/accounts(00000000-0000-4000-8000-000000000001)" },
      "0x80040217",
    ],
  ])("%s: that one is rejected, the others are created", async (_, bad, code) => {
    const rows = people(40);
    rows[17] = person(17, bad);
    const { exceptions, status } = await session.write(contact, batchOf("create", rows), on);
    expect(status).toBe("created");
    expect(exceptions.filter((e) => e.status !== "created")).toMatchObject([{ n: 17, status: "rejected", code }]);
    expect((await read()).rows.map((r) => r.contactid).toSorted()).toEqual(
      exceptions.flatMap((e) => e.id ?? []).toSorted(),
    );
  });

  test("a number that is taken is unknown on create, rejected on update", async () => {
    const ids = await create(people(2));
    const again = await session.write(contact, batchOf("create", [person(5), person(0), person(6)]), on);
    expect(again.exceptions.find((e) => e.n === 1)).toMatchObject({ status: "unknown", code: "0x80060892" });
    const taken = await session.write(
      contact,
      updateOf(ids, (i) => (i === 1 ? { new_number: "C-0" } : { lastname: "ok" })),
      on,
    );
    expect(taken).toMatchObject({ status: "updated", exceptions: [{ n: 1, status: "rejected", code: "0x80060892" }] });
  });

  test("a record deleted meanwhile is gone", async () => {
    const ids = await create(people(4));
    await session.write(contact, withIds(batchOf("delete", people(1)), [ids[2]!]), on);
    const outcome = await session.write(
      contact,
      updateOf(ids, () => ({ lastname: "x" })),
      on,
    );
    expect(outcome).toMatchObject({ status: "updated", exceptions: [{ n: 2, status: "rejected", code: "gone" }] });
  });

  test("row by row it is the same", async () => {
    const slow = { ...contact, can: { ...contact.can, bulk: false } };
    const rows = [person(0), person(1, { gendercode: 7 }), person(2)];
    const made = await session.write(slow, batchOf("create", rows), on);
    expect(made.exceptions.map((e) => e.status)).toEqual(["created", "rejected", "created"]);
    const ids = [made.exceptions[0]!.id!, "00000000-0000-4000-8000-000000000001", made.exceptions[2]!.id!];
    const outcome = await session.write(
      slow,
      updateOf(ids, () => ({ lastname: "x" })),
      on,
    );
    expect(outcome).toMatchObject({ status: "updated", exceptions: [{ n: 1, status: "rejected", code: "gone" }] });
    expect((await read()).rows).toHaveLength(2);
  });
});

describe("faults", () => {
  const bulk = { method: "POST", path: "CreateMultiple" };

  test("429 is obeyed, 503 is repeated", async () => {
    await control("faults", {
      match: bulk,
      times: 1,
      status: 429,
      code: "0x80072322",
      message: "Number of requests exceeded",
      retryAfter: 17,
    });
    await create(people(2));
    expect(clock.pauses.at(-1)).toBeGreaterThan(16_000);
    await control("faults", { match: bulk, times: 2, status: 503, code: "0x80040216", message: "busy" });
    await create([person(5)]);
    expect(await sent("CRM.CreateMultiple")).toBe(2 + 3);
  });

  test("a connection lost before or after the commit is unknown, and nothing is sent twice", async () => {
    for (const kind of ["resetBefore", "resetAfter"]) {
      await control("faults", { match: bulk, times: 1, [kind]: true });
      const before = (await read()).rows.length;
      expect(await session.write(contact, batchOf("create", [person(before), person(before + 1)]), on)).toEqual({
        status: "unknown",
        exceptions: [],
      });
      expect((await read()).rows.length - before).toBe(kind === "resetAfter" ? 2 : 0);
    }
  });

  test("a page cut short is read again", async () => {
    await create(people(3));
    await control("faults", { match: { method: "GET", path: "/contacts" }, times: 1, truncate: true });
    expect((await read()).rows).toHaveLength(3);
    expect(await sent("/contacts?")).toBe(2);
  });

  test("a plug-in that refuses a row, and one that rewrites a column", async () => {
    await control("plugins", { table: "contact", column: "lastname", equals: "Last 3", throws: "Not this one." });
    await control("plugins", { table: "contact", column: "firstname", rewrite: "upper" });
    const rows = Array.from({ length: 8 }, (_, n) => person(n, { firstname: "Ada" }));
    const { exceptions } = await session.write(contact, batchOf("create", rows), on);
    expect(exceptions.filter((e) => e.status !== "created")).toEqual([
      { n: 3, status: "rejected", code: "0x80040265", message: "Not this one." },
    ]);
    expect((await read({ columns: ["firstname"] })).rows.every((r) => r.firstname === "ADA")).toBe(true);
  });

  test("a bad row in a table one may not read any more stops with what is written accounted for", async () => {
    const ids = await create(people(4));
    await control("privileges", { table: "contact", privilege: "Write", allowed: false });
    await expect(
      session.write(
        contact,
        updateOf(ids, () => ({ lastname: "x" })),
        on,
      ),
    ).rejects.toMatchObject({
      code: "not_allowed",
      remedy: expect.stringContaining("prvWriteContact"),
    });
    await control("privileges", { table: "contact", privilege: "Read", allowed: false });
    await expect(read()).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("prvReadContact"),
    });
  });

  test("a missing privilege is named", async () => {
    await control("privileges", { table: "contact", privilege: "Create", allowed: false });
    await expect(session.write(contact, batchOf("create", people(2)), on)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("prvCreateContact"),
    });
  });

  test.each([
    ["secretExpired", "secret_wrong", /AADSTS7000222/],
    ["appDisabled", "secret_wrong", /AADSTS7000112/],
    ["noConsent", "secret_wrong", /AADSTS65001/],
    ["noUser", "not_allowed", /not a user of this environment/],
    ["noRole", "not_allowed", /no security role/],
    ["userDisabled", "not_allowed", /disabled/],
    ["blocked", "not_allowed", /policy/],
    ["administrationMode", "destination_failed", /administration mode/],
  ])("the application is %s: %s, in words", async (state, code, message) => {
    await control("app", { state });
    const other = openSession(given, { base: "." }, { clock });
    await expect(other.objects()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await other.close();
  });

  test("a wrong secret, tenant or client id has its own cause", async () => {
    const [right] = given.credentials;
    for (const [wrong, code, theirs] of [
      [{ clientSecret: "no" }, "secret_wrong", "AADSTS7000215"],
      [{ clientId: "00000000-0000-4000-8000-000000000009" }, "connection_wrong", "AADSTS700016"],
    ] as const) {
      const credentials = [{ ...right, ...wrong } as Credential];
      const other = openSession({ ...given, credentials }, { base: "." });
      await expect(other.objects()).rejects.toMatchObject({ code, message: expect.stringContaining(theirs) });
      await other.close();
    }
    await expect(session.describe("kontact")).rejects.toMatchObject({ code: "unknown_object" });
  });
});
