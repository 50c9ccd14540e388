import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { ACCOUNT, CONTACT, createFamily, LIST, numbers, TASK } from "../query/family.test-data.ts";

// query/overview.md ("Filtered collections"), dataverse.md section 6, OData 4.0 URL conventions.
const client = useSandbox();
beforeEach(() => createFamily(client));

const get = (path: string, headers: Record<string, string> = {}) => client.api("GET", path, undefined, headers);

test("GET lookup: the row, with its own context and ETag; 204 when it is empty", async () => {
  const answer = await get(`accounts(${ACCOUNT(1)})/primarycontactid?$select=fullname`);
  expect(answer.status).toBe(200);
  expect(answer.json["@odata.context"]).toMatch(/\$metadata#contacts\(fullname\)\/\$entity$/);
  expect(answer.json).toMatchObject({ fullname: "Ada Byron", contactid: CONTACT(1) });
  expect(answer.headers.etag).toBe(answer.json["@odata.etag"]);
  expect((await get(`accounts(${ACCOUNT(3)})/primarycontactid`)).status).toBe(204);
  expect((await get(`contacts(${CONTACT(5)})/parentcustomerid_account`)).status).toBe(204);
  expect((await get(`contacts(${CONTACT(5)})/parentcustomerid_contact`)).json.contactid).toBe(CONTACT(1));
});

test("GET lookup: an owner is a user or a team, and can be cast to what it is", async () => {
  const plain = await get(`accounts(${ACCOUNT(1)})/ownerid`);
  expect(plain.json.fullname).toBe("# Sandbox Application");
  const cast = await get(`accounts(${ACCOUNT(1)})/ownerid/Microsoft.Dynamics.CRM.systemuser?$select=fullname`);
  expect(cast.json.fullname).toBe("# Sandbox Application");
  expect((await get(`accounts(${ACCOUNT(1)})/ownerid/Microsoft.Dynamics.CRM.team`)).status).toBe(400);
});

test("GET collection: every query option", async () => {
  const path = `accounts(${ACCOUNT(1)})/contact_customer_accounts`;
  const answer = await get(`${path}?$select=lastname&$orderby=lastname&$count=true&$filter=firstname ne 'Bob'`);
  expect(answer.json["@odata.context"]).toMatch(/\$metadata#contacts\(lastname\)$/);
  expect(answer.json["@odata.count"]).toBe(2);
  expect(numbers(answer, "contactid")).toEqual([3, 1]);
  expect(numbers(await get(`${path}?$top=1`), "contactid")).toEqual([1]);
  expect(numbers(await get(`contacts(${CONTACT(1)})/contact_customer_contacts`), "contactid")).toEqual([5]);
  const expanded = await get(`${path}?$select=lastname&$expand=parentcustomerid_account($select=name)`);
  expect(expanded.json.value[0].parentcustomerid_account.name).toBe("Contoso");
});

test("GET collection: many-to-many, from both ends", async () => {
  expect(numbers(await get(`lists(${LIST(1)})/listcontact_association?$select=contactid`), "contactid")).toEqual([
    1, 4,
  ]);
  expect(numbers(await get(`contacts(${CONTACT(1)})/listcontact_association`), "listid")).toEqual([1, 2]);
});

test("GET collection: pages lead back to the collection, in any order", async () => {
  for (const order of ["", "&$orderby=lastname desc"]) {
    const seen: number[] = [];
    let path: string | undefined = `accounts(${ACCOUNT(1)})/contact_customer_accounts?$select=lastname${order}`;
    while (path !== undefined) {
      const page = await get(path, { Prefer: "odata.maxpagesize=1" });
      seen.push(...numbers(page, "contactid"));
      path = page.json["@odata.nextLink"]?.split("/v9.2/")[1];
    }
    expect(seen).toEqual(order === "" ? [1, 2, 3] : [2, 1, 3]);
  }
});

test("GET collection/$count: as plain text, filtered", async () => {
  const path = `accounts(${ACCOUNT(1)})/contact_customer_accounts/$count`;
  expect((await get(path)).text).toBe("3");
  expect((await get(`${path}?$filter=jobtitle eq 'boss'`)).text).toBe("1");
});

test("GET collection(id): one row of the collection; 404 for a row that is not in it", async () => {
  const path = `accounts(${ACCOUNT(1)})/contact_customer_accounts`;
  expect((await get(`${path}(${CONTACT(2)})?$select=lastname`)).json.lastname).toBe("Cole");
  const missing = await get(`${path}(${CONTACT(4)})`);
  expect([missing.status, missing.json.error.code]).toEqual([404, "0x80040217"]);
  const chain = `${path}(${CONTACT(1)})/parentcustomerid_account/primarycontactid/lastname`;
  expect((await get(chain)).json.value).toBe("Byron");
});

test("GET lookup/column: one property of the row a lookup leads to", async () => {
  const answer = await get(`tasks(${TASK(1)})/regardingobjectid_account_task/name`);
  expect(answer.json).toMatchObject({ value: "Contoso" });
  expect(answer.json["@odata.context"]).toMatch(/\$metadata#accounts\([0-9a-f-]+\)\/name$/);
});

test.each([
  [`accounts(${ACCOUNT(1)})/nope/name`, 404],
  [`accounts(${ACCOUNT(1)})/primarycontactid/nope`, 400],
  [`accounts(${ACCOUNT(3)})/primarycontactid/fullname`, 404],
  [`accounts(${ACCOUNT(1)})/contact_customer_accounts/fullname`, 404],
  [`accounts(${ACCOUNT(1)})/contact_customer_accounts/$count/x`, 404],
  [`accounts(${ACCOUNT(1)})/contact_customer_accounts(1)`, 400],
  [`accounts(${ACCOUNT(1)})/contact_customer_accounts/Microsoft.Dynamics.CRM.account`, 400],
  [`accounts(${ACCOUNT(9)})/primarycontactid`, 404],
  [`accounts(${ACCOUNT(1)})/sla_account_sla`, 501],
])("GET %s is a %d", async (path, status) => {
  expect((await get(path)).status).toBe(status);
});

test("changes are tracked of tables, not of collections (dataverse.md section 10)", async () => {
  const path = `accounts(${ACCOUNT(1)})/contact_customer_accounts`;
  for (const answer of [
    await get(path, { Prefer: "odata.track-changes" }),
    await get(`${path}?$deltatoken=1000000!01/01/2020 00:00:00`),
  ]) {
    expect([answer.status, answer.json.error.message]).toEqual([400, expect.stringContaining("Change Tracking")]);
  }
});
