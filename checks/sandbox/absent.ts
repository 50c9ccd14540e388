import { KNOWN_MESSAGES, KNOWN_SETS } from "../../src/sandbox/dataverse/routes/known-names.ts";
import { isBuilt } from "../../src/sandbox/dataverse/routes/router.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { accessToken } from "../../test/access-token.ts";

/** Something that Dataverse documents and the sandbox does not do: `name` must stand in the sentence of its 501. */
type Absent = { name: string; method: string; path: string; body?: unknown; headers?: Record<string, string> };

/** Documented parts of what is otherwise there. */
const PARTS: Absent[] = [];

/** Sends every absent operation; the answer is a sentence for each that is not refused as it should be. */
export async function absentFaults(): Promise<{ sent: number; faults: string[] }> {
  const sandbox = await startSandbox();
  try {
    const { env } = sandbox;
    const base = `${env.BASE_URL}/api/data/v9.2/`;
    const headers = { Authorization: `Bearer ${await accessToken(env)}`, "Content-Type": "application/json" };
    const service = (await (await fetch(base, { headers })).json()) as { value: { name: string }[] };
    const absent = absentOf(new Set(service.value.map((each) => each.name)));
    const faults: string[] = [];
    for (const { name, method, path, body, headers: more } of absent) {
      const answer = await fetch(base + path, {
        method,
        headers: { ...headers, ...more },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.status !== 501) faults.push(`${name}: ${method} ${path} answers ${answer.status}, not 501: ${text}`);
      else if (!text.includes(name)) faults.push(`${name}: its 501 does not name it: ${text}`);
    }
    return { sent: absent.length, faults };
  } finally {
    await sandbox.close();
  }
}

function absentOf(sets: Set<string>): Absent[] {
  const messages = [...KNOWN_MESSAGES].filter((name) => !isBuilt(name));
  return [
    ...messages.map((name) => ({ name, method: "POST", path: name, body: {} })),
    ...messages.map((name) => ({ name, method: "POST", path: `accounts/Microsoft.Dynamics.CRM.${name}`, body: {} })),
    ...[...KNOWN_SETS].filter((name) => !sets.has(name)).map((name) => ({ name, method: "GET", path: name })),
    ...PARTS,
  ];
}
