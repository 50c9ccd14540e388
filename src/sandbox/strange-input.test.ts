import { Socket } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answer, addCustomerKey, idIn, useSandbox } from "./raw-client.test-data.ts";

const client = useSandbox();
const SEED = 20_261_121;

/** Never a 500, never something else than the documented envelope. */
function wellFormed(answer: Answer, what: unknown): void {
  const shown = `${JSON.stringify(what)} -> ${answer.status} ${answer.text.slice(0, 300)}`;
  expect(answer.status, shown).not.toBe(500);
  if (answer.status >= 400 && answer.status !== 401) {
    expect(typeof answer.json?.error?.code, shown).toBe("string");
    expect(answer.json.error.message.length, shown).toBeGreaterThan(0);
  }
}

const scrap = fc.constantFrom(
  "firstname",
  "lastname",
  "gendercode",
  "contactid",
  "_ownerid_value",
  "creditlimit",
  "birthdate",
  "createdon",
  "donotemail",
  "eq",
  "ne",
  "gt",
  "and",
  "or",
  "not",
  "(",
  ")",
  ",",
  "=",
  "/",
  "'",
  "''",
  "'a'",
  "null",
  "true",
  "5",
  "-1.5e9",
  "@p",
  "2020-01-01",
  "2020-13-45T99:00:00Z",
  "11111111-1111-1111-1111-111111111111",
  "contains",
  "startswith(",
  "any(",
  "Microsoft.Dynamics.CRM.In(",
  "PropertyName='firstname'",
  'PropertyValues=["a"]',
  "[",
  "]",
  "%",
  "$",
  " ",
  "asc",
  "desc",
);

test("any $filter and $orderby made of scraps is answered in the documented envelope", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(scrap, { maxLength: 12 }),
      fc.constantFrom("$filter", "$orderby", "$select", "$top"),
      async (parts, option) => {
        const text = parts.join(parts.length % 2 === 0 ? " " : "");
        wellFormed(await client.api("GET", `contacts?${option}=${encodeURIComponent(text)}`), text);
      },
    ),
    { numRuns: 600, seed: SEED },
  );
});

test("any URL below the Web API is answered", async () => {
  const part = fc.constantFrom(
    "contacts",
    "accounts",
    "(",
    ")",
    "/",
    "//",
    "(contactid=",
    "11111111-1111-1111-1111-111111111111",
    "$count",
    "$ref",
    "'",
    "%",
    "%2F",
    "%00",
    "%E0%A4%A",
    "EntityDefinitions",
    "(LogicalName='contact')",
    "Attributes",
    "Keys",
    "Microsoft.Dynamics.CRM.",
    "?$select=",
    "?",
    "&",
    "$skiptoken=",
    "$deltatoken=1!01/01/2020 00:00:00",
    "__proto__",
    "constructor",
    "toString",
    "WhoAmI",
    "..",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 8 }),
      fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT"),
      async (parts, method) => {
        const path = `/api/data/v9.2/${parts.join("").replaceAll(" ", "%20")}`;
        const headers = { authorization: `Bearer ${client.token}` };
        wellFormed(await client.raw(method, path, method === "GET" ? undefined : "{}", headers), `${method} ${path}`);
      },
    ),
    { numRuns: 600, seed: SEED },
  );
});

test("any body is answered, and a refused bulk call leaves no row behind", async () => {
  await addCustomerKey(client);
  const name = fc.constantFrom(
    "firstname",
    "lastname",
    "gendercode",
    "birthdate",
    "creditlimit",
    "donotemail",
    "contactid",
    "statecode",
    "statuscode",
    "new_customerno",
    "ownerid@odata.bind",
    "parentcustomerid_account@odata.bind",
    "parentcustomerid",
    "@odata.id",
    "createdon",
    "fullname",
    "__proto__",
    "nope",
    "lastname@odata.type",
    "address1_latitude",
    "numberofchildren",
    "_ownerid_value",
    "contact_customer_contacts",
  );
  const item = fc.dictionary(
    name,
    fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("/accounts(1)", "accounts()", "", "1999-01-01")),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 4 }),
      fc.constantFrom("CreateMultiple", "UpdateMultiple", "UpsertMultiple"),
      async (items, action) => {
        const before = Number((await client.api("GET", "contacts/$count")).text);
        const Targets = items.map((each) => ({ ...each, "@odata.type": "Microsoft.Dynamics.CRM.contact" }));
        const answer = await client.api("POST", `contacts/Microsoft.Dynamics.CRM.${action}`, { Targets });
        wellFormed(answer, { action, items });
        if (answer.status >= 400) expect(Number((await client.api("GET", "contacts/$count")).text)).toBe(before);
      },
    ),
    { numRuns: 400, seed: SEED },
  );
});

test.each([
  ["broken JSON", "{bad"],
  ["nothing", ""],
  ["a list", "[]"],
  ["null", "null"],
  ["a number", "5"],
  ["a text", '"x"'],
  ["a control character", "\u0000"],
  ["deep lists", "[".repeat(100_000)],
  ["deep objects", '{"a":'.repeat(50_000)],
])("a body that is no object is a 400 with 0x80048d19 (section 14): %s", async (_name, body) => {
  const answer = await client.api("POST", "contacts", Buffer.from(body));
  expect(answer.status).toBe(400);
  expect(answer.json.error.code).toBe("0x80048d19");
});

test.each(["Microsoft.Dynamics.CRM.In(", "contains(", "not", "firstname eq @p", "(", "firstname eq 5 and"])(
  "a filter that breaks off is a 400: %s",
  async (text) => {
    expect((await client.api("GET", `contacts?$filter=${encodeURIComponent(text)}&@p=(`)).status).toBe(400);
  },
);

test("thirty thousand brackets in a filter are refused, not followed; a longer address is none (section 1)", async () => {
  expect((await client.api("GET", `contacts?$filter=${"(".repeat(30_000)}`)).status).toBe(400);
  expect((await client.api("GET", `contacts?$filter=${"(".repeat(33_000)}`)).status).toBe(414);
});

test("every part of the schema API survives odd definitions", async () => {
  const contact = "EntityDefinitions(LogicalName='contact')";
  const type = { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata" };
  for (const [path, body] of [
    [`${contact}/Attributes`, {}],
    [`${contact}/Attributes`, { ...type, SchemaName: 5 }],
    [`${contact}/Attributes`, { ...type, SchemaName: "new_A", MaxLength: "x", DisplayName: 7, RequiredLevel: "None" }],
    [
      `${contact}/Attributes`,
      {
        "@odata.type": "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
        SchemaName: "new_B",
        OptionSet: { Options: [null, 3] },
      },
    ],
    [`${contact}/Attributes`, { "@odata.type": "__proto__" }],
    [`${contact}/Keys`, { SchemaName: "k", KeyAttributes: [null] }],
    [`${contact}/Keys`, { SchemaName: "k", KeyAttributes: ["__proto__"] }],
    ["EntityDefinitions", { SchemaName: "new_T", Attributes: [null, 5] }],
    ["EntityDefinitions", { SchemaName: "new_T", Attributes: "x" }],
  ] as const) {
    wellFormed(await client.api("POST", path, body), { path, body });
  }
});

test("bytes that are no HTTP end the connection with a 400 and nothing else", async () => {
  const { hostname, port } = new URL(client.sandbox.origin);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = new Socket();
    let all = "";
    socket.connect(Number(port), hostname, () => socket.write("\u0016\u0003\u0001 not http\r\n\r\n"));
    socket.on("data", (chunk) => {
      all += chunk.toString();
    });
    socket.on("close", () => resolve(all));
    socket.on("error", reject);
  });
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(idIn(await client.api("POST", "contacts", { lastname: "still alive" }))).not.toBe("");
});

// A name that every JavaScript object has is no name of ours.
test.each([
  ["POST", "EntityDefinitions(LogicalName='contact')/constructor", {}, 404],
  [
    "POST",
    "EntityDefinitions(LogicalName='contact')/Attributes",
    {
      "@odata.type": "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata",
      SchemaName: "new_Day",
      DateTimeBehavior: { Value: "constructor" },
    },
    400,
  ],
  [
    "GET",
    "contacts?$filter=Microsoft.Dynamics.CRM.In(PropertyName='donotemail',PropertyValues=['constructor'])",
    undefined,
    400,
  ],
  ["GET", "contacts?constructor=1", undefined, 200],
  ["GET", "contacts/Microsoft.Dynamics.CRM.constructor", undefined, 404],
  ["GET", "constructor", undefined, 404],
])("%s %s: what objects inherit is not taken for ours", async (method, path, body, status) => {
  const answer = await client.api(method, path, body);
  expect(answer.status, answer.text).toBe(status);
});
