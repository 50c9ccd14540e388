import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { SluiceError } from "../../core/errors.ts";
import { errorObject, printError } from "./error.ts";
import { terminalOutput } from "./output.ts";

function stream(isTTY: boolean, columns?: number) {
  let text = "";
  const target = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  return { target: Object.assign(target, { isTTY, ...(columns && { columns }) }), text: () => text };
}

test("the redrawn line is cut to the screen, and gone before anything else is written", () => {
  const err = stream(true, 20);
  const out = terminalOutput(false, stream(false).target, err.target, {});
  out.redraw("people: sending 1,000 of 5,000 rows");
  out.redraw("short");
  out.note("done");
  expect(err.text()).toBe("people: sending 1,0\r\u001b[2Kshort\r\u001b[2Kdone\n");
});

test("a screen that does not tell its width (0) is taken for 80 wide", () => {
  const err = stream(true);
  Object.assign(err.target, { columns: 0 });
  terminalOutput(false, stream(false).target, err.target, {}).redraw("x".repeat(100));
  expect(err.text()).toBe("x".repeat(79));
});

test("where nobody looks, or --json is asked for, nothing is redrawn; results for people are silent with --json", () => {
  for (const [json, isTTY] of [
    [false, false],
    [true, true],
  ] as const) {
    const result = stream(isTTY);
    const err = stream(isTTY);
    const out = terminalOutput(json, result.target, err.target, {});
    out.redraw("people");
    out.line("a row");
    expect(err.text()).toBe("");
    expect(result.text()).toBe(json ? "" : "a row\n");
  }
});

test("colour is for screens, unless NO_COLOR asks for none", () => {
  const styled = (isTTY: boolean, env: Record<string, string>) =>
    terminalOutput(false, stream(isTTY).target, stream(isTTY).target, env).style.red("x");
  expect(styled(true, {})).toBe("\u001b[31mx\u001b[39m");
  expect(styled(true, { NO_COLOR: "1" })).toBe("x");
  expect(styled(false, {})).toBe("x");
});

const first = new SluiceError("yaml_invalid", "one", {
  place: { file: "a.yaml", line: 3, path: ["x"] },
  cause: "secret",
});
const both = new SluiceError("yaml_invalid", "one", {
  place: { file: "a.yaml", line: 3, path: ["x"] },
  cause: first,
  others: [new SluiceError("unknown_name", "two", { remedy: "mend two" })],
});

test("an error says what, where and what to do, and how many there are", () => {
  const err = stream(false);
  printError(both, terminalOutput(false, stream(false).target, err.target, {}));
  expect(err.text().split("\n")).toEqual([
    "error: one (yaml_invalid)",
    "  at a.yaml:3",
    "  Correct the key or value named.",
    "error: two (unknown_name)",
    "  mend two",
    "2 errors.",
    "",
  ]);
});

test("as an object, the first error stands alone, the others beside it, and no cause is told", () => {
  expect(errorObject(both)).toEqual({
    error: {
      kind: "config",
      code: "yaml_invalid",
      message: "one",
      remedy: "Correct the key or value named.",
      file: "a.yaml",
      line: 3,
      path: ["x"],
    },
    others: [{ kind: "config", code: "unknown_name", message: "two", remedy: "mend two" }],
  });
  expect(JSON.stringify(errorObject(first))).not.toContain("secret");
});
