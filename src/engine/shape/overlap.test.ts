import { expect, test } from "vitest";
import { modelObject } from "../../../test/model.ts";
import { syncFile } from "../../core/project.ts";
import type { Column } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import { refuseOverlap } from "./overlap.ts";

/** Two syncs that write one column are noticed, whatever each calls it. */

const object = modelObject(false);
const added = (name: string, title: string): Column => ({ ...object.columns[1]!, name, title });
object.columns.push(added("new_vip", "VIP status"), added("new_tier", "Tier"), added("old_tier", "Tier"));
const file = (more: object) =>
  syncFile.parse({ model: "m", to: "crm", object: "contact", match: "code", mapping: { code: "code" }, ...more });
const meet = (own: object, theirs: object) =>
  refuseOverlap({ sync: "a", syncFile: file(own), others: [{ sync: "b", file: file(theirs) }] } as Job, object, "new_");

test.each([
  [{ mapping: { code: "code", name: "x" } }, { mapping: { code: "code", NAME: "y" } }, "name", ["mapping", "name"]],
  [{ audiences: { fans: "tier" } }, { mapping: { code: "code", new_tier: "y" } }, "new_tier", ["audiences", "fans"]],
  [{ mapping: { "vip STATUS": "x" } }, { audiences: { fans: "new_vip" } }, "new_vip", ["mapping", "vip STATUS"]],
  [{ match: "name", mapping: { name: "x", code: "y" } }, {}, "code", ["mapping", "code"]],
])("%j and %j", (own, theirs, column, path) => {
  const refused = expect.objectContaining({
    code: "mapping_unfit",
    message: `The syncs a and b both write ${column} of contact on crm: each would undo the other.`,
    place: { file: "syncs/a.yaml", path },
  });
  expect(() => meet(own, theirs)).toThrow(refused);
});

test.each([
  ["what both match by", {}, {}],
  ["another table", { mapping: { name: "x" } }, { object: "account", mapping: { name: "x" } }],
  ["an unfinished name of a mapping", { audiences: { fans: "new_vip" } }, { mapping: { code: "code", new_tier: "x" } }],
  ["a name that fits nothing", { mapping: { nothing: "x" } }, { mapping: { nothing: "x" } }],
])("%s is not refused here", (_, own, theirs) => {
  expect(() => meet(own, theirs)).not.toThrow();
});
