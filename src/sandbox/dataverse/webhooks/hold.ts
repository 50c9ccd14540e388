import type { Call, Reply } from "../../http/exchange.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Actor, compact, rollback, type Transaction, Undecided, watchCommits } from "../records/transaction.ts";
import { type Message, remoteExecutionContext } from "./context.ts";
import type { Deliveries } from "./deliveries.ts";
import { eventsOf } from "./events.ts";
import { failureText } from "./jobs.ts";
import { succeeded } from "./post.ts";
import { hasSteps, type WebhookStep, webhookSteps } from "./steps.ts";

type Outgoing = { step: WebhookStep; message: Message };

/** Answers writes while webhooks are registered; one at a time. */
export type Hold = {
  /** Whether a write must go through here: a step is registered, or a write is being held. */
  applies(environment: Environment): boolean;
  answer(call: Call, environment: () => Environment, run: () => Reply): Promise<Reply>;
};

/**
 * Synchronous steps are asked before a write counts, and while they are asked nobody may see it, and none may come
 * between. So a request is run, and undone at its first transaction that such steps want to be asked about; when they
 * have answered it is run again from the start, with that answer known: the transaction then stands, or fails with the
 * documented error. Other writes wait meanwhile; reads see what was there before. Asynchronous steps are told once the
 * request is done. Source: dataverse.md section 13; register-web-hook.md, "Synchronous mode".
 */
export function createHold(deliveries: Deliveries): Hold {
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    applies: (environment) => waiting > 0 || hasSteps(environment),
    async answer(call, environment, run) {
      waiting++;
      const mine = turn.then(() => answerHeld(call, environment(), run, deliveries));
      turn = mine.catch(() => {});
      return mine.finally(() => {
        waiting--;
      });
    },
  };
}

async function answerHeld(
  call: Call,
  environment: Environment,
  run: () => Reply,
  deliveries: Deliveries,
): Promise<Reply> {
  const organization = call.origin.replace(/^https?:\/\//, "");
  /** For each transaction with synchronous steps, in order: why it failed, or undefined where it stands. */
  const verdicts: (string | undefined)[] = [];
  for (;;) {
    const attempt = runOnce(environment, run, verdicts, organization);
    if (attempt.undecided === undefined) {
      for (const { step, message } of attempt.asynchronous) deliveries.enqueue(environment, step, message);
      return attempt.reply;
    }
    verdicts.push(await ask(attempt.undecided, deliveries));
  }
}

/** Why the first of the steps that failed did; undefined when all succeeded. */
async function ask(outgoing: Outgoing[], deliveries: Deliveries): Promise<string | undefined> {
  for (const { step, message } of outgoing) {
    const attempts = await deliveries.send(step, message);
    if (!succeeded(attempts)) return failureText(step, attempts);
  }
  return undefined;
}

/** By the headers of section 12: all synchronous steps, all asynchronous ones, or some by their ids. */
function isBypassed(step: WebhookStep, actor: Actor): boolean {
  if (step.asynchronous ? actor.bypassAsync : actor.bypassPlugins) return true;
  return actor.bypassSteps?.has(step.id) ?? false;
}

type Run = { reply: Reply; asynchronous: Outgoing[]; undecided: Outgoing[] | undefined };

/** One run of the request. Where it stays undecided nothing of it is left. */
function runOnce(
  environment: Environment,
  run: () => Reply,
  verdicts: (string | undefined)[],
  organization: string,
): Run {
  const plugins = environment.plugins.map(({ seen, run }) => ({ seen, run }));
  const counters = { version: environment.version, sequence: environment.sequence, nextId: environment.nextId };
  const finished: Transaction[] = [];
  const asynchronous: Outgoing[] = [];
  let undecided: Outgoing[] | undefined;
  let decided = 0;
  watchCommits(environment, (tx) => {
    if (undecided) throw new Undecided();
    const steps = webhookSteps(environment).filter((step) => !isBypassed(step, tx.actor));
    const events = eventsOf(tx, steps).map(
      (event): Outgoing => ({
        step: event.step,
        message: remoteExecutionContext(environment, tx.actor, event, organization),
      }),
    );
    const synchronous = events.filter(({ step }) => !step.asynchronous);
    if (synchronous.length > 0) {
      if (decided === verdicts.length) {
        undecided = synchronous;
        throw new Undecided();
      }
      const failure = verdicts[decided++];
      finished.push(tx);
      if (failure !== undefined) throw errors.pluginRefused(failure);
    } else finished.push(tx);
    asynchronous.push(...events.filter(({ step }) => step.asynchronous));
  });
  let reply: Reply;
  try {
    reply = run();
  } finally {
    watchCommits(environment, undefined);
  }
  if (undecided) {
    for (const tx of finished.reverse()) rollback(tx, true);
    Object.assign(environment, counters);
    for (const [n, plugin] of environment.plugins.entries()) Object.assign(plugin, plugins[n]);
  } else for (const tx of finished) compact(tx.marks.keys());
  return { reply, asynchronous, undecided };
}
