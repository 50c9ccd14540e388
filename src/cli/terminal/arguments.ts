import { InvalidArgumentError } from "commander";

/** An option's value as a whole number from zero on. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port > 65535) throw new InvalidArgumentError("A port is 0 to 65535.");
  return port;
}

/** As DuckDB takes it: a number and a unit. */
export function memorySize(text: string): string {
  if (!/^[1-9]\d*(\.\d+)? ?([KMGT]i?B)$/i.test(text))
    throw new InvalidArgumentError("Say a number and a unit, such as 2GB.");
  return text;
}
