import { contentOf, difference, type Expected, linesOf } from "./expected.ts";
import type { Lane } from "./lane.ts";

/** @throws Error that tells what differs. */
export async function sameAs(lane: Lane, expected: Expected): Promise<void> {
  const [contact, account, listmember] = await Promise.all(["contact", "account", "listmember"].map(lane.rows));
  const found = difference(
    contentOf({ contact: contact!, account: account!, listmember: listmember! }),
    linesOf(expected),
  );
  const wrong = Object.entries(found).filter(([, keys]) => keys.length > 0);
  if (wrong.length > 0)
    throw new Error(wrong.map(([what, keys]) => `${keys.length} ${what}: ${keys.slice(0, 3).join(", ")}`).join("; "));
}
