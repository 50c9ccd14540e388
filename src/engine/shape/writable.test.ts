import { expect, test } from "vitest";
import { modelObject } from "../../../test/model.ts";
import type { Column } from "../../core/schema.ts";
import { writable } from "./writable.ts";

const column = (name: string, title: string): Column => ({
  name,
  title,
  type: "text",
  required: false,
  create: true,
  update: true,
});
const object = {
  ...modelObject(false),
  columns: [
    column("emailaddress1", "Email"),
    column("new_vip", "VIP"),
    column("vip", "Old"),
    column("a", "Phone"),
    column("b", "phone"),
  ],
};
const named = (name: string, prefix?: string) => writable(object, name, { file: "syncs/s.yaml" }, prefix).name;

test("a column is found by its name, then with the prefix, then by its title, in any case", () => {
  expect(named("EmailAddress1")).toBe("emailaddress1");
  expect(named("email")).toBe("emailaddress1");
  expect(named("vip", "new_")).toBe("vip");
  expect(named("New_VIP")).toBe("new_vip");
  expect(writable({ ...object, columns: [column("new_tier", "Tier")] }, "Tier", { file: "x" }, "new_").name).toBe(
    "new_tier",
  );
});

test("a title that several columns have is refused by their names; one that is not there offers the nearest", () => {
  const place = { file: "syncs/s.yaml" };
  expect(() => writable(object, "PHONE", place)).toThrow('Several columns of contact are called "PHONE".');
  expect(() => writable(object, "emailadress1", place)).toThrow("contact has no column emailadress1.");
});

test("a multi-select column whose options nobody tells could take no value, and is refused at once", () => {
  const likes: Column = { ...column("new_likes", "Likes"), type: "choices" };
  expect(() => writable({ ...object, columns: [likes] }, "new_likes", { file: "x" })).toThrow(
    /it has no options, or none/,
  );
  const told = { ...likes, choices: [{ value: 1, label: "Red" }] };
  expect(writable({ ...object, columns: [told] }, "new_likes", { file: "x" })).toBe(told);
});
