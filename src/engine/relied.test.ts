import { expect, test } from "vitest";
import { SluiceError } from "../core/errors.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import type { Relied } from "./drift.ts";
import type { Job } from "./job.ts";
import { underDrift } from "./relied.ts";

const name = (maxLength: number): Column => ({
  name: "firstname",
  title: "First name",
  type: "text",
  required: false,
  create: true,
  update: true,
  maxLength,
});
const can = { bulk: true, deltas: true };
const relied: Relied = { destination: "here", columns: [name(50)], required: [], key: null, can, memberships: [] };
const contact = { name: "contact", columns: [name(5)], keys: [], can } as unknown as ObjectSchema;

/** What is told when the shape cannot be made for `message`, after contact.firstname was made shorter. */
function told(message: string): unknown {
  try {
    underDrift({ sync: "people" } as Job, relied, contact, () => {
      throw new SluiceError("unknown_column", message);
    });
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

test("a fault that names a changed column tells of the change, and what then does not fit", () => {
  const fault = "The constant is too long for contact.firstname.";
  expect(told(fault)).toMatchObject({
    code: "schema_changed",
    message: `Since the last run of people: contact.firstname takes 5 characters now, no longer 50: longer values are refused. ${fault}`,
  });
});

test("a fault that only names something like it is told as it is", () => {
  const message = "There is no column firstname2 in contact.";
  expect(told(message)).toMatchObject({ code: "unknown_column", message });
});
