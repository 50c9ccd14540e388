import type { Duck } from "./duck.ts";
import type { Shape } from "./shape.ts";
import { bereftRows, emptiedLookups, foldEmptied, goneNews, noneEmptied } from "./sql/emptied.ts";
import type { Asked } from "./sql/look.ts";

/**
 * Finds the lookups that were emptied because the records they pointed at are gone: table `emptied`. Wants `wake`, before
 * anything is taken out of it. `ask`: reads the records of such rows, where not all are known.
 */
export async function findEmptied(duck: Duck, shape: Shape, ask?: (asked: Asked) => Promise<void>): Promise<void> {
  const news = await duck.all<{ name: string; whole: boolean }>(goneNews);
  const bereft = bereftRows(shape, new Map(news.map(({ name, whole }) => [name, whole])));
  if (!bereft) return duck.run(noneEmptied);
  await duck.run(bereft);
  await ask?.({ ids: ["SELECT id FROM bereft"] });
  await duck.run(emptiedLookups(shape));
}

/** What a fold does about them. */
export async function emptiedFold(duck: Duck, shape: Shape): Promise<string[]> {
  const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM emptied");
  return n > 0 ? foldEmptied(shape) : [];
}
