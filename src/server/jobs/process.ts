import { type ChildProcess, fork } from "node:child_process";
import { settleGraceMs, writeGraceMs } from "../../core/delayed.ts";
import { endedBy, SluiceError } from "../../core/errors.ts";
import type { JobResult, StartJob } from "../../engine/job.ts";
import { type FromChild, jobArgument, type ToChild } from "./messages.ts";

export type JobProcesses = {
  start: StartJob;
  /** A job is coming: starts its process now, which takes half a second to load what it needs. */
  prepare(): void;
  /** No more jobs: a process that was prepared in vain ends. */
  close(): void;
};

/**
 * Starts each job in a process of its own, which is `entry` with a hidden argument: its memory goes back when it ends,
 * and its crash takes nobody along. The job, with its secrets, goes over the private channel between the two.
 * graceMs: how long a job that was asked to stop may take to settle what is under way; then it is killed. A little longer than
 * the job gives itself, which ends in better order.
 * Errors: what the job failed with, also where `signal` was to stop it; `interrupted` when that did; `bug` when it died without an answer.
 */
export function jobProcesses(entry: string, graceMs = writeGraceMs + settleGraceMs + 5000): JobProcesses {
  let spare: ChildProcess | undefined;
  const start: StartJob = (job, onProgress, signal, onShare) => {
    const child = spare?.connected ? spare : spawnChild(entry);
    spare = undefined;
    const words = lastWords(child);
    let answer: Exclude<FromChild, { type: "progress" }> | undefined;
    const killed = () => child.kill("SIGKILL");
    let patience: NodeJS.Timeout | undefined;
    const stop = () => {
      // Who has lost the sync may not even settle.
      if (signal?.reason instanceof SluiceError) return void killed();
      send(child, { type: "stop" });
      patience = setTimeout(killed, graceMs);
    };
    // A job blocked in native code hears of nothing; killing it is safe, as every crash is.
    process.once("exit", killed);
    child.on("message", (message: FromChild) => {
      if (message.type === "progress") onProgress(message.progress);
      else answer = message;
    });
    onShare?.((share) => send(child, { type: "share", share }));
    send(child, { type: "job", job });
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    return new Promise<JobResult>((resolve, reject) => {
      child.once("error", (cause) =>
        reject(new SluiceError("bug", `The process of the run could not be started: ${cause.message}`, { cause })),
      );
      // Not at `exit`: messages may still be on their way then. `close` comes after the channel and stderr have ended.
      child.once("close", (code, by) => {
        signal?.removeEventListener("abort", stop);
        process.removeListener("exit", killed);
        clearTimeout(patience);
        const fault = answer?.type === "error" ? SluiceError.revive(answer.error) : undefined;
        if (answer?.type === "result") resolve(answer.result);
        else if (signal?.reason instanceof SluiceError) reject(signal.reason);
        else if (signal?.aborted) reject(endedBy(fault, stopped(job)));
        else if (fault) reject(fault);
        else reject(died(job.kind, job.sync, by, code, words()));
      });
    });
  };
  return {
    start,
    prepare() {
      if (spare?.connected) return;
      spare = spawnChild(entry);
      // Until it has a job there is nothing it could fail at; one that is gone by then is replaced.
      spare.on("error", () => {});
    },
    close() {
      if (spare?.connected) spare.disconnect();
      spare = undefined;
    },
  };
}

const stopped = ({ kind, sync }: Parameters<StartJob>[0]): SluiceError =>
  new SluiceError("interrupted", `The ${kind} of ${sync} was stopped.`);

function spawnChild(entry: string): ChildProcess {
  const debug = process.env.SLUICE_DEBUG !== undefined;
  return fork(entry, [jobArgument], {
    execPath: process.execPath,
    // Ours may ask for a debugger's port or a loader that are not meant for the job.
    execArgv: ["--disable-warning=ExperimentalWarning", "--expose-gc"],
    serialization: "advanced",
    // Standard output belongs to the command's result alone.
    stdio: debug ? ["ignore", 2, 2, "ipc"] : ["ignore", "ignore", "pipe", "ipc"],
  });
}

/** A child that is gone already cannot be told anything; its end is reported by `close`. */
function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => {});
}

function lastWords(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-8192);
  });
  return () => tail;
}

function died(kind: string, sync: string, by: string | null, code: number | null, words: string): SluiceError {
  const how = by === null ? `with exit code ${code}` : `by signal ${by}`;
  const fatal = words.split("\n").find((line) => line.startsWith("FATAL ERROR"));
  const hint = fatal ?? (by === "SIGKILL" ? "somebody killed it, or the system had no memory left" : null);
  const message = `The process of the ${kind} of ${sync} ended ${how} and gave no answer${hint ? ` (${hint})` : ""}.`;
  return new SluiceError("bug", message, { cause: new Error(words || "no output") });
}
