import { expect, test } from "vitest";
import { dataverseErrors } from "../src/connectors/dataverse/dataverse-errors.ts";
import { entraErrors } from "../src/connectors/dataverse/entra-errors.ts";
import { openSession } from "../src/connectors/dataverse/index.ts";
import { errors, ODataError } from "../src/sandbox/dataverse/errors.ts";
import { ENTRA_ERRORS } from "../src/sandbox/entra/errors.ts";
import { clock, control, given, sent } from "./sandbox-contact.ts";

/** The connector's table of errors against the sandbox's lists, which were written from the documentation by themselves. */

/** What only browsers, public clients, or clients that send nonsense are told. */
const notForUs = new Set([
  ...[65004, 500112, 501481, 501491, 70005, 700054, 70007],
  90055, // status 429 and 503 are waited out, whatever the number
  90033,
]);

test("every refusal of the sandbox's Entra ID has its cause and remedy", () => {
  const numbers = ENTRA_ERRORS.map(({ name }) => Number(name.replace("AADSTS", "")));
  expect(numbers.filter((number) => !(number in entraErrors) && !notForUs.has(number))).toEqual([]);
});

/** Schema changes, rows every environment has, queries and bodies of kinds that Sluice never sends. */
const neverSent = new Set([
  ...["0x80047013", "0x80047010", "0x80060893", "0x80060894", "0x8004f01f", "0x80090112"],
  ...["0x80041d2e", "0x80041d31", "0x80041d4a", "0x80041d33", "0x80041d60", "0x80048cff", "0x8004f005", "0x8004f006"],
  ...["0x80048d0b", "0x8004430d", "", "SandboxNotImplemented", "SandboxEntitlement"],
]);

test("every refusal of the sandbox's Dataverse has its cause and remedy", () => {
  const anything = ["a", "b", "c", "d", "e"];
  // A bulk message that succeeds in part has the code of its first refusal.
  const { bulkPartly: _, ...own } = errors;
  const codes = Object.entries(own).map(([name, make]) => {
    // Whatever the texts are made of, the code does not depend on it.
    const args =
      name === "duplicateKey" ? ["k", "c", [], "id"] : name === "wrongTarget" ? ["s", "r", "f", "n", []] : anything;
    const error = (make as (...args: unknown[]) => ODataError)(...args);
    expect(error, name).toBeInstanceOf(ODataError);
    return error.code;
  });
  const known = new Set(dataverseErrors.map(({ code }) => code));
  expect([...new Set(codes)].filter((code) => !known.has(code) && !neverSent.has(code))).toEqual([]);
});

const stopping = dataverseErrors.filter(({ kind }) => kind === "permission" || kind === "offline");

test.each(stopping)("$code, answered over HTTP, stops in the words of the table, and is not repeated", async (row) => {
  const [status] = row.status;
  const other = openSession(given, { base: "." }, { clock });
  const fault = { match: { method: "GET", path: "WhoAmI" }, status, code: row.code, message: "Microsoft's words" };
  await control("faults", fault);
  const before = await sent("WhoAmI");
  const error = await other.identity().catch((e) => e);
  await other.close();
  expect(error.remedy).toBe(row.remedy);
  expect(error.message.toLowerCase()).toContain(row.cause.toLowerCase());
  expect(error.message).toContain(row.code);
  expect(await sent("WhoAmI")).toBe(before + 1);
});
