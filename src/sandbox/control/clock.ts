import { z } from "zod";
import type { Clock } from "../clock.ts";
import { bodyOf, type ControlOperations } from "./operation.ts";

/** The farthest times JavaScript's dates and the token's seconds agree on, with room to move on. */
const [EARLIEST, LATEST] = [Date.parse("1970-01-02T00:00:00Z"), Date.parse("9000-01-01T00:00:00Z")];
const MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;

const MOVE = z
  .strictObject({
    advanceMs: z.number().min(0).optional(),
    advance: z.string().regex(DURATION, "such as 3h, 90s, 500ms or 1d12h").optional(),
    set: z.iso.datetime({ offset: true }).optional(),
    reset: z.literal(true).optional(),
  })
  .refine((move) => Object.keys(move).length === 1, { error: "say one of: advanceMs, advance, set, reset" });

/** Tokens, keys, delta tokens, jobs and limits all go by this clock. */
export const CLOCK: ControlOperations = {
  "GET clock": {
    does: "The sandbox's time, and how far it is ahead of the machine's",
    handle: ({ clock }) => shown(clock),
  },
  "POST clock": {
    does: "Moves the time: `advanceMs`, `advance` (`3h`, `1d12h`), `set` (an instant) or `reset`; it runs on from there",
    handle({ clock }, request) {
      const { advanceMs, advance, set, reset } = bodyOf(request, MOVE);
      if (reset) clock.reset();
      else {
        const by = set === undefined ? (advanceMs ?? milliseconds(advance!)) : Date.parse(set) - clock.now();
        clock.advance(Math.min(Math.max(by, EARLIEST - clock.now()), LATEST - clock.now()));
      }
      return shown(clock);
    },
  },
};

function milliseconds(duration: string): number {
  let sum = 0;
  for (const [, figure, unit] of duration.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) sum += Number(figure) * MS[unit!]!;
  return sum;
}

function shown(clock: Clock): { now: string; aheadMs: number } {
  return { now: new Date(clock.now()).toISOString(), aheadMs: clock.ahead() };
}
