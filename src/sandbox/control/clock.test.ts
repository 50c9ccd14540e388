import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";

const client = useSandbox();
const now = async () => Date.parse((await client.control("GET", "clock")).json.now);
const HOUR = 3_600_000;

test("GET clock: the machine's time until it is moved", async () => {
  expect((await client.control("GET", "clock")).json.aheadMs).toBe(0);
  expect(Math.abs((await now()) - Date.now())).toBeLessThan(5000);
});

test.each([
  [{ advanceMs: HOUR }, HOUR],
  [{ advance: "3h" }, 3 * HOUR],
  [{ advance: "1d12h" }, 36 * HOUR],
  [{ advance: "1.5s500ms" }, 2000],
])("POST clock: %j", async (move, ahead) => {
  expect((await client.control("POST", "clock", move)).json.aheadMs).toBe(ahead);
});

test("POST clock: set and reset; rows are stamped by it", async () => {
  await client.control("POST", "clock", { set: "2031-05-06T07:08:00Z" });
  const made = await client.api(
    "POST",
    "contacts?$select=createdon",
    { lastname: "a" },
    { Prefer: "return=representation" },
  );
  // The token has expired by then (dataverse.md section 2: 3599 seconds).
  expect(made.status).toBe(401);
  expect(new Date(String(made.headers.date)).getUTCFullYear()).toBe(2031);
  await client.control("POST", "seed", { table: "contact", rows: [{ lastname: "a" }] });
  expect((await client.control("GET", "rows/contact")).json.value[0].createdon).toMatch(/^2031-05-06T07:08:/);
  expect((await client.control("POST", "clock", { reset: true })).json.aheadMs).toBe(0);
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
});

test.each([
  {},
  { advance: "soon" },
  { advance: "" },
  { advanceMs: "5" },
  { advanceMs: -1 },
  { set: "yesterday" },
  { set: 5 },
  { reset: false },
  { reset: true, advanceMs: 1 },
])("a move that is none is refused: %j", async (move) => {
  expect((await client.control("POST", "clock", move)).status).toBe(400);
  expect((await client.control("GET", "clock")).json.aheadMs).toBe(0);
});

test("POST clock: however far, it stays a time", async () => {
  expect((await client.control("POST", "clock", { advance: "99999999999999d" })).json.now).toMatch(/^9000-01-01/);
  expect((await client.control("POST", "seed", { table: "contact", rows: [{ lastname: "a" }] })).status).toBe(200);
});
