import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { createSensors, SENSORS } from "../elastic.test-data.ts";
import { register, useReceiver } from "./receiver.test-data.ts";

// Steps on elastic tables: elastic-tables.md, "Transactional behavior"; use-upsert-insert-update-record.md, "Elastic
// table upsert".
const client = useSandbox();
const hook = useReceiver();
beforeEach(() => createSensors(client));
const ID = "ff67610c-82ce-412c-85df-0bbc6521bb01";
const rows = async () => (await client.api("GET", `${SENSORS}?$select=contoso_value`)).json.value.length;

test("No transactions: a synchronous step that fails does not undo the row, though the request fails", async () => {
  await register(client, { url: hook.origin }, "Create", "contoso_sensordata");
  hook.answers.push(400);
  const refused = await client.api("POST", SENSORS, { contoso_value: 1 });
  expect([refused.status, refused.json.error.code, await rows()]).toEqual([400, "0x80040265", 1]);
});

test("No transactions: a row is there once, however often steps are asked about others", async () => {
  await register(client, { url: hook.origin }, "Create", "contoso_sensordata");
  hook.answers.push(400, 200, 400);
  const part = (id: number, path: string, body: object) =>
    `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: ${id}\r\n\r\nPOST /api/data/v9.2/${path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
  const set = `Content-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\n${part(3, SENSORS, { contoso_value: 3 })}--c\r\n${part(4, "contacts", { nosuch: 1 })}--c--\r\n`;
  const batch = `--b\r\n${part(1, SENSORS, { contoso_value: 1 })}--b\r\n${part(2, SENSORS, { contoso_value: 2 })}--b\r\n${set}--b--\r\n`;
  const answer = await client.api("POST", "$batch", batch, {
    "content-type": "multipart/mixed; boundary=b",
    Prefer: "odata.continue-on-error",
  });
  expect([...answer.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((each) => each[1])).toEqual(["400", "204", "400"]);
  const values = (await client.api("GET", `${SENSORS}?$select=contoso_value`)).json.value;
  expect(values.map((each: { contoso_value: number }) => each.contoso_value)).toEqual([1, 2, 3]);
  expect(hook.received).toHaveLength(3);
});

test("Elastic upsert: is told to steps of neither Create nor Update", async () => {
  await register(client, { url: `${hook.origin}/c` }, "Create", "contoso_sensordata", { mode: 1 });
  await register(client, { url: `${hook.origin}/u` }, "Update", "contoso_sensordata", { mode: 1 });
  for (const value of [1, 2]) await client.api("PATCH", `${SENSORS}(${ID})`, { contoso_value: value });
  await client.control("POST", "webhooks/drain");
  expect(hook.received).toEqual([]);
  await client.api("PATCH", `${SENSORS}(${ID})`, { contoso_value: 3 }, { "If-Match": "*" });
  await client.control("POST", "webhooks/drain");
  expect(hook.received.map((each) => each.json.MessageName)).toEqual(["Update"]);
});
