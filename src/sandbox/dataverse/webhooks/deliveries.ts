import { Agent } from "undici";
import type { Environment } from "../environment.ts";
import type { Message } from "./context.ts";
import { keepJob } from "./jobs.ts";
import { type Attempt, post, succeeded } from "./post.ts";
import type { WebhookStep } from "./steps.ts";

/** One message for one step, as `GET /_sandbox/webhooks` shows it. */
export type Delivery = {
  n: number;
  step: string;
  url: string;
  asynchronous: boolean;
  state: "waiting" | "succeeded" | "failed";
  attempts: Attempt[];
  body: string;
};

/** What is on its way to webhooks, and what has come of it. */
export type Deliveries = {
  /** Posts now, and tells whether it succeeded, or how not. */
  send(step: WebhookStep, message: Message): Promise<Attempt[]>;
  /** Posts when those before it to the same address are done; a system job keeps what came of it. */
  enqueue(environment: Environment, step: WebhookStep, message: Message): void;
  list(): Delivery[];
  /** Resolves when nothing is on its way. */
  drain(): Promise<void>;
  configure(settings: { [name in keyof Settings]?: Settings[name] | undefined }): void;
  clear(): void;
  /** Ends what is on its way. */
  close(): Promise<void>;
};

/** `duplicateEvery`: every so many-th asynchronous message comes twice; 0: none. */
export type Settings = { timeoutMs: number; duplicateEvery: number };

/** The documented wait for an answer (dataverse.md section 13). */
const DEFAULTS: Settings = { timeoutMs: 60_000, duplicateEvery: 0 };
/** The newest are kept. */
const MOST_KEPT = 1000;

/** The deliveries of one sandbox: none yet, with the documented wait. */
export function createDeliveries(): Deliveries {
  let kept: Delivery[] = [];
  let settings = DEFAULTS;
  let n = 0;
  let queued = 0;
  let agent: Agent | undefined;
  const stop = new AbortController();
  const underway = new Set<Promise<unknown>>();
  const last = new Map<string, Promise<unknown>>();

  async function deliver(delivery: Delivery, step: WebhookStep, message: Message): Promise<Attempt[]> {
    agent ??= new Agent();
    const options = { agent, timeoutMs: settings.timeoutMs, stop: stop.signal };
    delivery.attempts = await post(step.endpoint, message, options);
    delivery.state = succeeded(delivery.attempts) ? "succeeded" : "failed";
    return delivery.attempts;
  }

  function noted(step: WebhookStep, message: Message): Delivery {
    const { id, endpoint, asynchronous } = step;
    const delivery: Delivery = {
      n: ++n,
      step: id,
      url: endpoint.url,
      asynchronous,
      state: "waiting",
      attempts: [],
      body: message.body,
    };
    kept.push(delivery);
    if (kept.length > MOST_KEPT * 1.1) kept = kept.slice(-MOST_KEPT);
    return delivery;
  }

  function tracked<T>(work: Promise<T>): Promise<T> {
    underway.add(work);
    work.finally(() => underway.delete(work));
    return work;
  }

  return {
    send: (step, message) => tracked(deliver(noted(step, message), step, message)),
    enqueue(environment, step, message) {
      queued++;
      const twice = settings.duplicateEvery > 0 && queued % settings.duplicateEvery === 0;
      for (let time = 0; time < (twice ? 2 : 1); time++) {
        const delivery = noted(step, message);
        const before = last.get(step.endpoint.url) ?? Promise.resolve();
        const job = before.then(async () => {
          const attempts = await deliver(delivery, step, message);
          if (time === 0 && !stop.signal.aborted) keepJob(environment, step, message, attempts);
        });
        last.set(step.endpoint.url, job);
        tracked(job).finally(() => {
          if (last.get(step.endpoint.url) === job) last.delete(step.endpoint.url);
        });
      }
    },
    list: () => kept,
    async drain() {
      while (underway.size > 0) await Promise.allSettled(underway);
    },
    configure(changed) {
      settings = {
        timeoutMs: changed.timeoutMs ?? settings.timeoutMs,
        duplicateEvery: changed.duplicateEvery ?? settings.duplicateEvery,
      };
    },
    clear() {
      kept = [];
      n = queued = 0;
      settings = DEFAULTS;
    },
    async close() {
      stop.abort();
      await agent?.destroy();
    },
  };
}
