import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { soundCustomers } from "../examples/generator/change.ts";
import { fromCsv } from "../examples/generator/csv.ts";
import { type Customer, contactMethods } from "../examples/generator/customers.ts";
import { audiences, type Order } from "../examples/generator/orders.ts";
import { example } from "../examples/project.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/index.ts";

const launcher = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));

type Stored = Record<string, string | number | boolean | null | undefined>;

/** What the example leaves in Dynamics, read there by nothing of Sluice's own and compared with the files. */
describe("the example project in Dynamics", () => {
  let folder: string;
  let sandbox: Sandbox;
  let contacts: Map<string, Stored>;
  let accounts: Map<string, Stored>;
  let customers: Customer[];

  const file = (name: string) => fromCsv(readFileSync(join(folder, "data", name), "utf8"));
  const stored = async (table: string, key: string) => {
    const answer = await request(`${sandbox.origin}/_sandbox/rows/${table}`);
    const { value } = (await answer.body.json()) as { value: Stored[] };
    return new Map(value.map((row) => [String(row[key]), row]));
  };
  const load = async () => {
    const env = { ...process.env, ...sandbox.env };
    await new Promise((resolve) =>
      execFile(process.execPath, [launcher, "run", "--project", folder, "--json"], { env }, resolve),
    );
    contacts = await stored("contact", "sluice_customerid");
    accounts = await stored("account", "accountnumber");
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-example-"));
    sandbox = await startSandbox();
    example.copyInto(folder);
    await example.makeColumns(sandbox.env);
    await load();
    const numbers = new Set(file("companies.csv").map((c) => c.company_no!));
    customers = soundCustomers(file("customers.csv") as Customer[], numbers);
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has every company and every fit customer once, and nobody else", () => {
    expect([...accounts.keys()].sort()).toEqual(
      file("companies.csv")
        .map((c) => c.company_no)
        .sort(),
    );
    expect([...contacts.keys()].sort()).toEqual(customers.map((c) => c.customer_id).sort());
  });

  it("holds each value as the file has it, in Dynamics' own form", () => {
    const text = (value: string) => (value === "" ? null : value);
    for (const c of customers) {
      const [day, month, year] = c.birth_date.split(".");
      const method = contactMethods.indexOf(c.contact_by);
      const found = contacts.get(c.customer_id)!;
      expect({
        firstname: found.firstname,
        lastname: found.lastname,
        emailaddress1: found.emailaddress1 ?? null,
        telephone1: found.telephone1 ?? null,
        address1_city: found.address1_city ?? null,
        birthdate: found.birthdate ?? null,
        account: found._parentcustomerid_value ?? null,
        method: found.preferredcontactmethodcode ?? null,
      }).toEqual({
        firstname: c.first_name,
        lastname: c.last_name,
        emailaddress1: text(c.email),
        telephone1: text(c.phone),
        address1_city: text(c.city),
        birthdate: text(year === undefined ? c.birth_date : `${year}-${month}-${day}`),
        account: c.company_no === "" ? null : accounts.get(c.company_no)!.accountid,
        // Dynamics' own options: 1 Any, 2 Email, 3 Phone, 5 Mail. A new contact without one gets its default, Any.
        method: c.contact_by === "" ? 1 : [1, 2, 3, 5][method],
      });
    }
  });

  it("marks the members of both audiences, then those who left as exited", async () => {
    const { vip, lapsed } = audiences(file("orders.csv") as Order[]);
    const status = (members: Set<string>, id: string) => (members.has(id) ? "realized" : null);
    for (const [id, found] of contacts)
      expect([found.sluice_vip ?? null, found.sluice_lapsed ?? null]).toEqual([status(vip, id), status(lapsed, id)]);

    const { left } = example.change(folder);
    await load();
    expect(contacts.size).toBe(customers.length);
    for (const id of left) {
      const found = contacts.get(id)!;
      const exited = (members: Set<string>) => (members.has(id) ? "exited" : null);
      expect([found.sluice_vip ?? null, found.sluice_lapsed ?? null]).toEqual([exited(vip), exited(lapsed)]);
    }
  });
});
