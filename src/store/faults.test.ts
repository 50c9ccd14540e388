import { expect, test } from "vitest";
import { SluiceError } from "../core/errors.ts";
import { stateFault } from "./faults.ts";

const system = (code: string) => Object.assign(new Error(`${code}: no`), { code });

test.each([
  [system("ENOSPC"), "disk_full"],
  [system("EDQUOT"), "disk_full"],
  [new Error("IO Error: Could not write file: No space left on device"), "disk_full"],
  [new Error("outer", { cause: new Error("middle", { cause: system("ENOSPC") }) }), "disk_full"],
  [Object.assign(new Error("database or disk is full"), { errcode: 13 }), "disk_full"],
  [system("EROFS"), "state_unwritable"],
  [Object.assign(new Error("unable to open database file"), { errcode: 14 }), "state_unwritable"],
])("%s is %s", (error, code) => {
  expect(stateFault(error, "/state")).toMatchObject({ code, message: expect.stringContaining("/state") });
});

test("what says nothing about the disk, and what is told already, is left alone", () => {
  expect(stateFault(new TypeError("x is not a function"), "/state")).toBeNull();
  expect(stateFault("ENOSPC", "/state")).toBeNull();
  expect(stateFault(new SluiceError("bug", "ENOSPC"), "/state")).toBeNull();
});
