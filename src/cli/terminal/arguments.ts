import { InvalidArgumentError } from "commander";
import { type GuardCode, guardCodes } from "../../core/guards.ts";
import { didYouMean } from "../../core/nearest.ts";

/** An option's value as a whole number from zero on. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function serverCount(text: string): number {
  const servers = wholeNumber(text);
  if (servers < 1 || servers > 100) throw new InvalidArgumentError("There are 1 to 100 servers.");
  return servers;
}

/** More than zero, with or without a fraction. */
export function positiveNumber(text: string): number {
  if (!/^\d{1,6}(\.\d+)?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError("It must be more than zero.");
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

/** Collects the values of an option that may be repeated. */
export const several = (text: string, before: string[] = []): string[] => [...before, text];

/** Names of guards, separated by commas. */
export function guardNames(text: string): GuardCode[] {
  return text.split(",").map((part) => {
    const code = part.trim();
    const known = guardCodes.find((each) => each === code);
    if (!known)
      throw new InvalidArgumentError(
        `There is no guard \`${code}\`${didYouMean(code, guardCodes) || `; there are ${guardCodes.join(", ")}.`}`,
      );
    return known;
  });
}

/** A share, said in per cent: 0.01 for "1%". None needs no sign. */
export function share(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d+)?) ?%$/.exec(text === "0" ? "0%" : text) ?? [];
  if (number === undefined || Number(number) > 100) throw new InvalidArgumentError("Say a share, such as 1%.");
  return Number(number) / 100;
}
