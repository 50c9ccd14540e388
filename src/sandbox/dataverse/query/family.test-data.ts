import { type Answer, type RawClient, targets } from "../../raw-client.test-data.ts";

export const ACCOUNT = (n: number) => `aaaaaaaa-0000-4000-8000-00000000000${n}`;
export const CONTACT = (n: number) => `cccccccc-0000-4000-8000-00000000000${n}`;
export const TASK = (n: number) => `dddddddd-0000-4000-8000-00000000000${n}`;
export const LIST = (n: number) => `eeeeeeee-0000-4000-8000-00000000000${n}`;

/**
 * Two accounts under a third; contacts 1 to 3 of account 1, contact 4 of account 2, contact 5 of contact 1, contact 6
 * of nobody. Tasks 1 and 2 regard account 1, task 3 contact 1. Contacts 1 and 4 are in list 1, contact 1 in list 2.
 */
export async function createFamily(client: RawClient): Promise<void> {
  const create = async (set: string, table: string, rows: Record<string, unknown>[]) => {
    const answer = await client.api("POST", `${set}/Microsoft.Dynamics.CRM.CreateMultiple`, targets(rows, table));
    if (answer.status !== 200) throw new Error(answer.text);
  };
  await create("accounts", "account", [
    { accountid: ACCOUNT(3), name: "Holding", revenue: 500 },
    { accountid: ACCOUNT(1), name: "Contoso", revenue: 100, "parentaccountid@odata.bind": `/accounts(${ACCOUNT(3)})` },
    { accountid: ACCOUNT(2), name: "Fabrikam", "parentaccountid@odata.bind": `/accounts(${ACCOUNT(3)})` },
  ]);
  const ofAccount = (n: number) => ({ "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT(n)})` });
  await create("contacts", "contact", [
    { contactid: CONTACT(1), firstname: "Ada", lastname: "Byron", jobtitle: "boss", creditlimit: 10, ...ofAccount(1) },
    { contactid: CONTACT(2), firstname: "Bob", lastname: "Cole", ...ofAccount(1) },
    { contactid: CONTACT(3), firstname: "Cy", lastname: "Abel", jobtitle: "clerk", ...ofAccount(1) },
    { contactid: CONTACT(4), firstname: "Di", lastname: "Dorn", jobtitle: "boss", ...ofAccount(2) },
    {
      contactid: CONTACT(5),
      firstname: "Ed",
      lastname: "Eck",
      "parentcustomerid_contact@odata.bind": `/contacts(${CONTACT(1)})`,
    },
    { contactid: CONTACT(6), firstname: "Flo", lastname: "Frey" },
  ]);
  await client.api("PATCH", `accounts(${ACCOUNT(1)})`, {
    "primarycontactid@odata.bind": `/contacts(${CONTACT(1)})`,
  });
  await client.api("PATCH", `accounts(${ACCOUNT(2)})`, {
    "primarycontactid@odata.bind": `/contacts(${CONTACT(1)})`,
  });
  for (const [n, bind] of [
    [1, { "regardingobjectid_account_task@odata.bind": `/accounts(${ACCOUNT(1)})` }],
    [2, { "regardingobjectid_account_task@odata.bind": `/accounts(${ACCOUNT(1)})` }],
    [3, { "regardingobjectid_contact_task@odata.bind": `/contacts(${CONTACT(1)})` }],
  ] as const) {
    await client.api("POST", "tasks", { activityid: TASK(n), subject: `Task ${n}`, ...bind });
  }
  for (const n of [1, 2]) await client.api("POST", "lists", { listid: LIST(n), listname: `L${n}`, createdfromcode: 2 });
  for (const [list, contact] of [
    [1, 1],
    [1, 4],
    [2, 1],
  ] as const) {
    await client.api("POST", `lists(${LIST(list)})/listcontact_association/$ref`, {
      "@odata.id": `contacts(${CONTACT(contact)})`,
    });
  }
}

/** The last digits of the ids in an answer, in its order. */
export function numbers(answer: Answer, id: string): number[] {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json.value.map((each: Record<string, string>) => Number(each[id]!.slice(-1)));
}
