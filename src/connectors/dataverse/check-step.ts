import type { CheckStep } from "../../core/check.ts";
import { SluiceError } from "../../core/errors.ts";

/** What a step found. With a `cause` it is a warning; `value` is for the steps that build on it. */
export type Found<T> = { detail: string; cause?: string; remedy?: string; value: T };

export type Steps = {
  done: CheckStep[];
  /** Does one step and notes it. undefined when it failed: what builds on it is to be skipped. */
  step<T>(name: string, work: () => Promise<Found<T>>): Promise<T | undefined>;
  /** Notes a step that cannot be done for want of another. */
  skip(name: string, needs: string): undefined;
};

/** Throws for the signal only. */
export function openSteps(signal: AbortSignal | undefined): Steps {
  const done: CheckStep[] = [];
  return {
    done,
    async step(step, work) {
      signal?.throwIfAborted();
      try {
        const { value, cause, ...found } = await work();
        done.push({
          step,
          status: cause === undefined ? "ok" : "warning",
          ...found,
          ...(cause !== undefined && { cause }),
        });
        return value;
      } catch (thrown) {
        signal?.throwIfAborted();
        const { message, remedy } = SluiceError.from(thrown);
        done.push({ step, status: "failed", detail: "", cause: message, remedy });
        return undefined;
      }
    },
    skip(step, needs) {
      done.push({ step, status: "skipped", detail: `needs ${needs}` });
      return undefined;
    },
  };
}
