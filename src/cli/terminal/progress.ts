import type { SyncEvent } from "../../api/index.ts";
import type { Phase } from "../../core/run.ts";
import type { Output } from "./output.ts";
import { count, duration } from "./table.ts";

const words: Record<Phase, string> = {
  extract: "reading the source",
  refresh: "reading the destination",
  map: "mapping",
  plan: "planning",
  deliver: "sending",
  readback: "reading back",
  fold: "settling",
};

/**
 * Shows how syncs go on: one line that is redrawn on a screen (phase, rows, rows a second, time left), and a plain line
 * for each phase where the output is piped. Rates begin anew with each phase.
 */
export function progressView(out: Output, now: () => number = () => performance.now()): (event: SyncEvent) => void {
  let phase: Phase | undefined;
  let since = 0;
  let startedWith = 0;
  let waitsUntil = "";
  return (event) => {
    if (event.type === "warning") return tellWarning(event, out);
    if (event.type !== "progress") {
      phase = undefined;
      if (event.type === "finished") out.note(`${event.sync}: done`);
      return;
    }
    const { progress, sync } = event;
    if (progress.phase !== phase) {
      phase = progress.phase;
      since = now();
      startedWith = progress.done;
      if (!out.live) out.note(`${sync}: ${words[phase]}`);
    }
    if (progress.until !== undefined) {
      // Told again while it lasts: one line in a log is enough.
      const until = new Date(progress.until).toTimeString().slice(0, 8);
      const wait = `${sync}: waits until ${until}, as the destination asks`;
      if (out.live) out.redraw(wait);
      else if (until !== waitsUntil) out.note(wait);
      waitsUntil = until;
      return;
    }
    if (!out.live) return;
    const seconds = (now() - since) / 1000;
    const rate = seconds > 0.2 ? (progress.done - startedWith) / seconds : 0;
    out.redraw(`${sync}: ${words[phase]}${amount(progress.done, progress.total)}${speed(progress, rate)}`);
  };
}

/** A warning is told on standard error, whatever the command; other events are not this one's business. */
export function tellWarning(event: SyncEvent, out: Output): void {
  if (event.type === "warning")
    out.note(`${out.style.yellow("Warning")}: connection ${event.connection}: ${event.message}`);
}

function amount(done: number, total: number | undefined): string {
  if (total !== undefined) return `  ${count(done)} of ${count(total)} rows`;
  return done > 0 ? `  ${count(done)} rows` : "";
}

function speed({ done, total }: { done: number; total?: number }, rate: number): string {
  if (rate <= 0) return "";
  const left = total !== undefined && total > done ? `  ${duration((total - done) / rate)} left` : "";
  return `  ${count(rate)} rows/s${left}`;
}
