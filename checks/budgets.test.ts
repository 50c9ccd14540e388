import { describe, expect, it } from "vitest";
import { measure } from "./budgets.ts";

const lines = (n: number) => "const x = 1;\n".repeat(n);

describe("file budgets", () => {
  it("allows 400 lines and refuses 401, by name", () => {
    expect(measure([{ path: "src/a.ts", text: lines(400) }]).faults).toEqual([]);
    expect(measure([{ path: "src/a.ts", text: lines(401) }]).faults).toEqual([
      "src/a.ts has 401 lines; 400 is the most. Split it by what it holds.",
    ]);
  });

  it.each(["src/utils.ts", "src/common/a.ts", "src/helpers.test.ts", "test/Misc/x.ts"])(
    "refuses the name %s",
    (path) => {
      expect(measure([{ path, text: "x" }]).faults[0]).toContain("says nothing");
    },
  );

  it("does not mistake a longer word for a drawer", () => {
    expect(measure([{ path: "src/uncommon/sharedKey.ts", text: "x" }]).faults).toEqual([]);
  });

  it("refuses a file that only re-exports, except a folder's front door", () => {
    const text = '// all of it\nexport * from "./a.ts";\nexport type {\n  B,\n} from "./b.ts";\n';
    expect(measure([{ path: "src/all.ts", text }]).faults[0]).toContain("only passes on exports");
    expect(measure([{ path: "src/engine/index.ts", text }]).faults).toEqual([]);
    expect(measure([{ path: "src/all.ts", text: `${text}export const own = 1;\n` }]).faults).toEqual([]);
  });

  it("counts medians over all files and tests apart from source", () => {
    const budget = measure([
      { path: "src/a.ts", text: lines(10) },
      { path: "src/b.ts", text: lines(30) },
      { path: "src/b.test.ts", text: lines(20) },
    ]);
    expect(budget).toMatchObject({ files: 3, median: 20, longest: 30, testRatio: 0.5 });
  });
});
