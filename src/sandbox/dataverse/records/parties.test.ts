import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// Parties of activities: activityparty-entity.md, activityparty and phonecall table references, dataverse.md section 4.
const client = useSandbox();
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];
const made = async (set: string, body: object) => idIn((await client.api("POST", set, body)) as never);

test("Activity parties: made with their activity, and read as its collection or by themselves", async () => {
  const ada = await made("contacts", { lastname: "Lovelace" });
  const works = await made("accounts", { name: "Works" });
  const call = await made("phonecalls", {
    subject: "x",
    phonecall_activity_parties: [
      { participationtypemask: 2, "partyid_contact@odata.bind": `/contacts(${ada})` },
      { participationtypemask: 2, "partyid_account@odata.bind": `/accounts(${works})` },
      { participationtypemask: 1, addressused: "nobody@example.com" },
    ],
  });
  const inner = "phonecall_activity_parties($select=participationtypemask,addressused,_partyid_value)";
  const { json } = await client.api("GET", `phonecalls(${call})?$select=subject&$expand=${inner}`);
  expect(json.phonecall_activity_parties).toMatchObject([
    { participationtypemask: 2, _partyid_value: ada },
    { participationtypemask: 2, _partyid_value: works },
    { participationtypemask: 1, _partyid_value: null, addressused: "nobody@example.com" },
  ]);
  const listed = await client.api("GET", `activityparties?$select=_activityid_value&$filter=_partyid_value eq ${ada}`);
  expect(listed.json.value).toMatchObject([{ _activityid_value: call }]);
  expect((await client.api("DELETE", `phonecalls(${call})`)).status).toBe(204);
  expect((await client.api("GET", "activityparties")).json.value).toEqual([]);
});

test("Activity parties: a part that is none, a missing person, or no part at all undoes the activity", async () => {
  const parties = (party: object) => ({ subject: "x", campaignresponse_activity_parties: [party] });
  const nobody = "partyid_contact@odata.bind";
  for (const party of [
    { participationtypemask: 99 },
    { participationtypemask: 11, [nobody]: "/contacts(00000000-0000-4000-8000-000000000001)" },
    { addressused: "nobody@example.com" },
  ]) {
    expect((await client.api("POST", "campaignresponses", parties(party))).status).toBeGreaterThanOrEqual(400);
  }
  expect((await client.api("GET", "campaignresponses")).json.value).toEqual([]);
});

test("Activity parties: no message of their own writes them", async () => {
  const call = await made("phonecalls", { subject: "x", phonecall_activity_parties: [{ participationtypemask: 1 }] });
  const [{ activitypartyid }] = (await client.api("GET", "activityparties")).json.value;
  const body = { participationtypemask: 2 };
  const writes = [
    await client.api("POST", "activityparties", body),
    await client.api("POST", `phonecalls(${call})/phonecall_activity_parties`, body),
    await client.api("PATCH", `activityparties(${activitypartyid})`, body),
    await client.api("DELETE", `activityparties(${activitypartyid})`),
  ];
  expect(writes.map(codeOf)).toEqual(writes.map(() => [405, "0x80040800"]));
  const update = await client.api("PATCH", `phonecalls(${call})`, { phonecall_activity_parties: [body] });
  expect(codeOf(update)).toEqual([400, "0x80048d19"]);
});

test("Activity parties: the metadata names their relationship, and the tables a party may be of", async () => {
  const filter = "$filter=ReferencingEntity eq 'activityparty'&$select=ReferencedEntityNavigationPropertyName";
  const related = `EntityDefinitions(LogicalName='campaignresponse')/OneToManyRelationships?${filter}`;
  expect((await client.api("GET", related)).json.value).toMatchObject([
    { ReferencedEntityNavigationPropertyName: "campaignresponse_activity_parties" },
  ]);
  const column = "EntityDefinitions(LogicalName='campaignresponse')/Attributes(LogicalName='customer')";
  const { json } = await client.api("GET", `${column}/Microsoft.Dynamics.CRM.LookupAttributeMetadata?$select=Targets`);
  expect(json.Targets).toContain("contact");
});
