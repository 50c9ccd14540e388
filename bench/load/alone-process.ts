import { join } from "node:path";
import { Pool } from "undici";
import { wire } from "../../src/connectors/dataverse/wire.ts";
import type { Session } from "../../src/core/connector.ts";
import type { Column, ObjectSchema } from "../../src/core/schema.ts";
import { openBatches, type WaveFile } from "../../src/engine/batches.ts";
import { deliver } from "../../src/engine/deliver.ts";
import { openDuck, text } from "../../src/engine/duck.ts";
import { openJournal } from "../../src/engine/journal.ts";
import { inGroups } from "../../src/engine/sql/names.ts";
import { mapping } from "../people.ts";

// The process of an engine that only delivers: a plan's file of creates, every column of every row, to a socket.

export type AloneTask = { folder: string; people: string; url: string };
export type AloneTook = { seconds: number; cpu_seconds: number; peak_mb: number; bytes_per_row: number };

const pace = { atOnce: 8, rows: 1000 };
const kinds: Record<string, Column["type"]> = {
  gendercode: "choice",
  familystatuscode: "choice",
  birthdate: "date",
  creditlimit: "money",
  donotemail: "boolean",
};
const columns = Object.keys(mapping).map(
  (name): Column => ({ name, title: name, type: kinds[name] ?? "text", required: false, create: true, update: true }),
);
const contact: ObjectSchema = {
  ...{ name: "contact", title: "Contact", set: "contacts", id: "contactid", label: "fullname", keys: [] },
  columns,
  can: { bulk: true, deltas: true },
};

process.once("message", async ({ folder, people, url }: AloneTask) => {
  const path = join(folder, "change.parquet");
  const duck = await openDuck({ memoryLimit: "1GB", threads: 4, temp: folder });
  const values = columns.map(({ name }) => `${mapping[name]}::VARCHAR AS c_${name}`);
  await duck.run(
    `COPY (SELECT id AS key, NULL::VARCHAR AS id, ${2 ** columns.length - 1}::UBIGINT AS m, ${values.join(", ")} FROM ${text(people)}) TO ${text(path)} (FORMAT parquet, COMPRESSION snappy, ${inGroups})`,
  );
  const { rows } = await duck.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${text(path)}`);
  const fields = columns.map(({ name }, i) => ({
    wire: { name },
    present: `(m & ${2 ** i}::UBIGINT) <> 0`,
    value: `c_${name}`,
  }));
  const file: WaveFile = { path, op: "create", rows, columns: fields };
  const pool = new Pool(url, { connections: pace.atOnce });
  let bytes = 0;
  const session = {
    pace: () => pace,
    async write(_, batch) {
      const body = Buffer.concat([Buffer.from('{"Targets":['), batch.elements, Buffer.from("]}")]);
      bytes += body.length;
      const answer = await pool.request({ method: "POST", path: "/", body });
      await answer.body.dump();
      return { status: "created", exceptions: [] };
    },
  } as Pick<Session, "pace" | "write"> as Session;
  const before = process.cpuUsage();
  const started = performance.now();
  const batches = await openBatches(duck, contact, wire, file);
  const journal = await openJournal(join(folder, "journal.ndjson"));
  const { signal } = new AbortController();
  const wave = { wave: "1-create", op: "create" } as const;
  const { stopped } = await deliver(session, contact, wave, batches, journal, signal, () => {});
  if (stopped) throw stopped;
  await journal.close();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  await batches.close();
  await Promise.all([pool.close(), duck.close()]);
  const peak_mb = process.resourceUsage().maxRSS / 1000; // of kilobytes
  const took: AloneTook = { seconds, cpu_seconds: (user + system) / 1e6, peak_mb, bytes_per_row: bytes / rows };
  process.send!(took, () => process.exit());
});
