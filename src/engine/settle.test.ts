import { expect, test } from "vitest";
import type { Duck } from "./duck.ts";
import { noRoomToFold } from "./settle.ts";

test("a run that memory does not let fold is told so before it sends; ten rows of as many fold in any", async () => {
  const told = (looked_at: number, memory: number) =>
    noRoomToFold({
      duck: { one: async () => ({ links: 50_000_000 }), memory } as unknown as Duck,
      touched: { looked_at } as never,
    });
  const error = await told(1_000_000, 900e6);
  expect(error).toMatchObject({ code: "out_of_memory", kind: "state" });
  expect(error!.message).toContain("a state of 50,000,000 rows takes 801 MB of memory");
  expect(await told(1_000_000, 1100e6)).toBeUndefined();
  expect(await told(10, 100e6)).toBeUndefined();
});
