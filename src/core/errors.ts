import { catalogue, type ErrorCode, type ErrorKind } from "./catalogue.ts";

/** Where in a project file the fault is: the file as the user named it, and the path of keys inside it. */
export type Place = { file: string; path?: readonly (string | number)[]; line?: number };

type Details = {
  remedy?: string;
  place?: Place | undefined;
  retryAfterMs?: number;
  cause?: unknown;
  others?: readonly SluiceError[];
};

/**
 * The one error class. `code` is stable and listed in `catalogue.ts`; `kind` (from there) alone decides whether we
 * retry, stop or show; `message` says what happened and `remedy` what to do, to the person who must act.
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly place: Place | undefined;
  readonly retryAfterMs: number | undefined;
  /** Further errors found at the same time: a project is read to its end before the first fault is thrown. */
  readonly others: readonly SluiceError[];

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SluiceError";
    this.code = code;
    this.kind = catalogue[code].kind;
    this.remedy = details.remedy ?? catalogue[code].remedy;
    this.place = details.place;
    this.retryAfterMs = details.retryAfterMs;
    this.others = details.others ?? [];
  }

  /** A plain object that crosses a process boundary; `revive` undoes it. The cause stays behind: it may hold secrets. */
  toJSON(): SerializedError {
    return {
      kind: this.kind,
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(this.place && { file: this.place.file }),
      ...(this.place?.line !== undefined && { line: this.place.line }),
      ...(this.place?.path && { path: [...this.place.path] }),
      ...(this.others.length > 0 && { others: this.others.map((other) => other.toJSON()) }),
    };
  }

  static revive(data: SerializedError): SluiceError {
    const place = data.file === undefined ? undefined : { file: data.file, line: data.line, path: data.path };
    return new SluiceError(data.code, data.message, {
      remedy: data.remedy,
      ...(data.retryAfterMs !== undefined && { retryAfterMs: data.retryAfterMs }),
      place: place as Place | undefined,
      others: (data.others ?? []).map(SluiceError.revive),
    });
  }

  /** Any thrown value as a SluiceError: what we do not know is a bug of ours, and keeps its cause. */
  static from(thrown: unknown): SluiceError {
    if (thrown instanceof SluiceError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new SluiceError("bug", `Something in Sluice itself went wrong: ${text}`, { cause: thrown });
  }
}

/**
 * What ended work that `asked` (an error of the kind interrupted) was to stop: that wish; or a fault that is no consequence of it,
 * and tells of it beside. What is no SluiceError is taken for a consequence.
 */
export function endedBy(thrown: unknown, asked: SluiceError): SluiceError {
  if (!(thrown instanceof SluiceError) || thrown.kind === "interrupted") return asked;
  if (thrown.others.some(({ kind }) => kind === "interrupted")) return thrown;
  return new SluiceError(thrown.code, thrown.message, {
    remedy: thrown.remedy,
    place: thrown.place,
    cause: thrown.cause ?? thrown,
    others: [...thrown.others, asked],
    ...(thrown.retryAfterMs !== undefined && { retryAfterMs: thrown.retryAfterMs }),
  });
}

export type SerializedError = {
  kind: ErrorKind;
  code: ErrorCode;
  message: string;
  remedy: string;
  /** Milliseconds after which it is worth trying again. */
  retryAfterMs?: number;
  file?: string;
  line?: number;
  path?: (string | number)[];
  others?: SerializedError[];
};
