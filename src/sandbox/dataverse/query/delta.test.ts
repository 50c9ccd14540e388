import { expect, test } from "vitest";
import { type Answer, getToken, targets, useSandbox } from "../../raw-client.test-data.ts";

// Change tracking, dataverse.md section 10.
const client = useSandbox();
const ID = (n: number) => `cccccccc-0000-4000-8000-00000000000${n}`;
const track = { Prefer: "odata.track-changes" };
const follow = (link: string, size?: number) =>
  client.api(
    "GET",
    link.split("/v9.2/")[1]!,
    undefined,
    size === undefined ? {} : { Prefer: `odata.maxpagesize=${size}` },
  );
const start = async () =>
  (await client.api("GET", "contacts?$select=lastname", undefined, track)).json["@odata.deltaLink"] as string;
const create = (...numbers: number[]) =>
  client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets(numbers.map((n) => ({ contactid: ID(n), lastname: `n${n}` }))),
  );
const seen = (answer: Answer) =>
  answer.json.value.map((each: { contactid?: string; id?: string; reason?: string }) =>
    each.reason ? `-${each.id!.at(-1)}` : each.contactid!.at(-1),
  );

test("$deltatoken: nothing changed, no rows, and a new link", async () => {
  await create(1);
  const answer = await follow(await start());
  expect(answer.json["@odata.context"]).toMatch(/\$metadata#contacts\(lastname\)\/\$delta$/);
  expect(answer.json.value).toEqual([]);
  expect(answer.json["@odata.deltaLink"]).toMatch(
    /contacts\?\$select=lastname&\$deltatoken=\d+(!|%21)\d\d%2F\d\d%2F\d{4}%20/,
  );
});

test("$deltatoken: changed rows come whole by version, with selected columns only, then tombstones", async () => {
  await create(1, 2, 3);
  const link = await start();
  await client.api("PATCH", `contacts(${ID(3)})`, { jobtitle: "x" });
  await client.api("PATCH", `contacts(${ID(1)})`, { lastname: "a" });
  await client.api("PATCH", `contacts(${ID(3)})`, { jobtitle: "y" });
  await create(4);
  await client.api("DELETE", `contacts(${ID(2)})`);
  const answer = await follow(link);
  expect(seen(answer)).toEqual(["1", "3", "4", "-2"]);
  expect(Object.keys(answer.json.value[0])).toEqual(["@odata.etag", "lastname", "contactid"]);
  expect(answer.json.value[3]).toEqual({
    "@odata.context": `${client.sandbox.origin}/api/data/v9.2/$metadata#contacts/$deletedEntity`,
    id: ID(2),
    reason: "deleted",
  });
  expect((await follow(answer.json["@odata.deltaLink"])).json.value).toEqual([]);
});

test("$deltatoken: a row made and deleted between two reads still shows as a tombstone", async () => {
  const link = await start();
  await create(1);
  await client.api("DELETE", `contacts(${ID(1)})`);
  expect(seen(await follow(link))).toEqual(["-1"]);
});

test("odata.track-changes: the link stands on the last page only, and loses nothing written while the pages were read", async () => {
  await create(1, 2, 3);
  const first = await client.api("GET", "contacts?$select=lastname", undefined, {
    Prefer: "odata.track-changes,odata.maxpagesize=2",
  });
  expect(first.json).not.toHaveProperty("@odata.deltaLink");
  await client.api("PATCH", `contacts(${ID(1)})`, { lastname: "changed behind the reader" });
  const second = await follow(first.json["@odata.nextLink"], 2);
  expect(second.json).not.toHaveProperty("@odata.nextLink");
  expect(seen(await follow(second.json["@odata.deltaLink"]))).toEqual(["1"]);
});

test("$deltatoken: changes are paged too; what is written meanwhile comes with the next token", async () => {
  await create(1, 2, 3, 4);
  const link = await start();
  for (const n of [1, 2, 3]) await client.api("PATCH", `contacts(${ID(n)})`, { lastname: "x" });
  await client.api("DELETE", `contacts(${ID(4)})`);
  const all: string[] = [];
  let answer = await follow(link, 1);
  await client.api("PATCH", `contacts(${ID(1)})`, { lastname: "later" });
  for (;;) {
    all.push(...seen(answer));
    for (const row of answer.json.value) expect(row).not.toHaveProperty("createdon");
    const next = answer.json["@odata.nextLink"];
    if (next === undefined) break;
    answer = await follow(next, 1);
  }
  expect(all).toEqual(["1", "2", "3", "-4"]);
  expect(seen(await follow(answer.json["@odata.deltaLink"]))).toEqual(["1"]);
});

test("$deltatoken: at most 5000 changes come at once", async () => {
  const link = await start();
  const rows = Array.from({ length: 1001 }, () => ({ lastname: "x" }));
  for (let n = 0; n < 5; n++) await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows));
  const first = await follow(link);
  expect(first.json.value).toHaveLength(5000);
  expect((await follow(first.json["@odata.nextLink"])).json.value).toHaveLength(5);
});

test("$count?$deltatoken: changes can be counted", async () => {
  const link = await start();
  await create(1, 2);
  await client.api("DELETE", `contacts(${ID(2)})`);
  const answer = await client.api("GET", `contacts/$count?${/\$deltatoken=.*/.exec(link)![0]}`);
  expect(answer.text).toBe("2");
});

test.each(["$filter=lastname eq 'x'", "$orderby=lastname", "$expand=x", "$top=1"])("%s is refused", async (option) => {
  const answer = await client.api("GET", `contacts?${option}`, undefined, track);
  expect(answer.status).toBe(400);
  expect(answer.json.error.message).toBe(
    `The ${option.split("=")[0]} query parameter isn't supported when Change Tracking is enabled.`,
  );
});

test("POST change-tracking: a table that is not tracked says so, until it is", async () => {
  const answer = await client.api("GET", "opportunities", undefined, track);
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80072491"]);
  await client.control("POST", "change-tracking", { table: "opportunity", enabled: true });
  expect((await client.api("GET", "opportunities", undefined, track)).json["@odata.deltaLink"]).toContain(
    "$deltatoken=",
  );
});

test("POST change-tracking: expired tokens, 0x80044352, or by choice all rows without tombstones; new tokens live", async () => {
  await create(1, 2);
  const link = await start();
  await client.api("DELETE", `contacts(${ID(1)})`);
  await client.control("POST", "change-tracking", { expire: true });
  const answer = await follow(link);
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80044352"]);
  expect((await follow(await start())).status).toBe(200);
  await client.control("POST", "change-tracking", { expired: "all rows" });
  expect(seen(await follow(link))).toEqual(["2"]);
});

test("a token from before a reset, or none at all, is refused", async () => {
  await create(1, 2, 3);
  const link = await start();
  await client.control("POST", "reset");
  expect((await follow(link)).json.error.code).toBe("0x80044352");
  expect((await client.api("GET", "contacts?$deltatoken=x")).status).toBe(400);
});

test("thousands of changes to few rows do not pile up, and the newest of each row stays", async () => {
  await create(1, 2, 3);
  const link = await start();
  for (let round = 0; round < 3; round++) {
    const patch = (n: number) => client.api("PATCH", `contacts(${ID(n)})`, { lastname: `r${round}` });
    await Promise.all(Array.from({ length: 500 }, (_, n) => patch(1 + (n % 2))));
  }
  await client.api("PATCH", `contacts(${ID(3)})`, { lastname: "z" });
  await client.api("PATCH", `contacts(${ID(1)})`, { lastname: "z" });
  expect(seen(await follow(link))).toEqual(["2", "3", "1"]);
});

test("ExpireChangeTrackingInDays: a token holds seven days by the clock, and not longer", async () => {
  await create(1);
  const link = await start();
  const later = async (days: number) => {
    await client.control("POST", "clock", { reset: true });
    await client.control("POST", "clock", { advance: `${days}d` });
    const fresh = (await getToken(client)).json.access_token;
    return client.raw("GET", link.slice(client.sandbox.origin.length), undefined, { authorization: `Bearer ${fresh}` });
  };
  expect((await later(6.9)).status).toBe(200);
  const expired = await later(7.1);
  expect([expired.status, expired.json.error.code]).toEqual([400, "0x80044352"]);
});

test("$deltatoken: a row deleted and made again under its id comes as a row, without a tombstone", async () => {
  await create(1);
  const link = await start();
  await client.api("DELETE", `contacts(${ID(1)})`);
  await create(1);
  expect(seen(await follow(link))).toEqual(["1"]);
});

test("Change tracking of pairs: both ends must be tracked", async () => {
  const set = "systemuserrolescollection";
  for (const table of ["systemuser", "role"]) {
    await client.control("POST", "change-tracking", { table, enabled: false });
  }
  const refused = await client.api("GET", set, undefined, track);
  expect([refused.status, refused.json.error.code]).toEqual([400, "0x80072492"]);
  for (const table of ["systemuser", "role"]) await client.control("POST", "change-tracking", { table, enabled: true });
  expect((await client.api("GET", set, undefined, track)).json["@odata.deltaLink"]).toContain("$deltatoken=");
});

test.each(["1000000!99/99/2020 00:00:00", "!", "99999999999999999999!01/01/2020 00:00:00", "x!01/01/2020 00:00:00"])(
  "a token that is none is refused: %s",
  async (token) => {
    const answer = await client.api("GET", `contacts?$deltatoken=${encodeURIComponent(token)}`);
    expect([answer.status, answer.json.error.code]).toEqual([400, "0x80060888"]);
  },
);

test("ExpireChangeTrackingInDays: the organization's own number of days counts", async () => {
  await create(1);
  const link = await start();
  const organization = (await client.api("GET", "organizations?$select=name")).json.value[0].organizationid;
  await client.api("PATCH", `organizations(${organization})`, { expirechangetrackingindays: 0 });
  await client.control("POST", "clock", { advance: "5s" });
  expect((await follow(link)).json.error.code).toBe("0x80044352");
});
