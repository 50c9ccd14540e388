/** The sandbox's time. Everything that tells, compares or waits for a time goes by it, so that a test can move it. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Moves time on by so many milliseconds; it goes on running from there. */
  advance(ms: number): void;
  /** Milliseconds that it is ahead of the machine's time; negative where it is behind. */
  ahead(): number;
  /** Back to the machine's time. */
  reset(): void;
};

/** A clock that goes with the machine's until it is moved. */
export function createClock(): Clock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms;
    },
    ahead: () => ahead,
    reset() {
      ahead = 0;
    },
  };
}
