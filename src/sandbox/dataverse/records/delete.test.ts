import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// What deleting does to related rows: the CascadeConfiguration of the table reference pages; dataverse.md section 14.
const client = useSandbox();
const make = async (set: string, body: Record<string, unknown>) => idIn(await client.api("POST", set, body));
const count = async (set: string) => Number((await client.api("GET", `${set}/$count`)).text);

type Request = [method: string, path: string, body?: object];

function changeSet(requests: Request[]) {
  const parts = requests.flatMap(([method, path, body], n) => [
    "--set",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    `Content-ID: ${n + 1}`,
    "",
    `${method} /api/data/v9.2/${path} HTTP/1.1`,
    "Content-Type: application/json",
    "",
    body ? JSON.stringify(body) : "",
  ]);
  const lines = ["--all", "Content-Type: multipart/mixed; boundary=set", "", ...parts, "--set--", "--all--", ""];
  return client.api("POST", "$batch", lines.join("\r\n"), { "content-type": "multipart/mixed; boundary=all" });
}

test("Cascade: children of a parental relationship go with their parent, and their own children with them", async () => {
  const account = await make("accounts", { name: "A" });
  const contact = await make("contacts", { "parentcustomerid_account@odata.bind": `accounts(${account})` });
  await make("tasks", { subject: "t", "regardingobjectid_contact_task@odata.bind": `contacts(${contact})` });
  await make("contacts", { lastname: "other" });
  expect((await client.api("DELETE", `accounts(${account})`)).status).toBe(204);
  expect([await count("contacts"), await count("tasks")]).toEqual([1, 0]);
});

test("RemoveLink: the lookup is emptied and the row changes", async () => {
  const parent = await make("accounts", { name: "A" });
  const child = await make("accounts", { name: "B", "parentaccountid@odata.bind": `accounts(${parent})` });
  const read = async () =>
    (await client.api("GET", `accounts(${child})?$select=_parentaccountid_value,versionnumber`)).json;
  const before = await read();
  expect((await client.api("DELETE", `accounts(${parent})`)).status).toBe(204);
  const after = await read();
  expect(after._parentaccountid_value).toBeNull();
  expect(after.versionnumber).toBeGreaterThan(before.versionnumber);
});

test("Restrict: what is in use cannot be deleted, and nothing changes", async () => {
  const currency = (await client.api("GET", "transactioncurrencies?$filter=isocurrencycode eq 'EUR'")).json.value[0];
  const path = `transactioncurrencies(${currency.transactioncurrencyid})`;
  const account = await make("accounts", { name: "A", "transactioncurrencyid@odata.bind": path });
  const refused = await client.api("DELETE", path);
  expect([refused.status, refused.json.error.code]).toEqual([405, "0x80040227"]);
  expect((await client.api("GET", path)).status).toBe(200);
  await client.api("DELETE", `accounts(${account})`);
  expect((await client.api("DELETE", path)).status).toBe(204);
});

test("Restrict: a team that owns rows stays", async () => {
  const team = await make("teams", { name: "T" });
  await make("contacts", { "ownerid@odata.bind": `teams(${team})` });
  const refused = await client.api("DELETE", `teams(${team})`);
  expect([refused.status, refused.json.error.code]).toEqual([405, "0x80040227"]);
});

test("Cascade: rows in a circle are deleted once", async () => {
  const first = await make("contacts", { lastname: "1" });
  const second = await make("contacts", { "parentcustomerid_contact@odata.bind": `contacts(${first})` });
  await client.api("PATCH", `contacts(${first})`, { "parentcustomerid_contact@odata.bind": `contacts(${second})` });
  expect((await client.api("DELETE", `contacts(${first})`)).status).toBe(204);
  expect(await count("contacts")).toBe(0);
});

test("Cascade: a long chain of parents is no trouble", async () => {
  const guid = (n: number) => `cccccccc-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const rows = Array.from({ length: 200 }, (_, n) => ({
    contactid: guid(n),
    ...(n === 0 ? {} : { "parentcustomerid_contact@odata.bind": `contacts(${guid(n - 1)})` }),
  }));
  await client.control("POST", "seed", { table: "contact", rows });
  expect((await client.api("DELETE", `contacts(${guid(0)})`)).status).toBe(204);
  expect(await count("contacts")).toBe(0);
});

test("many deletions, with moves and undone transactions between them: whoever looks at the row then goes along, nobody else", async () => {
  const guid = (n: number) => `dddddddd-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const at = new Map<number, number | undefined>();
  const parents = new Set<number>();
  let seed = 7;
  const chance = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const bind = (parent: number) => ({ "parentcustomerid_account@odata.bind": `accounts(${guid(parent)})` });
  for (let n = 0; n < 12; n++) {
    parents.add(n);
    await make("accounts", { accountid: guid(n), name: `${n}` });
  }
  for (let n = 0; n < 90; n++) {
    const some = [...parents];
    const parent = some[chance(some.length)]!;
    const child = 100 + n;
    const what = n % 4 === 3 ? "delete" : n % 3 === 2 ? "move" : "create";
    if (what === "create") {
      await make("contacts", { contactid: guid(child), lastname: "c", ...bind(parent) });
      at.set(child, parent);
    } else if (what === "move" && at.size > 0) {
      const moved = [...at.keys()][chance(at.size)]!;
      await client.api("PATCH", `contacts(${guid(moved)})`, bind(parent));
      at.set(moved, parent);
    } else {
      parents.delete(parent);
      parents.add(1000 + n);
      await make("accounts", { accountid: guid(1000 + n), name: "new" });
      expect((await client.api("DELETE", `accounts(${guid(parent)})`)).status).toBe(204);
      for (const [id, holder] of at) if (holder === parent) at.delete(id);
    }
    // What a change set creates and deletes is undone where what follows is refused.
    const made: Request = ["POST", "contacts", { lastname: "u", ...bind([...parents][0]!) }];
    const undone = await changeSet([
      ...(n % 4 === 0 ? [made] : []),
      ...[...at.keys()].slice(0, 1).map((id): Request => ["DELETE", `contacts(${guid(id)})`]),
      ["DELETE", `accounts(${guid([...parents][chance(parents.size)]!)})`],
      ["POST", "contacts", { lastname: "x", donotemail: "no" }],
    ]);
    expect(undone.text).toContain("HTTP/1.1 400");
    const there = (await client.api("GET", "contacts?$select=contactid,_parentcustomerid_value")).json.value;
    expect(
      there.map((row: Record<string, string>) => `${row.contactid} ${row._parentcustomerid_value}`).sort(),
    ).toEqual([...at].map(([id, holder]) => `${guid(id)} ${guid(holder!)}`).sort());
  }
  expect(at.size).toBeGreaterThan(5);
});
