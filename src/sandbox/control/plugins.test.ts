import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";

const client = useSandbox();
const plugin = (rule: object) => client.control("POST", "plugins", { table: "contact", column: "lastname", ...rule });
const create = (lastname: string) => client.api("POST", "contacts", { lastname });
const statuses = async (times: number) => {
  const seen: number[] = [];
  for (let n = 0; n < times; n++) seen.push((await create(`n${n}`)).status);
  return seen;
};

test("POST plugins: one that throws by nth, every and rate; the text is its own (section 14)", async () => {
  await plugin({ throws: "No.", nth: 2 });
  expect(await statuses(4)).toEqual([204, 400, 204, 204]);
  await client.control("DELETE", "plugins");
  await plugin({ throws: "No.", every: 2, times: 1 });
  expect(await statuses(4)).toEqual([204, 400, 204, 204]);
  const pattern = async () => {
    await client.control("DELETE", "plugins");
    await plugin({ throws: "No.", rate: 0.5, seed: 3 });
    return statuses(20);
  };
  const first = await pattern();
  expect(new Set(first)).toEqual(new Set([204, 400]));
  expect(await pattern()).toEqual(first);
});

test("POST plugins: on one message only", async () => {
  await plugin({ rewrite: "upper", on: "Update" });
  const made = await client.api("POST", "contacts", { lastname: "a" }, { Prefer: "return=representation" });
  expect(made.json.lastname).toBe("a");
  await client.api("PATCH", `contacts(${made.json.contactid})`, { lastname: "b" });
  expect((await client.api("GET", `contacts(${made.json.contactid})`)).json.lastname).toBe("B");
});

test("GET plugins: those in force, with how often each has run", async () => {
  await plugin({ rewrite: "upper", nth: 2 });
  await statuses(3);
  expect((await client.control("GET", "plugins")).json.plugins).toEqual([
    { table: "contact", column: "lastname", rewrite: "upper", nth: 2, seen: 3, run: 1 },
  ]);
});

test("DELETE plugins: none any more", async () => {
  await plugin({ throws: "No.", rate: 1 });
  await client.control("DELETE", "plugins");
  expect(await statuses(1)).toEqual([204]);
});
