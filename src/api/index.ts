import type { z } from "zod";
import { changes } from "./changes.ts";
import { check, describe } from "./connections.ts";
import { doctor, role } from "./doctor.ts";
import type { SyncEvent } from "./operation.ts";
import { validate } from "./project.ts";
import { rebuild } from "./rebuild.ts";
import { rejected } from "./rejected.ts";
import { resend } from "./resend.ts";
import { resolve } from "./resolve.ts";
import { runs } from "./runs.ts";
import { continued, pause, stop } from "./steering.ts";
import { plan, run } from "./syncs.ts";
import { undo } from "./undo.ts";
import { verify } from "./verify.ts";

/** Everything that can be asked of Sluice. Its name here is the operation's name everywhere. */
export const operations = {
  validate,
  check,
  describe,
  plan,
  run,
  undo,
  verify,
  runs,
  rejected,
  resend,
  resolve,
  changes,
  doctor,
  role,
  rebuild,
  pause,
  continue: continued,
  stop,
};
export type OperationName = keyof typeof operations;

export type RequestOf<Name extends OperationName> = z.input<(typeof operations)[Name]["request"]>;
export type ResponseOf<Name extends OperationName> = z.output<(typeof operations)[Name]["response"]>;

export type CallOptions = {
  onEvent?: ((event: SyncEvent) => void) | undefined;
  /** A `run` that ends with an error after it has begun tells here first what was done until then. */
  onStopped?: ((done: ResponseOf<"run">) => void) | undefined;
  /** The same of an `undo`. */
  onStoppedUndo?: ((done: ResponseOf<"undo">) => void) | undefined;
  /** Of several runs that `rejected` is to tell of some are damaged: here it tells of the others, and then fails. */
  onDamage?: ((told: ResponseOf<"rejected">) => void) | undefined;
  /** Takes what `changes` tells, piece by piece, instead of a list; says whether it wants more. */
  onText?: ((text: string) => Promise<boolean>) | undefined;
  /** Aborted: stop cleanly, then fail with `interrupted`. */
  signal?: AbortSignal | undefined;
};

/** Asks for operations, in this process or (later) over HTTP; fails with SluiceError. `close` lets go of the state. */
export type Client = {
  [Name in OperationName]: (request: RequestOf<Name>, options?: CallOptions) => Promise<ResponseOf<Name>>;
} & { close(): Promise<void> };

/** Which project a client works on. `variables` are what `${NAME}` in connection files stands for. */
export type Target = {
  project: string;
  state?: string | undefined;
  environment?: string | undefined;
  /** What a job's DuckDB may take, such as "2GB"; it takes up to 400 MB more beside it. */
  memoryLimit?: string | undefined;
  variables?: Readonly<Record<string, string | undefined>>;
};

export type { SyncEvent } from "./operation.ts";
