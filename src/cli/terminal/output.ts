import { once } from "node:events";
import type { Writable } from "node:stream";

/** Where a command speaks: results to standard output, everything on the way to standard error. */
export type Output = {
  json: boolean;
  /** Whether the person sees standard error as it is written, on a screen that can redraw a line. */
  live: boolean;
  /** A line of the result, for people; silent with --json. */
  line(text?: string): void;
  /** A piece of a result of any length, as it is; false where nobody reads on. */
  text(text: string): Promise<boolean>;
  /** A line about what goes on. */
  note(text: string): void;
  /** Redraws the bottom line of the screen; nothing where that is not possible. */
  redraw(text: string): void;
  style: Style;
};

export type Style = Record<"bold" | "dim" | "red" | "green" | "yellow", (text: string) => string>;

type Stream = Writable & { isTTY?: boolean; columns?: number };

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

function styleFor(colour: boolean): Style {
  const paint =
    ([on, off]: readonly [number, number]) =>
    (text: string) =>
      colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return Object.fromEntries(Object.entries(codes).map(([name, pair]) => [name, paint(pair)])) as Style;
}

/** `env` decides about colour (https://no-color.org). */
export function terminalOutput(
  json: boolean,
  out: Stream = process.stdout,
  err: Stream = process.stderr,
  env: Record<string, string | undefined> = process.env,
): Output {
  const live = err.isTTY === true && !json && env.TERM !== "dumb";
  let drawn = false;
  const clear = () => {
    if (drawn) err.write("\r\u001b[2K");
    drawn = false;
  };
  return {
    json,
    live,
    style: styleFor(out.isTTY === true && !env.NO_COLOR),
    line(text = "") {
      clear();
      if (!json) out.write(`${text}\n`);
    },
    async text(text) {
      clear();
      if (out.destroyed || out.errored) return false;
      if (!out.write(text)) await Promise.race([once(out, "drain"), once(out, "close")]).catch(() => {});
      return !(out.destroyed || out.errored);
    },
    note(text) {
      clear();
      err.write(`${text}\n`);
    },
    redraw(text) {
      if (!live) return;
      clear();
      if (text === "") return;
      err.write(text.slice(0, (err.columns || 80) - 1));
      drawn = true;
    },
  };
}
