import { describe, expect, it } from "vitest";
import type { SluiceError } from "../../core/errors.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";
import type { Writes } from "../../core/state.ts";
import type { Job } from "../job.ts";
import { checkValidity, writable } from "./writable.ts";

const column = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  title: name,
  type: "text",
  required: false,
  create: true,
  update: true,
  ...more,
});
const fixed = { create: false, update: false };
const object = {
  name: "account",
  id: "accountid",
  columns: [
    column("name"),
    column("calculated", { ...fixed, computed: "calculated" }),
    column("rollup", { ...fixed, computed: "rollup" }),
    column("formula", { ...fixed, computed: "formula" }),
    column("prompt", { ...fixed, computed: "prompt" }),
    column("file", { type: "other", native: "File" }),
    column("image", { type: "other", native: "Image" }),
    column("odd", { type: "other", native: "ManagedProperty" }),
    column("nowhere", { ...fixed, type: "lookup", targets: [] }),
    column("createdon", { ...fixed, type: "datetime" }),
  ],
} as unknown as ObjectSchema;
const at = { file: "syncs/s.yaml", path: ["mapping", "x"] };
const faultOf = (work: () => unknown): SluiceError => {
  try {
    work();
  } catch (thrown) {
    return thrown as SluiceError;
  }
  return expect.fail("it was accepted");
};

describe("a column that cannot be written", () => {
  it.each([
    ["calculated", "account.calculated cannot be written: Dynamics calculates it from other columns."],
    ["rollup", "account.rollup cannot be written: Dynamics rolls it up from other records."],
    ["formula", "account.formula cannot be written: Dynamics works out its formula."],
    ["prompt", "account.prompt cannot be written: Dynamics lets a model fill it."],
    ["file", "account.file cannot be written: it holds a file, which goes by uploads of its own."],
    ["image", "account.image cannot be written: it holds an image, which goes by uploads of its own."],
    ["odd", "account.odd cannot be written: Sluice writes no columns of type ManagedProperty."],
    ["nowhere", "account.nowhere cannot be written: it points at no table that has an address."],
    ["CreatedOn", "account.createdon cannot be written: Dynamics keeps it itself."],
    ["nmae", "account has no column nmae."],
  ])("%s", (name, message) => {
    expect(faultOf(() => writable(object, name, at))).toMatchObject({ code: "unknown_target", message, place: at });
  });

  it("is told the nearest that can, and found in any case", () => {
    expect(faultOf(() => writable(object, "nmae", at)).remedy).toBe("Did you mean name?");
    expect(writable(object, "NAME", at).name).toBe("name");
  });
});

describe("a column that is taken only when a record is made, or only when it is changed", () => {
  const once = column("once", { update: false });
  const later = column("later", { create: false });
  const check = (of: Column, mode: string, write: Writes) =>
    checkValidity({ syncFile: { mode } } as Job, object, of, write, at);

  it.each([
    [once, "upsert", "always", /a later change of the source could not follow/],
    [once, "upsert", "when empty", /can only be set when a record is made/],
    [once, "update", "on create", /and this sync makes none/],
    [later, "upsert", "always", /can only be changed on records that exist/],
    [later, "create", "always", /can only be changed on records that exist/],
  ] as [Column, string, Writes, RegExp][])("%o %s %s", (of, mode, write, says) => {
    const error = faultOf(() => check(of, mode, write));
    expect(error).toMatchObject({ code: "mapping_unfit", message: expect.stringMatching(says), place: at });
    expect(error.remedy).not.toBe("");
  });

  it.each([
    [once, "upsert", "on create"],
    [once, "create", "always"],
    [later, "update", "always"],
    [column("accountid", { update: false }), "upsert", "always"],
    [column("accountid", { update: false }), "update", "always"],
    [column("statecode", { type: "state", create: false }), "upsert", "always"],
  ] as [Column, string, Writes][])("is taken otherwise: %o %s %s", (of, mode, write) => {
    expect(() => check(of, mode, write)).not.toThrow();
  });
});
