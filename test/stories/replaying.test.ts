import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ResponseOf } from "../../src/api/index.ts";
import { accessToken } from "../access-token.ts";
import { inProcess } from "../in-process.ts";
import { type Logged, peopleSync, type Row, useWorkbench } from "../workbench.ts";

/** The request of a row that was refused is printed as a command, and sent again by it. */

const bench = useWorkbench();
let token = "";
let folder: string;
beforeAll(async () => {
  token = await accessToken(bench.sandbox.env);
  folder = mkdtempSync(join(tmpdir(), "sluice-curl-"));
  writeFileSync(join(folder, "curl"), standIn);
  chmodSync(join(folder, "curl"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** For machines without curl: as much of it as the command asks for. */
const standIn = `#!${process.execPath}
const given = process.argv.slice(2);
const headers = given.flatMap((word, i) => (word === "-H" ? [given[i + 1].split(/: (.*)/s).slice(0, 2)] : []));
const body = given.includes("@-") ? require("node:fs").readFileSync(0) : undefined;
fetch(given.find((word) => word.startsWith("http")), { method: given[given.indexOf("-X") + 1], headers, body })
  .then(async (answer) => console.log("HTTP/1.1 " + answer.status + "\\n\\n" + (await answer.text())));
`;

type Replay = ResponseOf<"rejected">["requests"][number];

async function replay(key: string, showValues = true): Promise<Replay> {
  const { requests } = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.rejected({ keys: [key], curl: true, showValues }),
  );
  expect(requests).toHaveLength(1);
  return requests[0]!;
}

/** Has the shell do it; what the sandbox then was asked, and what curl told of its answer. */
async function send({ curl }: Replay): Promise<{ answer: string; asked: Logged }> {
  await bench.control("POST", "requests/clear", { bodies: true });
  const answer = await new Promise<string>((resolve, reject) => {
    const shell = execFile(
      "sh",
      { env: { PATH: [process.env.PATH, folder].join(delimiter), TOKEN: token } },
      (error, out, err) => (error ? reject(new Error(err, { cause: error })) : resolve(out)),
    );
    shell.stdin!.end(curl);
  });
  const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
  expect(requests).toHaveLength(1);
  return { answer, asked: requests[0]! };
}

const nasty = `O'Hara "q" $HOME $(date) \`date\` \\ \\n
BODY
BODY_
😀日本 &<>%`;
const refusal = "A plug-in says no.";
const note = { description: "note", creditlimit: "limit", birthdate: { from: "born", formats: ["yyyy-MM-dd"] } };
const plugin = { table: "contact", column: "lastname", equals: "Evil", throws: refusal };

test("the same request gets the same answer; masked it tells nothing of the row, and keeps its form", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { ...note, gendercode: "sex" } }) });
  const more = { note: nasty, limit: "1234.56", born: "1990-02-03", sex: "Male" };
  const row = (id: string, name: string) => ({ id, name, email: `${id}@example.com`, ...more });
  bench.source("people", [row("k'1", "Evil"), row("2", "Good"), { ...row("3", "x".repeat(60)), note: null }]);
  await bench.control("POST", "plugins", plugin);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 1, rejected: 2 });
  const kept = join(bench.folder, ".sluice/default/people/runs", bench.latest(), "requests.json");
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  expect(readFileSync(kept, "utf8")).not.toContain("O'Hara");

  const shown = await replay("k'1");
  expect(shown).toMatchObject({ code: "refused", cause: "0x80040265", run: bench.latest() });
  expect(shown.curl).not.toContain(token);
  const { answer, asked } = await send(shown);
  expect(answer).toMatch(/^HTTP\/1\.1 400/);
  expect(answer).toContain(refusal);
  const sent = (log: Logged): Row => JSON.parse(log.requestBody);
  const evil = ran.sent.find((one) => one.lastname === "Evil")!;
  expect(sent(asked)).toEqual({ "@odata.type": "Microsoft.Dynamics.CRM.contact", ...evil });
  expect(evil.description).toBe(nasty);

  const hidden = await replay("k'1", false);
  expect(hidden.message).toBeNull();
  for (const value of ["Evil", "Hara", "example", "1234", "1990", "$(date)"]) expect(hidden.curl).not.toContain(value);
  const body = JSON.parse(/^\{.*\}$/m.exec(hidden.curl!)![0]);
  expect(Object.keys(body)).toEqual(Object.keys(sent(asked)));
  expect(body).toMatchObject({ lastname: "xxxx", creditlimit: 0, birthdate: "1900-01-01", gendercode: 1 });
  expect(body.description).toHaveLength(nasty.length);

  // Refused by ourselves: there is no request, and it says why to those who may see values.
  expect(await replay("3")).toMatchObject({ code: "too_long", curl: null, message: expect.stringContaining("60") });
  expect(await replay("3", false)).toMatchObject({ code: "too_long", curl: null, message: null });

  await bench.control("DELETE", "plugins");
  expect((await send(shown)).answer).toMatch(/^HTTP\/1\.1 204/);
  expect((await bench.rows("contact")).find((one) => one.lastname === "Evil")).toMatchObject({ description: nasty });
});

test("an update names its record; of a row that only waits, the run that last sent it is asked", async () => {
  await bench.begin();
  const row = (name: string, id = "1") => ({ id, name, email: "a@example.com" });
  bench.source("people", [row("Good")]);
  await bench.run();
  const [record] = await bench.rows("contact");
  await bench.control("POST", "plugins", plugin);
  bench.source("people", [row("Evil")]);
  await bench.run();
  await bench.run();
  const sentIn = bench.latest();
  expect(await bench.run()).toMatchObject({ writes: 0, rejected: 1 });
  const shown = await replay("1");
  expect(shown.run).toBe(sentIn);
  const { answer, asked } = await send(shown);
  expect(answer).toContain(refusal);
  expect(asked).toMatchObject({ method: "PATCH", requestBody: expect.stringMatching(/^\{"lastname":"Evil"\}\s*$/) });
  expect(asked.path).toContain(`contacts(${record!.contactid})`);
});

test("which rows must be said, and groups tell what to do about the destination's own code", async () => {
  const target = { project: bench.folder, variables: bench.sandbox.env };
  await expect(inProcess(target, (client) => client.rejected({ curl: true }))).rejects.toMatchObject({ code: "usage" });
  const { groups } = await inProcess(target, (client) => client.rejected({}));
  expect(groups).toMatchObject([{ cause: "0x80040265", remedy: expect.stringContaining("owner of the plug-in") }]);
});
