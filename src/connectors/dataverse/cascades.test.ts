import { expect, test } from "vitest";
import { type Cascade, dependentsOf } from "./cascades.ts";

const one = (table: string, column: string, Delete?: string | null): Cascade => ({
  ReferencingEntity: table,
  ReferencingAttribute: column,
  CascadeConfiguration: Delete === undefined ? null : { Delete },
});

test("what cascades is deleted, what is unlinked is emptied, and the rest stays; each is told once", () => {
  const found = [
    one("task", "regardingobjectid", "Cascade"),
    one("annotation", "objectid", "Cascade"),
    one("task", "new_other", "Cascade"),
    one("account", "primarycontactid", "RemoveLink"),
    one("invoice", "customerid", "Restrict"),
    one("new_log", "new_contact", "NoCascade"),
    one("new_odd", "new_contact"),
    one("new_odder", "new_contact", null),
    one("asyncoperation", "regardingobjectid", "Cascade"),
  ];
  expect(dependentsOf([...found, ...found])).toEqual({
    deleted: [
      { object: "annotation", column: "objectid" },
      { object: "task", column: "new_other" },
      { object: "task", column: "regardingobjectid" },
    ],
    emptied: ["account.primarycontactid"],
  });
});
