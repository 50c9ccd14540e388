import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { deadVariables, type Files, makeProject, standardFiles } from "../../../test/make-project.ts";
import type { Connector } from "../../core/connector.ts";
import type { SluiceError } from "../../core/errors.ts";
import { loadProject } from "./load.ts";

const connectors: Record<string, Connector> = Object.fromEntries(
  [
    { id: "files", config: z.strictObject({ folder: z.string() }) },
    {
      id: "dataverse",
      config: z.strictObject({
        url: z.url(),
        tenant: z.string(),
        clientId: z.string(),
        clientSecret: z.string(),
        tokenUrl: z.string().optional(),
        cloud: z.enum(["public", "china"]).default("public"),
      }),
    },
  ].map(({ id, config }) => [
    id,
    {
      id,
      title: id,
      config,
      secrets: [],
      open: () => {
        throw new Error("nobody may connect while a project is read");
      },
    },
  ]),
);

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

function load(changes: Files = {}, options: { environment?: string; variables?: Record<string, string> } = {}) {
  const project = makeProject(changes);
  made.push(project);
  return loadProject({
    folder: project.folder,
    environment: options.environment,
    variables: options.variables ?? deadVariables,
    connectors: { load: async (type) => connectors[type] ?? null, types: () => Object.keys(connectors) },
  });
}

/** The errors of a project that does not load, as "code file:line message". */
async function faults(changes: Files, options: Parameters<typeof load>[1] = {}): Promise<string[]> {
  const error = await load(changes, options).then(
    () => expect.fail("the project loaded"),
    (thrown: SluiceError) => thrown,
  );
  return [error, ...error.others].map((e) => `${e.code} ${e.place?.file}:${e.place?.line} ${e.message}`);
}

const people = standardFiles["syncs/people.yaml"]!;

test("a good project loads, parents first, variables filled in, defaults set", async () => {
  const project = await load();
  expect(project.environment).toBe("default");
  expect(project.syncs.map((sync) => sync.name)).toEqual(["firms", "people"]);
  expect(project.connections.get("crm")?.config).toMatchObject({ clientSecret: "very-secret", cloud: "public" });
  const line = project.syncs[1]?.file.mapping.lastname;
  expect(line).toMatchObject({ from: "name", empty: "clear" });
});

test("a folder without sluice.yaml is no project, and a wrong ending is named", async () => {
  await expect(load({ "sluice.yaml": null })).rejects.toMatchObject({ code: "no_project" });
  await expect(load({ "sluice.yaml": null, "sluice.yml": "name: x" })).rejects.toThrow(/the ending is \.yaml/);
});

const cases: [string, Files, string[]][] = [
  [
    "a misspelt key is told once, not also as the right one missing",
    { "syncs/people.yaml": people.replace("match:", "mathc:") },
    ["yaml_invalid syncs/people.yaml:4 `mathc` is not known here; did you mean `match`?"],
  ],
  [
    "a misspelt key inside a long mapping line",
    { "syncs/people.yaml": people.replace("lastname: name", "lastname: { form: name }") },
    ["yaml_invalid syncs/people.yaml:7 `form` is not known here; did you mean `from`"],
  ],
  [
    "a misspelt key two levels down",
    { "syncs/people.yaml": people.replace("by: accountnumber", "bye: accountnumber") },
    ["yaml_invalid syncs/people.yaml:9 `bye` is not known here; did you mean `by`?"],
  ],
  [
    "a missing key",
    { "models/people.yaml": "connection: data\ntable: people\n" },
    ["yaml_invalid models/people.yaml:1 `key` is missing."],
  ],
  [
    "a key without a value",
    { "syncs/people.yaml": people.replace("lastname: name", "lastname:") },
    ["yaml_invalid syncs/people.yaml:7 `lastname` has no value."],
  ],
  [
    "a value that is not allowed",
    { "syncs/people.yaml": `${people}mode: upsrt\n` },
    ["yaml_invalid syncs/people.yaml:10 `mode` cannot be `upsrt`; did you mean `upsert`?"],
  ],
  [
    "a value of the wrong type",
    { "syncs/people.yaml": people.replace("lastname: name", "lastname: 3") },
    ["yaml_invalid syncs/people.yaml:7 `lastname` cannot be a number; it is text or a list of `key: value` lines."],
  ],
  [
    "two of one kind",
    { "models/people.yaml": "connection: data\ntable: people\nsql: SELECT 1\nkey: id\n" },
    ["yaml_invalid models/people.yaml:1 The file: say either table or sql."],
  ],
  ["an empty file", { "models/people.yaml": "" }, ["yaml_invalid models/people.yaml:1 The file is empty."]],
  [
    "what is not YAML",
    { "models/people.yaml": "connection: data\n  table: people\nkey: id\n" },
    ["yaml_syntax models/people.yaml:1 models/people.yaml is not valid YAML in line 1"],
  ],
  [
    "a doubled key",
    { "syncs/people.yaml": people.replace("lastname: name", "lastname: name\n  lastname: id") },
    ["yaml_syntax syncs/people.yaml:8 syncs/people.yaml is not valid YAML in line 8: Map keys must be unique"],
  ],
  [
    "unknown names",
    { "syncs/people.yaml": people.replace("model: people", "model: poeple").replace("to: crm", "to: dynamics") },
    [
      "unknown_name syncs/people.yaml:1 There is no model `poeple`; did you mean `people`?",
      "unknown_name syncs/people.yaml:2 There is no connection `dynamics`; there are crm, data.",
    ],
  ],
  [
    "an unknown connector",
    { "connections/data.yaml": "type: flies\nfolder: x\n" },
    ["unknown_name connections/data.yaml:1 There is no connector `flies`; did you mean `files`?"],
  ],
  [
    "a match column that is not mapped",
    { "syncs/people.yaml": people.replace("match: externaluseridentifier", "match: emailaddres1") },
    ["yaml_invalid syncs/people.yaml:4 The match column `emailaddres1` is not mapped; did you mean `emailaddress1`?"],
  ],
  [
    "an audience of another model",
    {
      "audiences/vip.yaml": "model: firms\nwhere: title = 'x'\n",
      "syncs/people.yaml": `${people}audiences: { vip: jobtitle }\n`,
    },
    ["yaml_invalid syncs/people.yaml:10 The audience vip is made of the model firms"],
  ],
  [
    "two writers of one column",
    { "syncs/people2.yaml": people.replace("  lastname: name\n", "  firstname: name\n") },
    [
      "yaml_invalid syncs/people2.yaml:8 The syncs people and people2 both write emailaddress1 of contact on crm",
      "yaml_invalid syncs/people2.yaml:9 The syncs people and people2 both write parentcustomerid",
    ],
  ],
  [
    "syncs that wait for each other",
    {
      "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}  primarycontactid: { from: boss, lookup: { object: contact, by: externaluseridentifier } }\n`,
    },
    ["yaml_invalid syncs/firms.yaml:8 These syncs wait for each other, so none can be first: firms needs people"],
  ],
  [
    "a file nobody would read",
    { "models/other.yml": "x: 1\n" },
    ["yaml_invalid models/other.yml:1 models/other.yml is not read: the ending is .yaml."],
  ],
];

test.each(cases)("%s", async (_, changes, expected) => {
  const found = await faults(changes);
  expect(found).toEqual(expected.map((text) => expect.stringContaining(text)));
});

test("all faults are told at once, whatever their kind", async () => {
  const found = await faults({
    "models/firms.yaml": "connection: data\ntable: firms\nkee: no\n",
    "syncs/people.yaml": people.replace("to: crm", "to: crmm"),
    "connections/crm.yaml": "type: dataverse\nurl: ${NOWHERE}\n",
  });
  expect(found.map((text) => text.split(" ")[0])).toEqual(["yaml_invalid", "variable_missing", "unknown_name"]);
});

test("a missing variable names itself and its line, and no other setting is blamed for it", async () => {
  const { CLIENT_SECRET: _, ...variables } = deadVariables;
  expect(await faults({}, { variables })).toEqual([
    "variable_missing connections/crm.yaml:5 ${CLIENT_SECRET} is used here, but the environment variable CLIENT_SECRET is not set.",
  ]);
});

test("a faulty setting never shows its value", async () => {
  const found = await faults({}, { variables: { ...deadVariables, BASE_URL: "hunter2" } });
  expect(found).toEqual([expect.stringContaining("yaml_invalid connections/crm.yaml:2 dataverse: `url`")]);
  expect(found.join()).not.toContain("hunter2");
});

const withEnvironments = {
  "sluice.yaml": [
    "name: Test",
    "environments:",
    "  test: {}",
    "  production:",
    "    connections:",
    "      crm:",
    "        url: https://contoso.crm.dynamics.com",
    "        cloud: chinna",
    "",
  ].join("\n"),
};

test("an environment replaces settings, and its faults are in its own lines", async () => {
  expect((await load(withEnvironments, { environment: "test" })).environment).toBe("test");
  expect(await faults(withEnvironments, { environment: "production" })).toEqual([
    "yaml_invalid sluice.yaml:8 dataverse: `cloud` cannot be what it is; allowed: public, china.",
  ]);
});

test("an environment must be named where there are some, and exist", async () => {
  expect((await faults(withEnvironments))[0]).toContain("none was named: test, production");
  expect((await faults(withEnvironments, { environment: "prodution" }))[0]).toContain("did you mean `production`?");
  expect((await faults({}, { environment: "test" }))[0]).toContain("it has none at all");
});

test("an environment cannot take a name that the state folder needs", async () => {
  const files = { "sluice.yaml": "name: Test\nenvironments: { control: { connections: { crmm: {} } } }\n" };
  expect(await faults(files, { environment: "control" })).toEqual([
    expect.stringContaining("`control` cannot name an environment: it is kept for Sluice itself"),
    expect.stringContaining("changes a connection `crmm` that does not exist; did you mean `crm`?"),
  ]);
});

test("a match column may be shared by syncs that match by it", async () => {
  const scores = people
    .replace("  lastname: name\n  emailaddress1: email\n", "  description: name\n")
    .replace(/ {2}parentcustomerid.*\n/, "")
    .concat("mode: update\n");
  expect((await load({ "syncs/scores.yaml": scores })).syncs).toHaveLength(3);
});

test("a circle is broken by a sync that creates nothing", async () => {
  const bosses =
    "model: firms\nto: crm\nobject: account\nmatch: accountnumber\nmode: update\nmapping:\n  accountnumber: no\n" +
    "  primarycontactid: { from: boss, lookup: { object: contact, by: externaluseridentifier } }\n";
  const { syncs } = await load({ "syncs/bosses.yaml": bosses });
  expect(syncs.map((sync) => sync.name)).toEqual(["firms", "people", "bosses"]);
});

test("a file that is not UTF-8, or has a name that cannot be a folder, is refused", async () => {
  const project = makeProject();
  made.push(project);
  mkdirSync(join(project.folder, "audiences"));
  writeFileSync(join(project.folder, "audiences/caf\u00e9.yaml"), "model: people\nwhere: 1=1\n");
  writeFileSync(join(project.folder, "models/bad.yaml"), Buffer.from([0x6b, 0x3a, 0x20, 0xe9]));
  const error: SluiceError = await loadProject({
    folder: project.folder,
    variables: deadVariables,
    connectors: { load: async (type) => connectors[type] ?? null, types: () => [] },
  }).then(
    () => expect.fail("the project loaded"),
    (thrown) => thrown,
  );
  expect([error, ...error.others].map((e) => e.message)).toEqual([
    "models/bad.yaml is not UTF-8 text.",
    expect.stringContaining("cannot be a name"),
  ]);
});

test("a date format that says nothing is found in the YAML, with its line", async () => {
  const sync = standardFiles["syncs/people.yaml"] as string;
  const wrong = sync.replace(
    "mapping:\n",
    "mapping:\n  birthdate: { from: born, formats: [yyyy-MM-dd, DD.MM.YYYY] }\n",
  );
  const found = await faults({ "syncs/people.yaml": wrong });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^yaml_invalid syncs\/people\.yaml:\d+ birthdate: /);
});
