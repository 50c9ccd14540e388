import type { Need, Privilege } from "../../core/check.ts";
import { SluiceError } from "../../core/errors.ts";
import { readGround } from "./ground.ts";
import type { WebApi } from "./http.ts";
import type { Metadata } from "./metadata.ts";
import { privilegeNames, privilegesHeld, rightsFor, type Wanted } from "./privileges.ts";

/** Tables that every session looks at: the slower or coarser way is taken where it may not. */
const always: Wanted[] = [
  { object: "organization", right: "Read", why: "the digits of prices, and whether the schema has changed" },
  { object: "transactioncurrency", right: "Read", why: "the digits of amounts, and whether the schema has changed" },
  { object: "sdkmessage", right: "Read", why: "whether many records go in one call" },
  { object: "sdkmessagefilter", right: "Read", why: "whether many records go in one call" },
];

/**
 * The privileges that `needs` take and no more, in order of table, with the depth at which our user has them; then those
 * on the tables written to that it has beyond need. Names are the metadata's own: some tables share theirs.
 */
export async function roleFor(
  api: WebApi,
  metadata: Metadata,
  needs: readonly Need[],
  signal?: AbortSignal,
): Promise<Privilege[]> {
  const schemas = await Promise.all(needs.map((need) => metadata.describe(need.object, signal)));
  const wanted = [...needs.flatMap((need, i) => rightsFor(need, schemas[i]!)), ...always];
  const [{ user }, names] = await Promise.all([readGround(api, signal), namesOf(api, wanted, signal)]);
  const held = await privilegesHeld(api, user, signal);
  const role = new Map<string, Privilege>();
  for (const { object, right, why } of wanted) {
    const name = names.get(object)?.get(right);
    if (name === undefined || role.has(name)) continue;
    role.set(name, { name, object, needed: true, why, held: held.get(name) ?? null });
  }
  for (const { name: object } of schemas)
    for (const name of names.get(object)!.values())
      if (!role.has(name) && held.has(name))
        role.set(name, { name, object, needed: false, why: "the sync does without it", held: held.get(name)! });
  return [...role.values()];
}

async function namesOf(
  api: WebApi,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<Map<string, Map<string, string>>> {
  const objects = [...new Set(wanted.map((one) => one.object))];
  const each = await Promise.all(
    objects.map(async (object): Promise<[string, Map<string, string>]> => {
      try {
        return [object, await privilegeNames(api, object, signal)];
      } catch (thrown) {
        // A table that this environment does not have takes no privilege.
        if (thrown instanceof SluiceError && thrown.code === "unknown_object") return [object, new Map()];
        throw thrown;
      }
    }),
  );
  return new Map(each);
}
