import type { Duck } from "./duck.ts";

/** Like Promise.all, but waits for all before it fails, so that nothing goes on behind a closed door. */
export async function together<Results extends readonly unknown[]>(
  ...work: { [Nth in keyof Results]: Promise<Results[Nth]> }
): Promise<Results> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as Results;
}

/** Statements of which `here` and `beside` need nothing of one another, and both what `before` makes. */
export type Apart = { before: string[]; here: string[]; beside: string[] };

/** Runs them, those that may at once. */
export async function runApart(duck: Duck, { before, here, beside }: Apart): Promise<void> {
  const inTurn = async (statements: string[]) => {
    for (const statement of statements) await duck.run(statement);
  };
  await inTurn(before);
  await together(duck.beside(beside), inTurn(here));
}
