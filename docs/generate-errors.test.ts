import { expect, test } from "vitest";
import { catalogue } from "../src/core/catalogue.ts";
import { errorsDocument, writtenDocument } from "./generate-errors.ts";

test("errors.md is what the catalogue says (else run: node docs/generate-errors.ts)", () => {
  expect(writtenDocument()).toBe(errorsDocument());
});

test("every code has one row of four cells", () => {
  for (const code of Object.keys(catalogue)) {
    const rows = errorsDocument()
      .split("\n")
      .filter((line) => line.startsWith(`| \`${code}\` |`));
    expect(rows, code).toHaveLength(1);
    expect(rows[0]!.split("|"), code).toHaveLength(6);
  }
});
