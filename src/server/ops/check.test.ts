import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { deadVariables, makeProject } from "../../../test/make-project.ts";
import type { Client, SyncEvent } from "../../api/index.ts";
import type { Connector, Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { localClient } from "../client.ts";

let project: ReturnType<typeof makeProject>;
let client: Client;
let session: Session;
let crm: Connector;
const closed = vi.fn(async () => {});

beforeEach(() => {
  closed.mockClear();
  session = { objects: async () => [{ name: "contact", title: "Contact" }], describe: vi.fn(), close: closed };
  const connector = (id: string): Connector => ({
    ...{ id, title: id, config: z.looseObject({}), secrets: [] },
    open: () => session,
  });
  crm = connector("dataverse");
  project = makeProject();
  client = localClient(
    { project: project.folder, variables: deadVariables },
    {
      connectors: { load: async (type) => (type === crm.id ? crm : connector(type)), types: () => [] },
      jobs: { start: async () => ({ kind: "check", columns: [] }), prepare: () => {}, close: () => {} },
    },
  );
});
afterEach(async () => {
  await client.close();
  project.remove();
});

test("every connection is tested; one without a test of its own lists its tables", async () => {
  const listed = await client.check({});
  expect(listed).toMatchObject({ environment: "default", failed: 0, warnings: 0 });
  expect(listed.connections.map(({ connection }) => connection)).toEqual(["crm", "data"]);
  expect(listed.connections[0]?.steps).toEqual([{ step: "tables", status: "ok", detail: "contact" }]);
  session.objects = async () => {
    throw new SluiceError("file_missing", "There is no folder data.");
  };
  expect(await client.check({ connection: "data" })).toMatchObject({
    failed: 1,
    connections: [{ steps: [{ step: "tables", status: "failed", cause: "There is no folder data." }] }],
  });
  expect(closed).toHaveBeenCalledTimes(3);
  expect(existsSync(join(project.folder, ".sluice"))).toBe(false);
});

test("a connection is tested with what the syncs that write to it need", async () => {
  const check = vi.fn<NonNullable<Session["check"]>>(async () => [
    { step: "name", status: "ok", detail: "known" },
    { step: "keys", status: "warning", detail: "none", cause: "no.", remedy: "yes." },
    { step: "user", status: "failed", detail: "", cause: "no.", remedy: "yes." },
  ]);
  session.check = check;
  expect(await client.check({ connection: "crm" })).toMatchObject({ failed: 1, warnings: 1 });
  expect(check.mock.lastCall?.[0]).toMatchObject([
    { object: "account", creates: true, updates: true, deletes: false, match: ["accountnumber"] },
    { object: "contact", lookups: { parentcustomerid: [{ object: "account", creates: false }] } },
  ]);
  await client.check({ connection: "data" });
  expect(check.mock.lastCall?.[0]).toEqual([]);
});

test("an unknown connection is named, with the nearest", async () => {
  await expect(client.check({ connection: "crn" })).rejects.toThrow(/did you mean `crm`/);
});

test("whatever somebody should see to soon is told with validate, once a connection", async () => {
  crm.warnings = () => ["The secret expires on Monday."];
  const heard: SyncEvent[] = [];
  await client.validate({}, { onEvent: (event) => heard.push(event) });
  expect(heard).toEqual([{ type: "warning", connection: "crm", message: "The secret expires on Monday." }]);
});
