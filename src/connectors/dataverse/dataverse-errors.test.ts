import { expect, test } from "vitest";
import { dataverseErrors } from "./dataverse-errors.ts";
import { entraErrors } from "./entra-errors.ts";
import { classify, stopping } from "./faults.ts";

const everything = [
  ...Object.entries(entraErrors).map(([code, row]) => ({ code: `AADSTS${code}`, ...row })),
  ...dataverseErrors,
];

test("each code stands once, with a cause of its own and a remedy that is a whole sentence", () => {
  const codes = everything.map((row) => row.code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { code, cause, remedy } of everything) {
    expect(cause, code).toMatch(/^[a-zD].*[^.]$/);
    expect(remedy, code).toMatch(/^[A-Z].*[.]$/);
    expect(`${cause}${remedy}`, code).not.toMatch(/[|\n]/);
  }
});

test.each(dataverseErrors)("$code: what it means for us, whichever status it comes with", ({ code, status, kind }) => {
  for (const one of status) {
    const body = Buffer.from(JSON.stringify({ error: { code, message: "Microsoft's words" } }));
    expect(classify({ status: one, body })).toEqual({ kind, status: one, code, message: "Microsoft's words" });
  }
});

test.each(dataverseErrors.filter((row) => ["permission", "offline"].includes(row.kind)))(
  "$code stops everything, in the words of the table",
  ({ code, status, kind, cause, remedy }) => {
    const error = stopping({ kind, status: status[0]!, code, message: "no" }, "read");
    expect(error.remedy).toBe(remedy);
    expect(error.message.toLowerCase()).toContain(cause.toLowerCase());
  },
);
