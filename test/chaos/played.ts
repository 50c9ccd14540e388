/** `rate`: the share of requests that goes wrong on days of faults. */
export type Trial = { seed: number; rows: number; kills: number; rate: number };

const phases = ["before", "planning", "planned", "sending", "folding", "ended"] as const;
export type Phase = (typeof phases)[number];

export type Played = {
  days: number;
  runs: number;
  /** Runs taken back. */
  undone: number;
  killed: number;
  /** How many of these were undos. */
  undos_killed: number;
  control_killed: number;
  journals_deleted: number;
  /** How far killed runs had come, as told by what they left. */
  hit: Record<Phase, number>;
  /** Writes without an answer in runs that went on. */
  unanswered: number;
  /** Changes whose answer was lost and that reading back found done. */
  resolved: number;
  /** Rows that Dynamics wrote, and how many had to be written. */
  written: number;
  needed: number;
  requests: number;
};

const none = () => Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;

export const nothingPlayed = (): Played => ({
  days: 0,
  runs: 0,
  undone: 0,
  killed: 0,
  undos_killed: 0,
  control_killed: 0,
  journals_deleted: 0,
  hit: none(),
  unanswered: 0,
  resolved: 0,
  written: 0,
  needed: 0,
  requests: 0,
});

export function add(total: Played, { hit, ...numbers }: Played): void {
  for (const phase of phases) total.hit[phase] += hit[phase];
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) total[name] += numbers[name];
}

/** More kills are wanted until the journal of a half-done run could be deleted. */
export const wantsMore = ({ kills }: Trial, { killed, journals_deleted }: Played): boolean =>
  killed < kills || (kills > 0 && journals_deleted === 0);

/**
 * Whether lost answers were settled by reading: a third of them at most are of writes that never arrived, so of so many
 * some must have been found done.
 */
export const settlesLost = ({ unanswered, resolved }: Played): boolean => unanswered < 10 || resolved > 0;
