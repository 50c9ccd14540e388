import { expect, test } from "vitest";
import { fire } from "./range.ts";

// A slice of `npm run fuzz`, always the same.
test("2,000 requests, valid and spoilt: each is answered in the documented envelope, the rows stay consistent", async () => {
  const { statuses, problems } = await fire(2_000, 20_261_121);
  expect(problems).toEqual([]);
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 204, 400, 404]));
});
