import type { ExpectedLogic } from "../../core/logic.ts";
import { count, table } from "./table.ts";

/** What the destination would do by itself, for people: a line for each thing that runs, one for the audit history. */
export function logicLines({ runs, audit, unknown }: ExpectedLogic): string[] {
  const objects = new Set([...runs, ...audit].map((one) => one.object));
  const of = (object: string) => (objects.size > 1 ? [object] : []);
  const rows = runs.map(({ object, op, kind, name, rows: n, atMost, sync, leftOut }) => [
    ...of(object),
    op,
    `${atMost ? "up to " : ""}${count(n)}`,
    `${kind} "${name}", ${sync ? "within the write" : "afterwards"}${leftOut ? "; left out by the connection" : ""}`,
  ]);
  const started = table([...of("table"), "on", "rows", "starts"], rows, [objects.size > 1 ? 2 : 1]);
  const kept = audit.map(({ object, op, rows: n }) => `${op} ${count(n)}${of(object).map((name) => ` of ${name}`)}`);
  return [
    ...(runs.length > 0 ? ["these run by themselves, row by row:", ...started.map((line) => `  ${line}`)] : []),
    ...(audit.length > 0 ? [`rows that go into the audit history: ${kept.join(", ")}`] : []),
    ...unknown,
  ];
}
