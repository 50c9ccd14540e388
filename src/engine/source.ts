import type { Connector, OnShare, Scan, Session } from "../core/connector.ts";
import { type Place, SluiceError } from "../core/errors.ts";
import type { Progress } from "../core/run.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { asked } from "../store/asked.ts";
import { checkLease } from "../store/fence.ts";
import { ident } from "./duck.ts";
import type { Job } from "./job.ts";

/** What a job's process lends to the engine. `connectors` by id. */
export type Host = {
  connectors: Record<string, Connector>;
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
  /** Asked before each batch and before the fold: fails where the run may not go on. */
  mayGoOn?: () => void;
  /** Asked before each request to either side: fails where the sync is another worker's by now. */
  holds?: () => void;
  /** See `Io`. */
  onWait?: (until: number) => void;
  maxWait?: number | undefined;
  /** See `Session.share`. */
  onShare?: OnShare | undefined;
};

/** A host whose progress also tells of waits, in the phase they come in. */
export function tellingWaits(job: Job, host: Host): Host {
  const holds = holdsLease(job);
  let last: Progress = { phase: "extract", done: 0 };
  return {
    ...host,
    maxWait: job.maxWait,
    holds,
    mayGoOn() {
      holds();
      const wish = asked(job.folder, job.kind);
      if (wish) throw wish;
    },
    onProgress(progress) {
      last = progress;
      host.onProgress(progress);
    },
    onWait: (until) => host.onProgress({ ...last, until }),
  };
}

/** A check that fails with lease_lost where another worker has taken the job's sync over. */
export const holdsLease =
  ({ folder, lease }: Job) =>
  (): void => {
    if (lease !== undefined) checkLease(folder, lease);
  };

export function open(endpoint: Job["source"], host: Host, onRequest?: () => void): Session {
  const connector = host.connectors[endpoint.connector];
  if (!connector) throw new SluiceError("unknown_name", `There is no connector of type ${endpoint.connector}.`);
  const { base, cache } = endpoint;
  const { onWait, maxWait, holds } = host;
  const session = connector.open(endpoint.config, {
    base,
    ...(cache && { cache }),
    onRequest() {
      holds?.();
      onRequest?.();
    },
    ...(onWait && { onWait }),
    ...(maxWait !== undefined && { maxWait }),
  });
  // Of a destination: a source has no limits that could be shared.
  host.onShare?.((share) => session.share?.(share));
  return session;
}

export async function scanModel(job: Job, source: Session, signal: AbortSignal): Promise<Scan> {
  const { table, sql } = job.model.file;
  if (!source.scan)
    throw new SluiceError("mapping_unfit", `${job.source.connection} cannot be a source of rows.`, {
      place: { file: `models/${job.model.name}.yaml`, path: ["connection"] },
    });
  const path = [table === undefined ? "sql" : "table"];
  try {
    return await source.scan(table === undefined ? { sql: sql! } : { table }, signal);
  } catch (thrown) {
    throw placed(thrown, { file: `models/${job.model.name}.yaml`, path });
  }
}

/**
 * Waits for the rows of the model and its audiences to be read. SQL that a person wrote was checked before, but may fail
 * on a value (a cast, a comparison with text): that is theirs to mend.
 * @throws SluiceError sql_invalid, with the place where only one statement can be meant.
 */
export async function readingRows<T>(job: Job, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const [message = ""] = String((thrown as Error).cause ?? "").split("\n");
    const statements: Place[] = job.audiences.map(({ name, file }) => ({
      file: `audiences/${name}.yaml`,
      path: [file.sql === undefined ? "where" : "sql"],
    }));
    if (job.model.file.sql !== undefined) statements.push({ file: `models/${job.model.name}.yaml`, path: ["sql"] });
    if (statements.length === 0 || !/ (Conversion|Invalid Input|Out of Range) Error/.test(message)) throw thrown;
    if (/CSV Error/.test(message)) throw thrown;
    throw new SluiceError(
      "sql_invalid",
      `A value does not fit the SQL in ${statements.map((s) => s.file).join(" or ")}: ${message.replace(/^.*? Error: /, "")}`,
      {
        remedy: "Use TRY_CAST where a value may not convert; `sluice describe` shows the columns' types.",
        place: statements.length === 1 ? statements[0] : undefined,
        cause: thrown,
      },
    );
  }
}

/** A connector does not know which file asked: say it where the connector could not. */
export function placed(thrown: unknown, place: Place): unknown {
  if (!(thrown instanceof SluiceError) || thrown.place !== undefined || thrown.kind !== "config") return thrown;
  return new SluiceError(thrown.code, thrown.message, { remedy: thrown.remedy, place, cause: thrown });
}

/**
 * The audiences as relations, each yielding the model's key. One given as a condition (`where`) is checked this way
 * but evaluated inside the model's own scan, so that the source is read once.
 */
export async function scanAudiences(job: Job, source: Session, signal: AbortSignal): Promise<Scan[]> {
  const { table, sql, key } = job.model.file;
  const scans: Scan[] = [];
  for (const { name, file } of job.audiences) {
    const place = { file: `audiences/${name}.yaml`, path: [file.sql === undefined ? "where" : "sql"] };
    const condition = `SELECT ${key.map(ident).join(", ")} FROM (${sql ?? `SELECT * FROM ${ident(table!)}`}\n) WHERE (${file.where}\n)`;
    try {
      const scan = await source.scan!({ sql: file.sql ?? condition }, signal);
      const missing = key.find((k) => !scan.columns.some((c) => c.name === k));
      if (missing)
        throw new SluiceError(
          "unknown_column",
          `The audience ${name} does not yield the model's key column ${missing}.`,
          {
            remedy: `Select ${key.join(", ")} in its SQL.`,
            place,
          },
        );
      scans.push(scan);
    } catch (thrown) {
      throw placed(thrown, place);
    }
  }
  return scans;
}

/** The organisation and the table that a sync writes to, as its state remembers them. */
export async function destinationName(
  job: { destination: { connection: string } },
  session: Session,
  object: ObjectSchema,
  signal?: AbortSignal,
): Promise<string> {
  return `${object.name} of ${(await session.identity?.(signal)) ?? job.destination.connection}`;
}
