import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { type Answer, useSandbox } from "../../raw-client.test-data.ts";
import { ACCOUNT, CONTACT, createFamily } from "./family.test-data.ts";

// Whatever is asked, the answer is rows, or the documented envelope with a status of the client's (dataverse.md section 14).
const client = useSandbox();
const SEED = 20_261_121;
beforeEach(() => createFamily(client));

function answered(answer: Answer, what: string): void {
  const shown = `${what.slice(0, 500)} -> ${answer.status} ${answer.text.slice(0, 300)}`;
  expect([200, 204, 400, 404, 405, 501], shown).toContain(answer.status);
  if (answer.status >= 400) {
    expect(typeof answer.json?.error?.code, shown).toBe("string");
    expect(answer.json.error.message.length, shown).toBeGreaterThan(0);
  } else if (answer.status === 200) expect(answer.json ?? answer.text, shown).toBeDefined();
}

const CRM = "Microsoft.Dynamics.CRM.";
const name = fc.constantFrom(
  ..."name revenue createdon accountid _ownerid_value statecode creditonhold accountcategorycode nope __proto__ ownerid".split(
    " ",
  ),
  "primarycontactid/fullname",
  "primarycontactid/createdby/fullname",
  "ownerid/Microsoft.Dynamics.CRM.systemuser/fullname",
  "contact_customer_accounts/lastname",
  "x/y/z",
);
const literal = fc.oneof(
  fc.constantFrom(
    "null",
    "true",
    "5",
    "-1.5e300",
    "2024-02-30",
    "2024-01-01T00:00:00Z",
    ACCOUNT(1),
    "@p",
    "''",
    "'%_[^a-]'",
    "[]",
  ),
  fc.string({ maxLength: 6 }).map((text) => `'${text.replaceAll("'", "''")}'`),
);
const call = fc
  .tuple(
    fc.constantFrom(
      ..."In NotIn Between On LastXDays OlderThanXYears Under EqualUserId Today InFiscalPeriodAndYear Contains toString".split(
        " ",
      ),
    ),
    fc.constantFrom("'name'", "'createdon'", "'accountid'", "'ownerid'", "@p", "5"),
    fc.constantFrom(
      "",
      ",PropertyValue=3",
      ",PropertyValues=['a','2']",
      ',PropertyValues=[{"a":[]},null]',
      ",PropertyValue1=1,PropertyValue2=9e15",
    ),
  )
  .map(([which, property, rest]) => `${CRM}${which}(PropertyName=${property}${rest})`);
const { filter } = fc.letrec<{ filter: string; operand: string }>((tie) => ({
  operand: fc.oneof(name, literal),
  filter: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(tie("operand"), fc.constantFrom("eq", "ne", "gt", "le", "add", "in", "has"), tie("operand"))
      .map((parts) => parts.join(" ")),
    fc
      .tuple(fc.constantFrom("contains", "startswith", "endswith", "length"), tie("operand"), tie("operand"))
      .map(([test, a, b]) => `${test}(${a},${b})`),
    call,
    fc.tuple(tie("filter"), fc.constantFrom("and", "or"), tie("filter")).map(([a, join, b]) => `(${a}) ${join} ${b}`),
    tie("filter").map((inner) => `not ${inner}`),
    fc
      .tuple(
        fc.constantFrom(
          "contact_customer_accounts",
          "Account_Tasks",
          "listaccount_association",
          "primarycontactid",
          "v/contact_customer_accounts",
        ),
        fc.constantFrom("any", "all"),
        fc.constantFrom("v", "c", ""),
        tie("filter"),
      )
      .map(
        ([path, quantifier, variable, inner]) =>
          `${path}/${quantifier}(${variable}:${inner.replaceAll(/\b(name|createdon)\b/g, "v/lastname")})`,
      ),
  ),
}));

const ask = async (path: string) =>
  answered(await client.api("GET", path, undefined, { Prefer: "odata.maxpagesize=2" }), path);

test("any $filter of right and wrong parts", async () => {
  await fc.assert(
    fc.asyncProperty(filter, fc.constantFrom("", "&@p='x'", "&@p=name", "&@p=@p", "&@p=["), (text, alias) =>
      ask(`accounts?$select=name&$filter=${encodeURIComponent(text)}${alias}`),
    ),
    { numRuns: 400, seed: SEED },
  );
});

const { expand } = fc.letrec<{ expand: string; option: string }>((tie) => ({
  option: fc.oneof(
    name.map((each) => `$select=${each}`),
    filter.map((each) => `$filter=${each}`),
    name.map((each) => `$orderby=${each} desc`),
    fc.constantFrom("$top=1", "$top=x", "$count=true", "", ";", "$levels=3", "x"),
    tie("expand").map((each) => `$expand=${each}`),
  ),
  expand: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      "primarycontactid",
      "ownerid",
      "contact_customer_accounts",
      "primarycontactid/$ref",
      "Account_Tasks/$ref",
      "nope",
      "*",
      "",
    ),
    fc
      .tuple(
        fc.constantFrom(
          "primarycontactid",
          "contact_customer_accounts",
          "account_parent_account",
          "listaccount_association",
          "createdby",
        ),
        fc.array(tie("option"), { maxLength: 3 }),
      )
      .map(([navigation, options]) => `${navigation}(${options.join(";")})`),
    fc.array(tie("expand"), { maxLength: 3 }).map((each) => each.join(",")),
  ),
}));

test("any $expand of right and wrong parts, over a list and on one row", async () => {
  await fc.assert(
    fc.asyncProperty(expand, fc.constantFrom("accounts", `accounts(${ACCOUNT(1)})`), (text, path) =>
      ask(`${path}?$select=name&$expand=${encodeURIComponent(text)}`),
    ),
    { numRuns: 300, seed: SEED },
  );
});

test("any $apply and $orderby of right and wrong parts", async () => {
  const aggregate = fc
    .tuple(
      name,
      fc.constantFrom("sum", "average", "min", "max", "countdistinct", "median"),
      fc.constantFrom("a", "b", "name", ""),
    )
    .map(([column, method, alias]) => `${column} with ${method} as ${alias}`);
  const aggregates = fc
    .array(fc.oneof(aggregate, fc.constant("$count as n")), { maxLength: 3 })
    .map((all) => `aggregate(${all.join(",")})`);
  const groups = fc
    .tuple(
      fc.array(name, { maxLength: 3 }),
      fc.oneof(
        fc.constant(""),
        aggregates.map((each) => `,${each}`),
      ),
    )
    .map(([names, rest]) => `groupby((${names.join(",")})${rest})`);
  const step = fc.oneof(
    aggregates,
    groups,
    filter.map((each) => `filter(${each})`),
    fc.string({ maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 3 }), fc.array(name, { maxLength: 3 }), (steps, names) =>
      ask(
        steps.length > 0
          ? `accounts?$apply=${encodeURIComponent(steps.join("/"))}&$orderby=${names.join(",")}`
          : `accounts?$orderby=${names.join(" desc,")}`,
      ),
    ),
    { numRuns: 300, seed: SEED },
  );
});

test("any path along navigation properties", async () => {
  const segment = fc.constantFrom(
    "primarycontactid",
    "contact_customer_accounts",
    `contact_customer_accounts(${CONTACT(1)})`,
    "contact_customer_accounts(1)",
    "parentcustomerid_account",
    "ownerid",
    "listcontact_association",
    `${CRM}account`,
    `${CRM}contact`,
    `${CRM}systemuser`,
    "name",
    "fullname",
    "$count",
    "$ref",
    "$value",
    "nope",
    "constructor",
    "",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 5 }),
      fc.constantFrom("", "?$select=fullname", "?$top=1&$count=true", "?$expand=ownerid", "?$skiptoken=x"),
      (segments, query) => ask([`accounts(${ACCOUNT(1)})`, ...segments].join("/") + query),
    ),
    { numRuns: 300, seed: SEED },
  );
});

test("deep and long queries are answered at once", async () => {
  const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  for (const path of [
    `accounts?$filter=${encodeURIComponent(deep("not (", ")", 3000))}`,
    `accounts?$filter=${"contact_customer_accounts/any(v:".repeat(500)}`,
    `accounts?$expand=${"createdby($expand=".repeat(800)}`,
    `accounts?$apply=${"filter(".repeat(3000)}`,
    `accounts?$filter=${Array.from({ length: 700 }, (_, n) => `name eq 'x${n}'`).join(" or ")}`,
    `accounts?$orderby=${"name,".repeat(3000)}name`,
    `accounts?$select=${"name,".repeat(3000)}name`,
    `accounts?$filter=contains(name,'${"%25a".repeat(5000)}')`,
    `accounts?$filter=${"primarycontactid/".repeat(1000)}fullname eq 'x'`,
    `accounts(${ACCOUNT(1)})/${"primarycontactid/parentcustomerid_account/".repeat(500)}name`,
  ]) {
    await ask(path);
  }
});
