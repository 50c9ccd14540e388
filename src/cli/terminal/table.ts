import { visible } from "../../core/visible.ts";

/** Rows of cells as lines, columns as wide as their widest cell; the columns named in `right` end flush. */
export function table(head: string[], rows: string[][], right: readonly number[] = []): string[] {
  const widths = head.map((title, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ""))));
  const cell = (text: string, i: number) => {
    const space = " ".repeat(Math.max(0, widths[i]! - width(text)));
    return right.includes(i) ? space + text : text + space;
  };
  return [head, ...rows].map((row) =>
    head
      .map((_, i) => cell(row[i] ?? "", i))
      .join("  ")
      .trimEnd(),
  );
}

/** Characters as they are seen, near enough for aligning: combining marks and colour codes take no room. */
function width(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
  return [...text.replaceAll(/\u001b\[\d+m|\p{M}/gu, "")].length;
}

/** 12345 -> 12,345 */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** 1 model, 2 models, 0 models */
export function many(n: number, thing: string): string {
  return `${count(n)} ${thing}${n === 1 ? "" : "s"}`;
}

/** 0.42 s, 12.3 s, 3 min 05 s */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}

const longest = 60;

/** A value for people: quoted text in one line, shortened when long; `empty` for null. */
export function shown(value: string | null): string {
  if (value === null) return "empty";
  const text = visible(JSON.stringify(value));
  return text.length <= longest ? text : `${text.slice(0, longest - 4)}..."`;
}
