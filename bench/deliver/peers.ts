import { setTimeout as delay } from "node:timers/promises";
import { DynamicsWebApi } from "dynamics-web-api";
import type { Span, There } from "../there.ts";

/** A way of sending new people as somebody would write it who knows the documentation. */
export type Peer = { who: string; rows: number; send(there: There, rows: number): Promise<Span> };

/** Requests at once: what the sandbox recommends by x-ms-dop-hint. */
const AT_ONCE = 8;
const BATCH = 100;

const person = (n: number) => ({
  firstname: `First${n}`,
  lastname: `Ünal ${n}`,
  emailaddress1: `person${n}@example.com`,
  telephone1: `+4912345${n}`,
  creditlimit: n % 1000,
  donotemail: n % 3 === 0,
  address1_line1: `Street ${n}`,
  address1_city: "Berlin",
});

/** `count` pieces of work by eight workers; whoever is asked to wait waits that long and tries again. */
async function spread(count: number, work: (n: number) => Promise<number | undefined>): Promise<Span> {
  const from = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next++;
      for (let pause = await work(n); pause !== undefined; pause = await work(n)) await delay(pause * 1000);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { from, to: performance.now() };
}

async function post(there: There, path: string, body: string, headers: Record<string, string> = {}) {
  const url = `${there.env.BASE_URL}/api/data/v9.2/${path}`;
  const answer = await fetch(url, { method: "POST", headers: { ...there.headers, ...headers }, body });
  const text = await answer.text();
  if (answer.status === 429) return Number(answer.headers.get("retry-after"));
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return undefined;
}

const numbers = (batch: number, rows: number) =>
  Array.from({ length: Math.min(BATCH, rows - batch * BATCH) }, (_, i) => batch * BATCH + i);

export const peers: Peer[] = [
  {
    who: "dynamics-web-api, one PATCH a row",
    rows: 9_000,
    async send(there, rows) {
      const token = there.headers.authorization!.replace("Bearer ", "");
      const api = new DynamicsWebApi({
        serverUrl: there.env.BASE_URL!,
        dataApi: { version: "9.2" },
        onTokenRefresh: async () => token,
      });
      return spread(rows, async (n) => {
        try {
          await api.upsert({ collection: "contacts", key: `externaluseridentifier='C${n}'`, data: person(n) });
          return undefined;
        } catch (thrown) {
          const { status, headers } = thrown as { status?: number; headers?: Record<string, string> };
          if (status !== 429) throw thrown;
          return Number(headers?.["retry-after"] ?? 1);
        }
      });
    },
  },
  {
    who: "$batch of 100 POSTs",
    rows: 12_000,
    send: (there, rows) =>
      spread(Math.ceil(rows / BATCH), (batch) => {
        const part = (n: number) =>
          `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json; type=entry\r\n\r\n${JSON.stringify({ externaluseridentifier: `C${n}`, ...person(n) })}\r\n`;
        const body = `${numbers(batch, rows).map(part).join("")}--b--\r\n`;
        return post(there, "$batch", body, { "content-type": 'multipart/mixed; boundary="b"' });
      }),
  },
  {
    who: "UpsertMultiple of 100",
    rows: 150_000,
    send: (there, rows) =>
      spread(Math.ceil(rows / BATCH), (batch) => {
        const Targets = numbers(batch, rows).map((n) => ({
          "@odata.type": "Microsoft.Dynamics.CRM.contact",
          "@odata.id": `contacts(externaluseridentifier='C${n}')`,
          ...person(n),
        }));
        return post(there, "contacts/Microsoft.Dynamics.CRM.UpsertMultiple", JSON.stringify({ Targets }));
      }),
  },
];
