import { z } from "zod";
import type { CheckStep, Need } from "../../core/check.ts";
import { whoAmI } from "./answers.ts";
import { readCertificate } from "./assertion.ts";
import { checkHost } from "./check-host.ts";
import { type Found, openSteps, type Steps } from "./check-step.ts";
import { checkTable, type User } from "./check-table.ts";
import type { DataverseConfig } from "./config.ts";
import { type Credential, titleOf } from "./credential.ts";
import type { Answer } from "./exchange.ts";
import { expiringSecrets, expiryWarning } from "./expiry.ts";
import { classify, type Fault, stopping } from "./faults.ts";
import { openWebApi, type Settings, type WebApi } from "./http.ts";
import { getJson, jsonOf } from "./json.ts";
import { openMetadata } from "./metadata.ts";
import { tokenProvider } from "./token.ts";

/** How long a step may wait before it counts as failed, in milliseconds: a person is looking on. */
const PATIENCE = 20_000;

/**
 * Tests a connection from the outside in: name, TLS and environment, then for each credential its end, sign-in and user,
 * then version and administration mode, and for each table what the syncs that write to it need. What is wrong is a step's
 * finding; only the signal makes it throw.
 */
export async function checkConnection(
  config: DataverseConfig,
  given: Settings,
  needs: readonly Need[],
  signal?: AbortSignal,
): Promise<CheckStep[]> {
  const settings = { ...given, maxWait: PATIENCE, maxShut: PATIENCE };
  const steps = openSteps(signal);
  const reached = await checkHost(config, settings, steps, signal);
  const users: User[] = [];
  let closed: Fault | undefined;
  try {
    for (const credential of config.credentials) {
      const found = await checkCredential(credential, config, settings, reached, steps, signal);
      if (found && "api" in found) users.push(found);
      else closed ??= found;
    }
    const [first] = users;
    if (!first && !closed) steps.skip("administration mode", "a user");
    else await steps.step("administration mode", async () => running(first ? undefined : closed));
    const tables = [...Map.groupBy(needs, (need) => need.object.toLowerCase()).values()];
    if (!first) {
      for (const name of ["version", ...tables.map(([need]) => `table ${need!.object}`)]) steps.skip(name, "a user");
      return steps.done;
    }
    await steps.step("version", () => version(first.api, signal));
    const metadata = openMetadata(first.api);
    for (const table of tables) await checkTable(table, users, metadata, steps, signal);
    return steps.done;
  } finally {
    await Promise.all(users.map((user) => user.api.close()));
  }
}

/** Its end, its sign-in, and the user it is: that one when it was let in, or the refusal of an environment that is closed. */
async function checkCredential(
  credential: Credential,
  config: DataverseConfig,
  settings: Settings,
  reached: boolean,
  { step, skip }: Steps,
  signal?: AbortSignal,
): Promise<User | Fault | undefined> {
  const title = titleOf(credential);
  const alone = { ...config, credentials: [credential] };
  await step(`expiry: ${title}`, () => expiry(credential, alone, settings));
  const [signIn, user] = [`sign-in: ${title}`, `user: ${title}`];
  if (!reached) return skip(signIn, "the environment") ?? skip(user, "the sign-in");
  if (!(await step(signIn, () => token(credential, config, settings, signal)))) return skip(user, "the sign-in");
  const api = openWebApi(alone, settings);
  const asked = await whoAmIOf(api, config, signal).catch((thrown: unknown) => ({ thrown }));
  signal?.throwIfAborted();
  const fault = "thrown" in asked || asked.status === 200 ? undefined : classify(asked);
  const id = fault?.kind === "offline" ? skip(user, "a running environment") : await step(user, async () => us(asked));
  if (id !== undefined) return { title, api, id };
  await api.close();
  return fault?.kind === "offline" ? fault : undefined;
}

async function expiry(credential: Credential, alone: DataverseConfig, { base, clock }: Settings): Promise<Found<true>> {
  const value = true as const;
  const now = clock.date();
  if ("certificate" in credential) {
    const { certificate } = await readCertificate(base, credential.certificate, credential.privateKey);
    const end = Date.parse(certificate.validTo);
    const warning = expiryWarning(`The certificate ${credential.certificate}`, end, now);
    const detail = `the certificate is valid until ${new Date(end).toISOString().slice(0, 10)}`;
    const remedy =
      "Make a new certificate, upload it to the app registration (Certificates & secrets > Certificates), then name it in the connection.";
    return warning === undefined ? { detail, value } : { detail, cause: warning, remedy, value };
  }
  if (!("clientSecret" in credential)) return { detail: "nothing here that expires", value };
  if (credential.secretExpires === undefined)
    return { detail: "the connection does not say when the secret expires (secretExpires)", value };
  const detail = `the secret expires on ${credential.secretExpires}`;
  const [cause] = expiringSecrets(alone, now);
  return cause === undefined ? { detail, value } : { detail, cause, remedy: newSecret, value };
}

const newSecret =
  "Create a new client secret (Entra admin center > App registrations > your app > Certificates & secrets), set clientSecret to its Value and secretExpires to its end.";

async function token(
  credential: Credential,
  config: DataverseConfig,
  settings: Settings,
  signal?: AbortSignal,
): Promise<Found<true>> {
  const tokens = tokenProvider(credential, config, settings);
  try {
    await tokens.get(undefined, signal);
    return { detail: `a token was granted for tenant ${config.tenant}`, value: true };
  } finally {
    await tokens.close();
  }
}

const ASKING = "ask who we are";

async function whoAmIOf(api: WebApi, { apiVersion }: DataverseConfig, signal?: AbortSignal): Promise<Answer> {
  const read = (path: string) => api.read({ path: `/api/data/v${path}/WhoAmI`, doing: ASKING }, signal);
  const answer = await read(apiVersion ?? "9.0");
  return answer.status === 404 && apiVersion === undefined ? read("8.2") : answer;
}

function us(asked: Answer | { thrown: unknown }): Found<string> {
  if ("thrown" in asked) throw asked.thrown;
  const { UserId, OrganizationId } = jsonOf(asked, ASKING, whoAmI);
  return { detail: `user ${UserId} of organisation ${OrganizationId}`, value: UserId };
}

function running(closed: Fault | undefined): Found<true> {
  if (closed) throw stopping(closed, ASKING);
  return { detail: "the environment is running and lets us in", value: true };
}

async function version(api: WebApi, signal?: AbortSignal): Promise<Found<true>> {
  const used = await api.version(signal);
  const call = { path: "RetrieveVersion", doing: "ask for its version" };
  const { Version } = await getJson(api, call, z.object({ Version: z.string() }), signal);
  const bulk = used === "9.2" ? "" : "; its paths know no bulk messages, so rows are sent one by one";
  return { detail: `the server is ${Version}, asked as ${used}${bulk}`, value: true };
}
