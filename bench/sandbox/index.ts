import { median, report, timed } from "../measure.ts";
import { startServer } from "../server-process.ts";
import { type Client, connect, createAll, nextPage, prepare } from "./client.ts";
import { COLUMNS, createBody } from "./contacts.ts";

const BENCH = "sandbox";
const BATCH = 1000;
const ROUNDS = 5;
const ROUND_ROWS = 100_000;
const MEMORY_ROWS = 1_000_000;
const READERS = 4;

const SANDBOX = new URL("sandbox-server.ts", import.meta.url);
const FLOOR = new URL("floor-server.ts", import.meta.url);

/**
 * Created rows a second (bulk calls of 1000, 20 columns, an alternate key, 8 in flight), memory a row, and pages of
 * 5000 rows x 20 columns a second to 4 readers: the sandbox (profile `instant`) and a bare server in turn.
 */
export async function sandbox({ rows = MEMORY_ROWS }: { rows?: number }): Promise<void> {
  const rounds: { floor: Round; sandbox: Round }[] = [];
  for (let n = 0; n < ROUNDS; n++) rounds.push({ floor: await round(FLOOR), sandbox: await round(SANDBOX) });
  for (const who of ["floor", "sandbox"] as const) {
    const each = rounds.map((one) => one[who]);
    const seconds = median(each.map((one) => one.createSeconds));
    const created = {
      rows: ROUND_ROWS,
      seconds,
      rate: ROUND_ROWS / seconds,
      peak_mb: median(each.map((one) => one.mb)),
    };
    report({ bench: BENCH, who, what: "creates", ...created });
    const pages = median(each.map((one) => one.pagesPerSecond));
    report({ bench: BENCH, who, what: "pages", rows: 5000, seconds: 1 / pages, rate: pages });
  }
  await memory(rows);
  const ratio = (of: (round: Round) => number) => median(rounds.map((one) => of(one.floor) / of(one.sandbox)));
  const pages = { bench: BENCH, who: "sluice", what: "pages", better: "higher", against: "floor" };
  report({ ...pages, ratio: 1 / ratio((one) => one.pagesPerSecond) });
  const creates = { bench: BENCH, who: "sluice", what: "creates", better: "higher", against: "floor" };
  report({ ...creates, ratio: ratio((one) => one.createSeconds) });
}

type Round = { createSeconds: number; pagesPerSecond: number; mb: number };

async function round(server: URL): Promise<Round> {
  const process = await startServer(server);
  const client = await connect(process.env);
  try {
    if (server === SANDBOX) await prepare(client);
    const bodies = Array.from({ length: ROUND_ROWS / BATCH }, (_, n) => createBody(n * BATCH, BATCH));
    const createSeconds = await timed(() => createAll(client, bodies.values()));
    const pagesPerSecond = await readPages(client);
    return { createSeconds, pagesPerSecond, mb: (await process.memory()).rss / 1e6 };
  } finally {
    await client.close();
    await process.stop();
  }
}

/** Each reader walks through the whole table once, so that every page is asked for four times. */
async function readPages(client: Client): Promise<number> {
  let pages = 0;
  const seconds = await timed(() =>
    Promise.all(
      Array.from({ length: READERS }, async () => {
        let next: string | undefined = `contacts?$select=${COLUMNS.join(",")}`;
        for (let n = 0; next !== undefined && n < ROUND_ROWS / 5000; n++) {
          next = nextPage(await client.get(next));
          pages++;
        }
      }),
    ),
  );
  return pages / seconds;
}

/** Bodies are made on the way here, so the rate is the client's as well: only the memory counts. */
async function memory(rows: number): Promise<void> {
  const process = await startServer(SANDBOX);
  const client = await connect(process.env);
  try {
    await prepare(client);
    const before = await process.memory();
    const bodies = function* () {
      for (let first = 0; first < rows; first += BATCH) yield createBody(first, Math.min(BATCH, rows - first));
    };
    const seconds = await timed(() => createAll(client, bodies()));
    const after = await process.memory();
    const per_row = { rss: (after.rss - before.rss) / rows, heap: (after.heap - before.heap) / rows };
    report({
      bench: BENCH,
      who: "sandbox",
      what: "memory",
      rows,
      seconds,
      peak_mb: after.rss / 1e6,
      bytes_per_row: per_row,
    });
  } finally {
    await client.close();
    await process.stop();
  }
}
