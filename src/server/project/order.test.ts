import { expect, test } from "vitest";
import { syncFile } from "../../core/project.ts";
import { orderSyncs } from "./order.ts";

const sync = (name: string, object: string, pointsAt: string[] = [], mode = "upsert", to = "crm") => ({
  name,
  file: syncFile.parse({
    model: "m",
    to,
    object,
    match: "id",
    mode,
    mapping: Object.fromEntries(
      pointsAt.map((target, i) => [`c${i}`, { from: "x", lookup: { object: target, by: "n" } }]),
    ),
  }),
});
const names = (syncs: ReturnType<typeof sync>[]) => orderSyncs(syncs).ordered.map((one) => one.name);

test("parents come first, the rest by name", () => {
  expect(names([sync("z", "account"), sync("b", "lead"), sync("a", "contact", ["account"])])).toEqual(["z", "a", "b"]);
});

test("a chain is followed to its end, and names are compared without case", () => {
  const syncs = [sync("a", "task", ["Contact"]), sync("b", "contact", ["ACCOUNT"]), sync("c", "account")];
  expect(names(syncs)).toEqual(["c", "b", "a"]);
});

test("another connection's table, one's own table and a sync that creates nothing are waited for by nobody", () => {
  expect(names([sync("b", "account", [], "upsert", "other"), sync("a", "contact", ["account"])])).toEqual(["a", "b"]);
  expect(orderSyncs([sync("a", "account", ["account"]), sync("b", "account")]).circle).toBeNull();
  expect(names([sync("b", "account", [], "update"), sync("a", "contact", ["account"])])).toEqual(["a", "b"]);
});

test("a circle is named from where it closes", () => {
  const syncs = [sync("a", "task", ["contact"]), sync("b", "contact", ["account"]), sync("c", "account", ["contact"])];
  expect(orderSyncs(syncs).circle).toEqual(["b", "c", "b"]);
});
