import { expect, test } from "vitest";
import { idIn, useSandbox } from "../raw-client.test-data.ts";

// Columns and sets: the table reference pages of serviceendpoint, sdkmessage, sdkmessagefilter, sdkmessageprocessingstep.
const client = useSandbox();

async function idOf(set: string, id: string, filter: string): Promise<string> {
  const { json } = await client.api("GET", `${set}?$select=${id}&$filter=${filter}`);
  return json.value[0][id];
}

test("sdkmessagefilters: a step is registered for a message of a table (dataverse.md section 13)", async () => {
  const endpoint = await client.api("POST", "serviceendpoints", {
    name: "hook",
    contract: 8,
    url: "http://127.0.0.1:1/hook",
    authtype: 4,
    authvalue: "secret",
  });
  const message = await idOf("sdkmessages", "sdkmessageid", "name eq 'Update'");
  const filter = await idOf(
    "sdkmessagefilters",
    "sdkmessagefilterid",
    "sdkmessageid/name eq 'Update' and primaryobjecttypecode eq 'contact'",
  );
  const step = await client.api("POST", "sdkmessageprocessingsteps", {
    name: "contact updated",
    mode: 1,
    stage: 40,
    rank: 1,
    filteringattributes: "firstname",
    "sdkmessageid@odata.bind": `/sdkmessages(${message})`,
    "sdkmessagefilterid@odata.bind": `/sdkmessagefilters(${filter})`,
    "eventhandler_serviceendpoint@odata.bind": `/serviceendpoints(${idIn(endpoint)})`,
  });
  expect(step.status).toBe(204);
  const read = await client.api("GET", `sdkmessageprocessingsteps(${idIn(step)})`);
  expect(read.json).toMatchObject({ statecode: 0, mode: 1, stage: 40, _eventhandler_value: idIn(endpoint) });
});

test("a secret is written and never read (IsValidForRead false)", async () => {
  const body = { name: "hook", contract: 8, url: "http://127.0.0.1:1", authtype: 4, authvalue: "secret" };
  const made = await client.api("POST", "serviceendpoints", body, { Prefer: "return=representation" });
  expect(made.text).not.toContain("secret");
  expect(made.json.isauthvalueset).toBe(true);
  expect((await client.api("GET", "serviceendpoints?$select=authvalue")).status).toBe(400);
});

test("messages are the system's: clients only read them (the reference page lists no Create)", async () => {
  expect((await client.api("POST", "sdkmessages", { name: "Mine" })).status).toBe(400);
});
