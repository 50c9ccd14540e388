import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { type CountryCode, getCountries, getExampleNumber, parsePhoneNumberFromString } from "libphonenumber-js";
import examples from "libphonenumber-js/mobile/examples";
import { afterAll, expect, it } from "vitest";
import { readPhone } from "./phone.ts";

const instance = await DuckDBInstance.create();
const duck = await instance.connect();
afterAll(() => {
  duck.closeSync();
  instance.closeSync();
});

async function ours(texts: string[], country: string | undefined): Promise<(string | null)[]> {
  const list = texts.map((t) => `'${t.replaceAll("'", "''")}'`).join(", ");
  const reader = await duck.runAndReadAll(
    `SELECT ${readPhone("x", country).value} FROM (SELECT unnest([${list}]) AS x)`,
  );
  return reader.getRowsJson().map(([value]) => value as string | null);
}

function theirs(text: string, country: string | undefined): string | null {
  const parsed = parsePhoneNumberFromString(text, country as CountryCode);
  return parsed?.isValid() && parsed.ext === undefined ? parsed.number : null;
}

it("reads the usual ways to write a number, and refuses what is none", async () => {
  const cases: [string, string | null][] = [
    ["030 901820", "+4930901820"],
    ["+49 (0) 30 / 90 18 20", "+4930901820"],
    ["(+49) 30-901820", "+4930901820"],
    ["0049 30 901820", "+4930901820"],
    ["49 30 901820", "+4930901820"],
    ["+44 20 7946 0958", "+442079460958"],
    ["+1 (650) 253-0000", "+16502530000"],
    ["0044 20 7946 0958", "+442079460958"],
    ["030 901820 ext. 12", null],
    ["12", null],
    ["+49", null],
    ["+999 123456", null],
    ["call me", null],
    ["++49 30 901820", null],
    ["", null],
  ];
  expect(
    await ours(
      cases.map(([text]) => text),
      "DE",
    ),
  ).toEqual(cases.map(([, number]) => number));
  expect(await ours(["030 901820", "+49 30 901820"], undefined)).toEqual([null, "+4930901820"]);
});

it("says what libphonenumber-js says, for numbers of every country and digits that are nearly one", async () => {
  const seed = Number(process.env.SEED ?? 20261121);
  // A statement takes a quarter of a second to prepare, so not every country is at home each time; RUNS=20000 has them all.
  const runs = Number(process.env.RUNS ?? 2000);
  const every = getCountries().flatMap((country) => getExampleNumber(country, examples) ?? []);
  const usual = ["US", "GB", "GG", "KZ", "IT", "AR", "BR", "MX"];
  const chosen = new Set(
    fc.sample(fc.shuffledSubarray(every.map((n) => n.country!)), { seed, numRuns: 1 })[0]!.slice(0, 8),
  );
  const known = runs > 10_000 ? every : every.filter((n) => usual.includes(n.country!) || chosen.has(n.country!));
  const mutated = fc
    .tuple(fc.constantFrom(...known), fc.nat(3), fc.nat(30), fc.nat(9), fc.nat(7))
    .map(([number, how, at, digit, shape]) => {
      const nn = number.nationalNumber;
      const i = at % nn.length;
      const changed = [
        nn,
        nn.slice(0, i) + digit + nn.slice(i + 1),
        nn.slice(0, i) + nn.slice(i + 1),
        nn.slice(0, i) + digit + nn.slice(i),
      ][how]!;
      const code = number.countryCallingCode;
      const spaced = changed.replaceAll(/(\d{3})(?=\d)/g, "$1 ");
      const text = [
        `+${code}${changed}`,
        `+${code} (0) ${spaced}`,
        changed,
        `0${spaced}`,
        `00${code}-${changed}`,
        `${code}${changed}`,
        `8 ${spaced}`,
        `1-${changed}`,
      ][shape]!;
      return { text, home: number.country! };
    });
  const cases = fc.sample(mutated, { seed, numRuns: runs });
  const homes = Map.groupBy(cases, (c) => c.home);
  const differ: unknown[] = [];
  for (const [home, own] of homes) {
    const texts = own.map((c) => c.text);
    const found = await ours(texts, home);
    for (const [i, text] of texts.entries())
      if (found[i] !== theirs(text, home)) differ.push({ home, text, ours: found[i], theirs: theirs(text, home) });
  }
  expect(differ).toEqual([]);
});
