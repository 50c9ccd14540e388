import { describe, expect, test } from "vitest";
import { type Answer, idIn, useSandbox } from "../../raw-client.test-data.ts";

// Expectations: dataverse.md section 8 ("8") and webapi/execute-batch-operations-using-web-api.md ("page").
const client = useSandbox();

type Headers = Record<string, string>;
const ROOT = "/api/data/v9.2/";

/** One request as a part: head, empty line, body. */
function part(method: string, path: string, body?: unknown, headers: Headers = {}, mime: Headers = {}): string {
  const url = /^(https?:|\/|\$|rel:)/.test(path) ? path.replace("rel:", "") : ROOT + path;
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body, null, 2);
  const lines = (all: Headers) => Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [
    ...lines({ "Content-Type": "application/http", "Content-Transfer-Encoding": "binary", ...mime }),
    "",
    `${method} ${url} HTTP/1.1`,
    ...lines({ ...(body === undefined ? {} : { "Content-Type": "application/json; type=entry" }), ...headers }),
    "",
    text,
    "",
  ].join("\r\n");
}

const inSet = (id: number | string, method: string, path: string, body?: unknown, headers: Headers = {}) =>
  part(method, path, body, headers, { "Content-ID": String(id) });

function joined(boundary: string, parts: string[]): string {
  return `${parts.map((each) => `--${boundary}\r\n${each}`).join("")}--${boundary}--\r\n`;
}

function changeSet(...parts: string[]): string {
  return `Content-Type: multipart/mixed; boundary="changeset_1"\r\n\r\n${joined("changeset_1", parts)}`;
}

function send(body: string, headers: Headers = {}): Promise<Answer> {
  return client.api("POST", "$batch", body, { "content-type": 'multipart/mixed; boundary="batch_1"', ...headers });
}

const batch = (parts: string[], headers?: Headers) => send(joined("batch_1", parts), headers);

/** The status lines of an answer, in order. */
const statuses = (answer: Answer) => [...answer.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((each) => Number(each[1]));
/** The JSON bodies of an answer, in order. */
// biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
const bodies = (answer: Answer): any[] =>
  answer.text
    .split("\r\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
const contacts = async (): Promise<string[]> =>
  (await client.api("GET", "contacts?$select=firstname&$orderby=firstname")).json.value.map(
    (row: { firstname: string }) => row.firstname,
  );
const create = (name: string, headers?: Headers) => part("POST", "contacts", { firstname: name }, headers);
const tooLong = part("POST", "contacts", { firstname: "x".repeat(60) });

test("$batch: requests are executed and answered in order (page: Batch responses)", async () => {
  const answer = await batch([
    create("Ann"),
    create("Bob"),
    part("GET", "contacts?$select=firstname&$orderby=firstname"),
  ]);
  expect(answer.status).toBe(200);
  expect(answer.headers["odata-version"]).toBe("4.0");
  const boundary = /^multipart\/mixed; boundary=(batchresponse_[0-9a-f-]{36})$/.exec(
    String(answer.headers["content-type"]),
  )?.[1];
  expect(answer.text.startsWith(`--${boundary}\r\n`)).toBe(true);
  expect(answer.text.endsWith(`--${boundary}--\r\n`)).toBe(true);
  expect(statuses(answer)).toEqual([204, 204, 200]);
  const [first] = answer.text.split(`--${boundary}\r\n`).slice(1);
  const id = /OData-EntityId: (.*)\r\n/.exec(first!)![1];
  expect(first).toBe(
    `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\nLocation: ${id}\r\nOData-EntityId: ${id}\r\n\r\n\r\n`,
  );
  expect(id).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/data\/v9\.2\/contacts\([0-9a-f-]{36}\)$/);
  expect(answer.text).toContain("Content-Type: application/json; odata.metadata=minimal; odata.streaming=true\r\n");
  expect(bodies(answer)[0].value.map((row: { firstname: string }) => row.firstname)).toEqual(["Ann", "Bob"]);
});

test("$batch: the first failure ends it and gives its status; the failed part is the last (page: Handling errors)", async () => {
  const answer = await batch([create("Ann"), tooLong, create("Bob")]);
  expect(answer.status).toBe(400);
  expect(statuses(answer)).toEqual([204, 400]);
  expect(answer.text).toMatch(
    /HTTP\/1\.1 400 Bad Request\r\nREQ_ID: [0-9a-f-]{36}\r\nContent-Type: application\/json; odata\.metadata=minimal\r\nOData-Version: 4\.0\r\n\r\n\{"error"/,
  );
  expect(bodies(answer)[0].error.code).toBe("0x80044331");
  expect(await contacts()).toEqual(["Ann"]);
});

test("odata.continue-on-error: every part is answered and the whole is 200 (page: Handling errors)", async () => {
  const answer = await batch([tooLong, create("Ann"), part("GET", "nothings"), create("Bob")], {
    prefer: "odata.continue-on-error",
  });
  expect(answer.status).toBe(200);
  expect(statuses(answer)).toEqual([400, 204, 404, 204]);
  expect(await contacts()).toEqual(["Ann", "Bob"]);
});

test("Change set: all is written, answers carry their Content-ID (page: Change sets)", async () => {
  const answer = await batch([
    changeSet(inSet(1, "POST", "contacts", { firstname: "Ann" }), inSet(2, "POST", "contacts", { firstname: "Bob" })),
    part("GET", "contacts/$count"),
  ]);
  expect(answer.status).toBe(200);
  expect(statuses(answer)).toEqual([204, 204, 200]);
  expect(answer.text).toMatch(/Content-Type: multipart\/mixed; boundary=changesetresponse_[0-9a-f-]{36}\r\n\r\n--/);
  expect([...answer.text.matchAll(/^Content-ID: (\d)\r$/gm)].map((each) => each[1])).toEqual(["1", "2"]);
  expect(answer.text).toMatch(/\r\n\r\n\ufeff2\r\n--batchresponse/);
});

test("Change set: one failure undoes all of it and is the only answer (8; powerapps-docs issue 2843)", async () => {
  const set = changeSet(
    inSet(1, "POST", "contacts", { firstname: "Ann" }),
    inSet(2, "POST", "contacts", { firstname: "x".repeat(60) }),
    inSet(3, "POST", "contacts", { firstname: "Bob" }),
  );
  const stopped = await batch([create("Before"), set, create("After")]);
  expect([stopped.status, statuses(stopped)]).toEqual([400, [204, 400]]);
  expect([...stopped.text.matchAll(/^Content-ID: (\d)\r$/gm)].map((each) => each[1])).toEqual(["2"]);
  expect(await contacts()).toEqual(["Before"]);
  const gone = await batch([set, create("After")], { prefer: "odata.continue-on-error" });
  expect([gone.status, statuses(gone)]).toEqual([200, [400, 204]]);
  expect(await contacts()).toEqual(["After", "Before"]);
});

test("Change set: headers of a part hold for that part", async () => {
  const answer = await batch([
    changeSet(
      inSet(1, "POST", "contacts?$select=firstname", { firstname: "Ann" }, { Prefer: "return=representation" }),
      inSet(2, "PATCH", "$1", { lastname: "Lee" }, { "If-Match": "*" }),
    ),
  ]);
  expect(statuses(answer)).toEqual([201, 204]);
  expect(bodies(answer)[0].firstname).toBe("Ann");
  expect((await client.api("GET", "contacts?$select=lastname")).json.value[0].lastname).toBe("Lee");
});

describe("Content-ID", () => {
  test("Content-ID: in the URL, in a bind and in @odata.id (page: Reference URIs in an operation)", async () => {
    const answer = await batch([
      changeSet(
        inSet(1, "POST", "accounts", { name: "Contoso" }),
        inSet(2, "POST", "contacts", { firstname: "Ann" }),
        inSet(3, "PUT", "$1/primarycontactid/$ref", { "@odata.id": "$2" }),
        inSet(4, "PUT", "$2/lastname", { value: "Lee" }),
        inSet(5, "POST", "contacts", { firstname: "Bob", "parentcustomerid_account@odata.bind": "$1" }),
        inSet(6, "PATCH", "$1", { "originatingleadid@odata.bind": null, description: "$1" }),
      ),
    ]);
    expect([answer.status, statuses(answer)]).toEqual([200, [204, 204, 204, 204, 204, 204]]);
    const [account] = (await client.api("GET", "accounts?$select=name,description,_primarycontactid_value")).json.value;
    const people = (await client.api("GET", "contacts?$select=lastname,_parentcustomerid_value&$orderby=firstname"))
      .json.value;
    expect(account._primarycontactid_value).toBe(people[0].contactid);
    expect(account.description).toBe("$1");
    expect([people[0].lastname, people[1]._parentcustomerid_value]).toEqual(["Lee", account.accountid]);
  });

  test("Content-ID: a reference ahead is refused (page: note under Reference URIs)", async () => {
    const answer = await batch([
      changeSet(
        inSet(2, "POST", "contacts", { firstname: "Ann", "parentcustomerid_account@odata.bind": "$1" }),
        inSet(1, "POST", "accounts", { name: "Contoso" }),
      ),
    ]);
    expect(answer.status).toBe(400);
    expect(bodies(answer)[0].error.message).toBe("Content-ID Reference: '$1' does not exist in the batch context.");
    expect(await contacts()).toEqual([]);
  });

  test("Content-ID: missing, or there twice (8)", async () => {
    const missing = await batch([changeSet(part("POST", "contacts", { firstname: "Ann" }))]);
    expect([missing.status, missing.json.error.code]).toEqual([400, "0x80060888"]);
    const twice = await batch([changeSet(inSet(1, "POST", "contacts", {}), inSet(1, "POST", "contacts", {}))]);
    expect([twice.status, twice.json.error.code]).toEqual([400, "0x80048d19"]);
    expect(twice.json.error.message).toContain("The content ID '1' was found more than once");
  });
});

test("$batch: URLs may be absolute, from the root, relative, and hold blanks (8)", async () => {
  await client.api("POST", "contacts", { firstname: "Ann" });
  const answer = await batch([
    part("GET", `${client.sandbox.origin}${ROOT}contacts?$select=firstname`),
    part("GET", "contacts?$filter=firstname eq 'Ann'&$select=firstname"),
    part("GET", "rel:contacts?$select=firstname"),
    part("GET", "/api/data/v9.0/contacts?$select=firstname"),
  ]);
  expect(statuses(answer)).toEqual([200, 200, 200, 200]);
  expect(bodies(answer)[3]["@odata.context"]).toContain("/api/data/v9.0/$metadata");
  for (const each of bodies(answer)) expect(each.value[0].firstname).toBe("Ann");
});

test("$batch: a GET may have 65,536 characters, which is more than outside (page: When to use batch requests)", async () => {
  const filter = Array.from({ length: 1500 }, (_, n) => `firstname eq 'name${n}'`).join(" or ");
  const path = `contacts?$select=firstname&$filter=${filter}`;
  expect(path.length).toBeGreaterThan(32_768);
  expect((await client.api("GET", path)).status).toBe(414);
  expect(statuses(await batch([part("GET", path)]))).toEqual([200]);
  expect(statuses(await batch([part("GET", `contacts?$select=${"x".repeat(66_000)}`)]))).toEqual([414]);
});

test("$batch: a GET may end with the delimiter's own line end, as DynamicsWebApi sends it", async () => {
  const answer = await send(
    `\r\n--batch_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET ${ROOT}WhoAmI HTTP/1.1\r\nAccept: application/json\r\n\r\n--batch_1--\r\n`,
    { "content-type": "multipart/mixed;boundary=batch_1" },
  );
  expect(statuses(answer)).toEqual([200]);
});

test("$batch: the request log counts the rows of all parts; a batch of reads is no write", async () => {
  await client.control("POST", "requests/clear", {});
  await batch([create("Ann"), changeSet(inSet(1, "POST", "contacts", {}), inSet(2, "POST", "contacts", {})), tooLong]);
  await batch([part("GET", "WhoAmI")]);
  await batch([changeSet(inSet(1, "POST", "contacts", {}), inSet(2, "GETX", "contacts", {}))]);
  const { requests } = (await client.control("GET", "requests")).json;
  expect(requests.map((each: { rows: number; write: boolean }) => [each.rows, each.write])).toEqual([
    [3, true],
    [0, false],
    [0, true],
  ]);
});

const good = joined("batch_1", [part("GET", "WhoAmI")]);
const thousand = Array.from({ length: 1001 }, () => part("GET", "WhoAmI"));
const REFUSED: [what: string, body: string, code: string, text: string, headers?: Headers][] = [
  ["bare line feeds (8)", good.replaceAll("\r\n", "\n"), "0x80048d19", "Stream was not readable."],
  ["one bare line feed in a head", good.replace("http\r\n", "http\n"), "0x80048d19", "Stream was not readable."],
  ["no line end at the end (8)", good.slice(0, -2), "0x80048d19", "Stream was not readable."],
  ["no closing delimiter", good.replace("--batch_1--\r\n", ""), "0x80048d19", "Stream was not readable."],
  ["no empty line behind a GET (8)", good.replace("HTTP/1.1\r\n\r\n\r\n", "HTTP/1.1\r\n"), "0x80048d19", "Stream"],
  ["nothing", "", "0x80048d19", "Stream was not readable."],
  ["another boundary", good.replaceAll("batch_1", "batch_2"), "0x80048d19", "Stream was not readable."],
  ["1001 requests (8)", joined("batch_1", thousand), "0x80048d19", "'1000'"],
  ["a GET in a change set (8)", joined("batch_1", [changeSet(inSet(1, "GET", "WhoAmI"))]), "0x80048d19", "'GET'"],
  [
    "a change set within one",
    joined("batch_1", [changeSet(changeSet(inSet(1, "POST", "x")).replaceAll("changeset_1", "c2"))]),
    "0x80048d19",
    "Nested",
  ],
  ["a part that is no request", good.replace("application/http", "text/plain"), "0x80048d19", "'Content-Type'"],
  [
    "no transfer encoding",
    good.replace("Content-Transfer-Encoding: binary\r\n", ""),
    "0x80048d19",
    "Transfer-Encoding",
  ],
  ["a request line without a version", good.replace(" HTTP/1.1", ""), "0x80048d19", "request line"],
  ["an unknown method", good.replace("GET ", "GETX "), "0x80048d19", "'GETX'"],
  ["a header line without a colon", good.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nAccept\r\n"), "0x80048d19", "'Accept'"],
  ["JSON instead of multipart", "{}", "0x80048d19", "multipart/mixed", { "content-type": "application/json" }],
  ["no boundary named", good, "0x80048d19", "boundary", { "content-type": "multipart/mixed" }],
  ["a boundary of 71", good, "0x80048d19", "70", { "content-type": `multipart/mixed; boundary=${"b".repeat(71)}` }],
];

test.each(REFUSED)("$batch: %s is a 400 for the whole", async (_what, body, code, text, headers) => {
  const answer = await send(body, headers);
  const unreadable = text.startsWith("Stream");
  // web-api-client-errors.md: this one comes as a part of a batch.
  if (unreadable)
    expect(answer.text).toMatch(/^--batchresponse_\S+\r\n[\s\S]*\r\nHTTP\/1\.1 400 Bad Request\r\nREQ_ID: \S+\r\n/);
  const error = unreadable ? JSON.parse(/^\{.*\}/m.exec(answer.text)![0]).error : answer.json.error;
  expect([answer.status, error.code]).toEqual([400, code]);
  expect(error.message).toContain(text);
});

test("$batch: a batch within a batch is refused (8)", async () => {
  const answer = await batch([part("POST", "$batch", "x")]);
  expect([answer.status, statuses(answer)]).toEqual([400, [400]]);
});

test("$batch: only by POST", async () => {
  expect((await client.api("GET", "$batch")).status).toBe(405);
});

test("$batch: an error of a change set leaves nothing behind, not even versions to track", async () => {
  const before = await client.api("POST", "contacts", { firstname: "Ann" });
  const tracked = await client.api("GET", "contacts?$select=firstname", undefined, { prefer: "odata.track-changes" });
  await batch([
    changeSet(
      inSet(1, "PATCH", `contacts(${idIn(before)})`, { firstname: "Bob" }),
      inSet(2, "DELETE", `contacts(${idIn(before)})`),
      inSet(3, "POST", "contacts", { firstname: "x".repeat(60) }),
    ),
  ]);
  const delta = tracked.json["@odata.deltaLink"].split("/v9.2/")[1];
  expect((await client.api("GET", delta)).json.value).toEqual([]);
  expect(await contacts()).toEqual(["Ann"]);
});
