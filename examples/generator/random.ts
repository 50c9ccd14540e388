/** A seeded source of randomness: the same seed and topic give the same numbers on every machine. */
export type Random = {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** `count` different elements, in their order in `from`. */
  sample<T>(from: readonly T[], count: number): T[];
};

/** `topic` keeps streams apart, so that a longer list of customers does not change the orders. */
export function random(seed: number, topic: string): Random {
  let state = seed >>> 0;
  for (const char of topic) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;

  // mulberry32: 32 bits of state, good enough to look like life and short enough to read.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    chance: (share) => next() < share,
    pick: (from) => from[int(0, from.length - 1)]!,
    sample(from, count) {
      if (count > from.length) throw new RangeError(`cannot choose ${count} of ${from.length}`);
      const chosen = new Set<number>();
      while (chosen.size < count) chosen.add(int(0, from.length - 1));
      return [...chosen].sort((a, b) => a - b).map((i) => from[i]!);
    },
  };
}
