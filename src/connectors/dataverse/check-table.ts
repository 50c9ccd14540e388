import type { Need } from "../../core/check.ts";
import { SluiceError } from "../../core/errors.ts";
import { type ObjectSchema, whyReadOnly } from "../../core/schema.ts";
import type { Found, Steps } from "./check-step.ts";
import type { WebApi } from "./http.ts";
import type { Metadata } from "./metadata.ts";
import { privilegeNames, privilegesHeld, rightsFor, type Wanted } from "./privileges.ts";

/** An application user that was let in. */
export type User = { title: string; api: WebApi; id: string };

/** One table, by what all syncs that write to it need: `needs` has at least one, and all name the same table. */
export async function checkTable(
  needs: readonly Need[],
  users: readonly User[],
  metadata: Metadata,
  { step, skip }: Steps,
  signal?: AbortSignal,
): Promise<void> {
  const { object } = needs[0]!;
  const parts = ["privileges", "bulk messages", "change tracking", "keys"].map((part) => `${part}: ${object}`);
  const schema = await step(`table ${object}`, async () => {
    const value = await metadata.describe(object, signal);
    const why = whyReadOnly(value);
    if (why !== undefined) throw new SluiceError("table_read_only", why);
    return { detail: `${value.title}, ${value.columns.length} columns`, value };
  });
  if (!schema) {
    for (const part of parts) skip(part, "the table");
    return;
  }
  const wanted = [...new Set(needs.flatMap((need) => rightsFor(need, schema)))];
  const [privileges, bulk, tracking, keys] = parts as [string, string, string, string];
  for (const user of users)
    await step(users.length > 1 ? `${privileges}, ${user.title}` : privileges, () => allowed(user, wanted, signal));
  await step(bulk, async () =>
    schema.can.bulk
      ? { detail: "rows go in bulk", value: true }
      : {
          detail: "rows go one by one, which takes longer",
          cause: `Table ${schema.name} does not offer CreateMultiple and UpdateMultiple.`,
          remedy: "Nothing needs doing; a large first load takes more time and more requests of the day's entitlement.",
          value: true,
        },
  );
  await step(tracking, async () =>
    schema.can.deltas
      ? { detail: "each run reads what has changed", value: true }
      : {
          detail: "each run reads the table in full",
          cause: `Change tracking is off for table ${schema.name}.`,
          remedy:
            "To read changes only: Power Apps > Tables > the table > Properties > Advanced options > Track changes.",
          value: true,
        },
  );
  await step(keys, async () => keysOf(needs, schema));
}

async function allowed(
  { api, id, title }: User,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<Found<true>> {
  const held = await privilegesHeld(api, id, signal).catch((thrown: unknown) => SluiceError.from(thrown));
  if (held instanceof SluiceError) {
    if (held.code !== "not_allowed") throw held;
    const cause = `${held.message} So nobody can tell what else it lacks.`;
    return { detail: "cannot be told", cause, remedy: held.remedy, value: true };
  }
  const names: string[] = [];
  for (const [object, rights] of Map.groupBy(wanted, (one) => one.object)) {
    const known = await privilegeNames(api, object, signal);
    names.push(...rights.flatMap(({ right }) => known.get(right) ?? []));
  }
  const all = [...new Set(names)];
  const missing = all.filter((name) => !held.has(name));
  if (missing.length > 0)
    throw new SluiceError("not_allowed", `${title} lacks ${missing.join(", ")}.`, {
      remedy: `Add ${missing.length === 1 ? "it" : "them"} to a security role of the application user, at organization level: Power Platform admin center > Environments > your environment > Settings > Users + permissions > Security roles.`,
    });
  const narrow = all.filter((name) => held.get(name) !== "Global");
  const detail = `${all.length} privileges needed, all held`;
  if (narrow.length === 0) return { detail, value: true };
  return {
    detail,
    cause: `${narrow.join(", ")} ${narrow.length === 1 ? "is" : "are"} held for a part of the records only.`,
    remedy: "Give them at organization level, unless the rest of the records is not to be touched on purpose.",
    value: true,
  };
}

/** The alternate key over each sync's match columns, which keeps records apart also against others; and dead keys. */
function keysOf(needs: readonly Need[], { name, id, keys }: ObjectSchema): Found<true> {
  const building = keys.filter((key) => !key.active).map((key) => key.name);
  if (building.length > 0)
    return {
      detail: `${keys.length} keys`,
      cause: `Not active: ${building.join(", ")}; Dataverse does not enforce them yet, or could not build their index.`,
      remedy: `Power Apps > Tables > ${name} > Keys: wait while the status is pending; after a failure remove the doubled records and reactivate the key.`,
      value: true,
    };
  const bare = needs.filter(({ match }) => {
    const columns = new Set(match.map((column) => column.toLowerCase()));
    return !columns.has(id) && !keys.some((key) => columns.symmetricDifference(new Set(key.columns)).size === 0);
  });
  if (bare.length === 0) return { detail: "the match columns are a key", value: true };
  const columns = [...new Set(bare.map((need) => need.match.join(" + ")))].join("; ");
  return {
    detail: `no key over ${columns}`,
    cause: "Without one, somebody else may create the same record at the same moment, and nobody refuses the double.",
    remedy: `Power Apps > Tables > ${name} > Keys > New key, over ${columns}.`,
    value: true,
  };
}
