import type { Need, Privilege } from "../../core/check.ts";
import { whoAmI } from "./answers.ts";
import type { DataverseConfig } from "./config.ts";
import { titleOf } from "./credential.ts";
import { openWebApi, type Settings, type WebApi } from "./http.ts";
import { getJson } from "./json.ts";
import type { Metadata } from "./metadata.ts";
import { privilegeNames, privilegesHeld, rightsFor, type Wanted } from "./privileges.ts";

/** Tables that every session looks at: the slower or coarser way is taken where it may not. */
const always: Wanted[] = [
  {
    object: "organization",
    right: "Read",
    why: "the digits of prices, how long changes are kept, and whether the schema has changed",
  },
  { object: "transactioncurrency", right: "Read", why: "the digits of amounts, and whether the schema has changed" },
  { object: "sdkmessage", right: "Read", why: "whether many records go in one call" },
  { object: "sdkmessagefilter", right: "Read", why: "whether many records go in one call" },
];

/** Where the connection asks for it. Source: bypass-custom-business-logic.md. */
const bypassing: Privilege = {
  name: "prvBypassCustomBusinessLogic",
  object: "",
  needed: true,
  why: "the connection's option bypass",
  held: null,
};

const depths = ["Basic", "Local", "Deep", "Global"];

/**
 * The privileges that `needs` take and no more, in order of table, with the depth at which our users have them; then
 * those on the tables written to that one has beyond need. Names are the metadata's own: some tables share theirs.
 */
export async function roleFor(
  api: WebApi,
  config: DataverseConfig,
  settings: Settings,
  metadata: Metadata,
  needs: readonly Need[],
  signal?: AbortSignal,
): Promise<Privilege[]> {
  const schemas = await Promise.all(needs.map((need) => metadata.describe(need.object, signal)));
  const wanted = [...needs.flatMap((need, i) => rightsFor(need, schemas[i]!)), ...always];
  const [names, users] = await Promise.all([
    namesOf(api, wanted, signal),
    eachUser(config, settings, signal, async (api, id, title) => ({
      title,
      held: await privilegesHeld(api, id, signal),
    })),
  ]);
  const role = new Map<string, Privilege>();
  for (const { object, right, why } of wanted) {
    const name = names.get(object)?.get(right);
    if (name !== undefined && !role.has(name)) role.set(name, { name, object, needed: true, why, held: null });
  }
  if (config.bypass) role.set(bypassing.name, bypassing);
  for (const { name: object } of schemas)
    for (const name of names.get(object)!.values())
      if (!role.has(name) && users.some(({ held }) => held.has(name)))
        role.set(name, { name, object, needed: false, why: "the sync does without it", held: null });
  return [...role.values()].map((one) => asHeld(one, users));
}

type User = { title: string; held: Map<string, string> };

/** Of each credential's user, by its id and title, what `of` tells. */
export async function eachUser<T>(
  config: DataverseConfig,
  settings: Settings,
  signal: AbortSignal | undefined,
  of: (api: WebApi, id: string, title: string) => T | Promise<T>,
): Promise<T[]> {
  const asked = config.credentials.map(async (credential) => {
    const api = openWebApi({ ...config, credentials: [credential] }, settings);
    try {
      const { UserId } = await getJson(api, { path: "WhoAmI", doing: "ask who we are" }, whoAmI, signal);
      return await of(api, UserId, titleOf(credential));
    } finally {
      await api.close();
    }
  });
  return Promise.all(asked);
}

/** By the user that has least of it; of what is beyond need, by those who have it. */
function asHeld(one: Privilege, users: readonly User[]): Privilege {
  const [having, lacking] = [true, false].map((has) => users.filter(({ held }) => held.has(one.name) === has));
  const ranks = having!.map(({ held }) => depths.indexOf(held.get(one.name)!));
  const least = one.needed && lacking!.length > 0 ? undefined : depths[Math.min(...ranks)];
  const differ = having!.length > 0 && lacking!.length > 0;
  const who = (one.needed ? lacking! : having!).map(({ title }) => title);
  return { ...one, held: least ?? null, ...(differ && { users: who }) };
}

async function namesOf(
  api: WebApi,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<Map<string, Map<string, string>>> {
  const objects = [...new Set(wanted.map((one) => one.object))];
  const each = await Promise.all(
    objects.map(
      async (object): Promise<[string, Map<string, string>]> => [object, await privilegeNames(api, object, signal)],
    ),
  );
  return new Map(each);
}
