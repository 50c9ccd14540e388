import { expect, test } from "vitest";
import { classify, stopping } from "./faults.ts";

const answer = (status: number, code?: string, message = "m") => ({
  status,
  body: Buffer.from(code === undefined ? "<html>" : JSON.stringify({ error: { code, message } })),
});

test.each([
  [400, "0x80044331", "row"],
  [400, "0x80040265", "row"],
  [400, "0x0", "row"],
  [400, "0x80044352", "expired"],
  [400, "0x8004418a", "tooLarge"],
  [401, undefined, "token"],
  [403, "0x80040220", "permission"],
  [403, "0x80048306", "row"],
  [403, undefined, "odd"],
  [404, "0x80040217", "missing"],
  [404, "0x80060891", "row"],
  [404, "0x8006088a", "schema"],
  [404, undefined, "odd"],
  [405, "0x80040227", "row"],
  [410, undefined, "expired"],
  [412, "0x80060892", "duplicate"],
  [412, "0x80040237", "duplicate"],
  [412, "0x80040333", "row"],
  [413, undefined, "tooLarge"],
  [429, "0x80072326", "throttled"],
  [429, "-2147015902", "throttled"],
  [500, "0x80040216", "down"],
  [500, "0x80044339", "busy"],
  [500, "0x80040224", "row"],
  [502, undefined, "down"],
  [503, undefined, "down"],
  [503, "0x8004a110", "busy"],
  [503, "0x8004A104", "offline"],
] as const)("%d %s is %s", (status, code, kind) => {
  expect(classify(answer(status, code)).kind).toBe(kind);
});

test("a code printed as a number is given as Dataverse documents it", () => {
  expect(classify(answer(429, "-2147015902")).code).toBe("0x80072322");
});

test("a long message is cut between two signs", () => {
  expect(classify(answer(400, "0x0", `${"x".repeat(599)}😀`)).message).toBe("x".repeat(599));
});

test("a missing privilege is named with its table", () => {
  const text =
    "Principal user (Id=1, type=8, roleCount=5, privilegeCount=465, accessMode=4), is missing prvWriteContact privilege (Id=2) on OTC=2 for entity 'contact'. context.Caller=1";
  const error = stopping(classify(answer(403, "0x80040220", text)), "update contact records");
  expect(error.code).toBe("not_allowed");
  expect(error.message).toBe(
    "To update contact records, the application user lacks the privilege prvWriteContact on table contact.",
  );
  expect(error.remedy).toContain("prvWriteContact");
});

test.each([
  ["0x80072560", /application user/],
  ["0x80042F09", /security role/],
  ["0x80040225", /Activate/],
  ["0x80095ffc", /administrator/],
])("403 %s has its own remedy", (code, remedy) => {
  const error = stopping(classify(answer(403, code)), "read");
  expect(error.code).toBe("not_allowed");
  expect(error.remedy).toMatch(remedy);
});
