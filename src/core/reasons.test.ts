import { describe, expect, it } from "vitest";
import { explain, reasons } from "./reasons.ts";

describe("explain", () => {
  it("names the column, the value and what it takes", () => {
    expect(explain("too_long", { column: "firstname", value: "abcdef", limit: "5" })).toBe(
      'firstname is too long: "abcdef" has 6 characters. It takes at most 5; `tooLong: truncate` cuts.',
    );
    expect(explain("too_long", { column: "firstname", value: "abcdef" })).toBe(
      'firstname is too long: "abcdef" has 6 characters.',
    );
  });

  it("does not read words of the value as its own", () => {
    expect(explain("bad_date", { column: "birthdate", value: "{limit}" })).toContain('"{limit}"');
  });

  it("shortens what nobody can read", () => {
    expect(explain("bad_number", { column: "c", value: "😀".repeat(500) }).length).toBeLessThan(300);
  });

  it("tells a code of the destination by its detail", () => {
    expect(explain("0x80044331", { column: null, value: null, detail: "They said no." })).toBe("They said no.");
    expect(explain("0x80044331", {})).toBe("0x80044331");
  });

  it("leaves no placeholder open in any sentence", () => {
    for (const code of Object.keys(reasons)) expect(explain(code, {})).not.toMatch(/[{}]|undefined/);
  });
});
