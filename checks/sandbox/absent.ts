import { KNOWN_MESSAGES, KNOWN_SETS } from "../../src/sandbox/dataverse/routes/known-names.ts";
import { BUILT } from "../../src/sandbox/dataverse/routes/router.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { accessToken } from "../../test/access-token.ts";
import { type Absent, PARTS } from "./absent-parts.ts";

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
      const url = path.startsWith("/") ? env.BASE_URL + path.replace("{tenant}", env.TENANT_ID!) : base + path;
      const form = body instanceof URLSearchParams;
      const answer = await fetch(url, {
        method,
        headers: { ...headers, ...(form ? { "Content-Type": "application/x-www-form-urlencoded" } : {}), ...more },
        ...(body === undefined ? {} : { body: form || typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!text.includes(name)) faults.push(`${name}: the answer to ${method} ${path} does not name it: ${text}`);
      else if (!refused(answer, text))
        faults.push(`${name}: ${method} ${path} answers ${answer.status}, not 501: ${text}`);
    }
    return { sent: absent.length, faults };
  } finally {
    await sandbox.close();
  }
}

/** A batch says what became of its parts inside. */
function refused({ status, headers }: Response, text: string): boolean {
  return status === 501 || (headers.get("content-type")?.startsWith("multipart/") === true && text.includes(" 501 "));
}

function absentOf(sets: Set<string>): Absent[] {
  const messages = [...KNOWN_MESSAGES].filter((name) => !BUILT.has(name));
  const source = "Web API reference";
  return [
    ...messages.map((name) => ({ name, method: "POST", path: name, body: {}, source })),
    ...messages.map((name) => ({
      name,
      method: "POST",
      path: `accounts/Microsoft.Dynamics.CRM.${name}`,
      body: {},
      source,
    })),
    ...[...KNOWN_SETS].filter((name) => !sets.has(name)).map((name) => ({ name, method: "GET", path: name, source })),
    ...PARTS,
  ];
}
