import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// State and status: dataverse.md section 5.
const client = useSandbox();
const full = { Prefer: "return=representation" };
const make = async (set: string, body: Record<string, unknown>) => idIn(await client.api("POST", set, body));
const refusal = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];

test("a new row is active whatever statecode it is sent, with the default status of that state", async () => {
  const { json } = await client.api("POST", "contacts?$select=statecode,statuscode", { statecode: 1 }, full);
  expect(json).toMatchObject({ statecode: 0, statuscode: 1 });
  const task = await client.api("POST", "tasks?$select=statecode,statuscode", { subject: "t" }, full);
  expect(task.json).toMatchObject({ statecode: 0, statuscode: 2 });
});

test("a new row may have another status of its first state, but none of a second state", async () => {
  const task = await client.api("POST", "tasks?$select=statuscode", { subject: "t", statuscode: 3 }, full);
  expect(task.json.statuscode).toBe(3);
  expect(refusal(await client.api("POST", "tasks", { subject: "t", statuscode: 5 }))).toEqual([400, "0x80048408"]);
});

test("a state alone brings its default status; state and status must fit", async () => {
  const id = await make("contacts", { lastname: "A" });
  const patch = (body: Record<string, unknown>) =>
    client.api("PATCH", `contacts(${id})?$select=statecode,statuscode`, body, full);
  expect((await patch({ statecode: 1 })).json).toMatchObject({ statecode: 1, statuscode: 2 });
  expect((await patch({ statecode: 0, statuscode: 1 })).json).toMatchObject({ statecode: 0, statuscode: 1 });
  const wrong = await patch({ statecode: 0, statuscode: 2 });
  expect(refusal(wrong)).toEqual([400, "0x80048408"]);
  expect(wrong.json.error.message).toBe(
    `2 is not a valid status code for state code ContactState.Active on contact with Id ${id}.`,
  );
  expect(refusal(await patch({ statuscode: 2 }))).toEqual([400, "0x80048408"]);
  expect(refusal(await patch({ statecode: 7 }))).toEqual([400, "0x8004431a"]);
  expect(refusal(await patch({ statecode: null }))).toEqual([400, "0x80040203"]);
  expect(refusal(await patch({ statecode: "Active" }))).toEqual([400, "0x80048d19"]);
});

test("an inactive row can still be changed", async () => {
  const id = await make("accounts", { name: "A" });
  await client.api("PATCH", `accounts(${id})`, { statecode: 1 });
  expect((await client.api("PATCH", `accounts(${id})`, { name: "B" })).status).toBe(204);
});

test.each([
  ["opportunities", { name: "O" }, 1, "won"],
  ["opportunities", { name: "O" }, 2, "lost"],
  ["incidents", { title: "I" }, 1, "CloseIncidentRequest"],
])("%s cannot be updated to a state that belongs to a message: %s %i %s", async (set, body, statecode, message) => {
  const account = await make("accounts", { name: "A" });
  const id = await make(set, { ...body, "customerid_account@odata.bind": `accounts(${account})` });
  const refused = await client.api("PATCH", `${set}(${id})`, { statecode });
  expect(refusal(refused)).toEqual([400, "0x80100005"]);
  expect(refused.json.error.message).toContain(`use the ${message} message instead.`);
});

test("a new row is active whatever statecode it is sent with, but for a lead (docs/sandbox.md, Differences)", async () => {
  const states = async (set: string, body: object) => {
    const { status, json } = await client.api("POST", set, body, { prefer: "return=representation" });
    return [status, json.statecode ?? json.error.code];
  };
  expect(await states("contacts", { lastname: "x", statecode: 1 })).toEqual([201, 0]);
  expect(await states("contacts", { lastname: "x", statecode: 1, statuscode: 2 })).toEqual([400, "0x80048408"]);
  expect(await states("leads", { subject: "x", lastname: "y", statecode: 2 })).toEqual([201, 2]);
});
