import { statSync } from "node:fs";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { SluiceError } from "../core/errors.ts";
import { handBack } from "./hand-back.ts";

/** A DuckDB of one run, in memory, spilling into the run's folder. Every connection sees the same attached state and working tables. */
export type Duck = {
  /** Bytes of memory that it may take. */
  memory: number;
  /** The state file that is or will be attached. */
  state: string | undefined;
  run(sql: string): Promise<void>;
  /**
   * Runs statements one after another on a connection of their own, beside whatever else is asked for meanwhile: they may make
   * working tables and files, and need nothing that is not made yet. Where DuckDB has one thread they wait their turn instead, as
   * does what is left of them once memory does not suffice for both.
   */
  beside(statements: readonly string[]): Promise<void>;
  /** Small results only: rows as objects, bigints as numbers. */
  all<T = Record<string, unknown>>(sql: string): Promise<T[]>;
  /** The only row of a query that has one. */
  one<T = Record<string, unknown>>(sql: string): Promise<T>;
  /** The only column of a query, texts a few thousand at a time: memory is bounded, however many there are. */
  column(sql: string): AsyncIterable<string[]>;
  connect(): Promise<DuckDBConnection>;
  /**
   * Has statements take half as many threads from now on, for each thread holds rows of its own. A statement that memory does
   * not suffice for does that by itself, and is run again, unless it is part of a transaction, which its maker begins anew.
   * @returns false where there is but one thread.
   */
  slower(): Promise<boolean>;
  /** Breaks off the statement under way, if any. What is asked for from then on fails. */
  close(): Promise<void>;
};

/** `state`: the state file that will be attached: it is named where it turns out to be damaged. */
type Options = { memoryLimit: string; threads?: number; temp: string; state?: string };

/**
 * Opens an instance with the settings that keep memory bounded. `preserve_insertion_order=false` lets DuckDB stream;
 * whoever needs an order says so.
 */
export async function openDuck(options: Options): Promise<Duck> {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: options.memoryLimit,
    temp_directory: options.temp,
    preserve_insertion_order: "false",
    // What it remembers of a file it gives out again where the file was removed and another written under its name.
    enable_external_file_cache: "false",
    ...(options.threads && { threads: String(options.threads) }),
  });
  const connection = await instance.connect();
  const memory = await leaveRoom(connection);
  // Whether texts of a column repeat is found out at a third of the cost of writing it, for a tenth of the file.
  await connection.run("SET disabled_compression_methods = 'dictionary'");
  // What a person's SQL makes of a time may not depend on where Sluice runs.
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  // Well before what a run may take at most: doing it oftener made a plan of ten million rows a fifth slower.
  const freed = handBack(memory * 1.35);
  // A connection takes one statement at a time.
  let last: Promise<unknown> = Promise.resolve();
  let closing = false;
  let transaction = false;
  const connections = new Set([connection]);
  const underway = new Set<Promise<void>>();
  const slower = async () => {
    const threads = await threadsOf(connection);
    if (threads < 2) return false;
    await connection.run(`SET threads = ${Math.floor(threads / 2)}`);
    return true;
  };
  const enough = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
    for (;;) {
      if (closing) throw new Error("DuckDB is being closed");
      try {
        return await guarded(sql, work, options.state);
      } catch (thrown) {
        if (transaction || !isOutOfMemory(thrown)) throw thrown;
        if (underway.size > 0) await Promise.allSettled(underway);
        else if (!(await slower())) throw thrown;
      }
    }
  };
  const inTurn = <T>(sql: string, work: () => Promise<T>): Promise<T> => {
    const mine = last.then(() => enough(sql, work));
    last = mine.catch(() => {});
    return mine;
  };
  const run = async (sql: string) => {
    await inTurn(sql, async () => {
      await freed.ifGrown();
      if (sql === "ROLLBACK") transaction = false;
      await connection.run(sql);
      if (/^(BEGIN|COMMIT)/.test(sql)) transaction = sql.startsWith("BEGIN"); // one that fails to end has not
    });
  };
  /** What is not done, for memory does not suffice or there is but one thread, is left in `statements`. */
  const runBeside = async (statements: string[]) => {
    if (closing) return;
    const own = await instance.connect();
    connections.add(own);
    try {
      if ((await threadsOf(own)) < 2) return;
      for (; statements.length > 0 && !closing; statements.shift())
        await guarded(statements[0]!, () => own.run(statements[0]!), options.state);
    } catch (thrown) {
      if (!isOutOfMemory(thrown)) throw thrown;
    } finally {
      connections.delete(own);
      own.closeSync();
    }
  };
  return {
    memory,
    state: options.state,
    run,
    beside: async (statements) => {
      const left = [...statements];
      const work = runBeside(left);
      underway.add(work);
      await work.finally(() => underway.delete(work));
      for (const statement of left) await run(statement);
    },
    all: (sql) => inTurn(sql, () => rowsOf(connection, sql)) as never,
    one: async (sql) => (await inTurn(sql, () => rowsOf(connection, sql)))[0] as never,
    column: (sql) => columnOf(instance, sql),
    connect: () => instance.connect(),
    slower: () => inTurn("SET threads", slower),
    close: async () => {
      closing = true;
      // Closing under a running statement would block the process for ever. An interruption that comes before the
      // statement has begun is lost, hence several.
      const breaking = setInterval(() => {
        for (const each of connections) each.interrupt();
      }, 10);
      await Promise.allSettled([last, ...underway]);
      clearInterval(breaking);
      connection.closeSync();
      instance.closeSync();
      freed.close();
    },
  };
}

/**
 * Runs statements of which the first begins a transaction and the last ends it: all of them, or none. Of databases they write the
 * state alone, as DuckDB wants it: tables of their own are temporary ones.
 */
export async function inTransaction(duck: Duck, statements: readonly string[]): Promise<void> {
  for (;;) {
    try {
      for (const statement of statements) await duck.run(statement);
      return;
    } catch (thrown) {
      await duck.run("ROLLBACK").catch(() => {}); // the first failure is the one to tell
      if (!isOutOfMemory(thrown) || !(await duck.slower())) throw thrown;
    }
  }
}

/**
 * From now on what is committed goes into the database itself, not into its log first and from there into the database when it is
 * closed: that is half of what the disk is waited for. Whoever dies meanwhile leaves what was there before.
 */
export const writtenOnce = "SET wal_autocheckpoint = '1B'";

/** DuckDB does not count all that it takes, and JavaScript takes some, too: of the memory of a run it gets nine tenths. */
async function leaveRoom(connection: DuckDBConnection): Promise<number> {
  const [{ size }] = (await rowsOf(connection, "SELECT current_setting('memory_limit') AS size")) as [{ size: string }];
  const [amount, unit] = size.split(" "); // such as 953.6 MiB
  await connection.run(`SET memory_limit = '${Number(amount) * 0.9} ${unit}'`);
  return Number(amount) * 0.9 * 1024 ** Math.max(0, ["KiB", "MiB", "GiB", "TiB", "PiB"].indexOf(unit!) + 1);
}

/**
 * After this the instance reads only `files`, and perhaps a little of `besides`, and works only inside `folders`, and nothing
 * can undo it: a model's SQL is a stranger's.
 */
export async function lockDown(duck: Duck, files: string[], folders: string[], besides: string[] = []): Promise<void> {
  await sizeUp(duck, files);
  await duck.run(`SET allowed_paths=[${[...files, ...besides].map(text).join(",")}]`);
  await duck.run(`SET allowed_directories=[${folders.map(text).join(",")}]`);
  await duck.run("SET enable_external_access=false");
  // See Duck.slower, and `writtenOnce`.
  await duck.run("SET allowed_configs=['threads', 'wal_autocheckpoint']");
  await duck.run("SET lock_configuration=true");
}

/**
 * Where files and state are large, what is freed goes back to the system meanwhile: otherwise the process holds up to a tenth more.
 * Where they are not, that would cost a run a quarter of its time, and to wake one thread after another as much.
 */
export async function sizeUp(duck: Duck, files: string[]): Promise<void> {
  const sizes = [duck.state, ...files].map((file) => (file && statSync(file, { throwIfNoEntry: false })?.size) || 0);
  const large = sizes.some((bytes) => bytes > 8e6);
  await duck.run(large ? "SET allocator_background_threads = true" : "SET threads = 1");
}

async function* columnOf(instance: DuckDBInstance, sql: string): AsyncIterable<string[]> {
  const connection = await instance.connect();
  try {
    const result = await guarded(sql, () => connection.stream(sql));
    for (;;) {
      const chunk = await guarded(sql, () => result.fetchChunk());
      if (!chunk || chunk.rowCount === 0) return;
      yield chunk.getColumnValues(0) as string[];
    }
  } finally {
    connection.closeSync();
  }
}

async function threadsOf(connection: DuckDBConnection): Promise<number> {
  const [row] = await rowsOf(connection, "SELECT current_setting('threads') AS threads");
  return row!.threads as number;
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  const result = await connection.runAndReadAll(sql);
  return result.getRowObjectsJS().map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, plain(v)])));
}

function plain(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

async function guarded<T>(sql: string, work: () => Promise<T>, state?: string): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw duckError(thrown, sql, state);
  }
}

export const isOutOfMemory = (thrown: unknown): boolean =>
  thrown instanceof SluiceError && thrown.code === "out_of_memory";

/** How DuckDB tells that it cannot make sense of a database; it does not always say of which. */
const damaged =
  /not a valid DuckDB|Corrupt database file|replaying WAL|not read enough bytes from file "[^"]*[.]duckdb"/;

/** DuckDB tells kinds of failure by the words its message begins with. */
export function duckError(thrown: unknown, sql = "", state = "rows.duckdb"): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/No space left on device|ENOSPC|exceeds the maximum capacity of|max_temp_directory_size/i.test(message))
    return new SluiceError("disk_full", "The disk that holds the state folder is full.", { cause: thrown });
  if (/Conflicting lock is held/.test(message))
    return new SluiceError("state_locked", `Another process holds this sync's state: ${message.split("\n")[0]}`, {
      cause: thrown,
    });
  if (damaged.test(message))
    return new SluiceError("state_broken", `${state} is damaged: it cannot be read as a state.`, { cause: thrown });
  if (/^Out of Memory/i.test(message))
    return new SluiceError("out_of_memory", "The run needed more memory than its limit lets it take.", {
      cause: thrown,
    });
  return new SluiceError("bug", `A statement of Sluice failed: ${message.split("\n")[0]}`, {
    cause: new Error(`${message}\n${sql.slice(0, 4000)}`),
  });
}

/**
 * Attaches a file to write it. Its groups of rows are a quarter of what DuckDB makes by itself: where rows were deleted a
 * checkpoint puts neighbouring groups together, each by one thread, and a run waits for it.
 */
export const attached = (path: string, name: string): string =>
  `ATTACH ${text(path)} AS ${name} (ROW_GROUP_SIZE 30720)`;

/** A SQL string literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** What a file of ours may never be read with: a folder called `key=7` anywhere above it would be its column `key`. */
export const noHive = "hive_partitioning=false";

/** SQL of the rows of a Parquet file, or of several. */
export function parquetRows(path: string | string[], ...options: string[]): string {
  const files = typeof path === "string" ? text(path) : `[${path.map(text).join(", ")}]`;
  return `read_parquet(${[files, ...options, noHive].join(", ")})`;
}

/** A quoted SQL identifier. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export type { DuckDBConnection };
