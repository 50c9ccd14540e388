import parsePhoneNumber, { type CountryCode, Metadata } from "libphonenumber-js/core";
import metadata from "libphonenumber-js/min/metadata";
import type { Reading } from "./conversion.ts";

/**
 * What libphonenumber's metadata says of one country, or of a calling code without one. Patterns are regular expressions
 * that RE2 reads as JavaScript does; a test holds all that is made of them to libphonenumber-js itself.
 */
type Plan = {
  code: string;
  idd: string;
  /** Of the whole national number. */
  pattern: string;
  /** Of which any must fit, too; none where the pattern says it all. */
  types: string[];
  /** Decides among countries that share a calling code. */
  leading: string | undefined;
  prefix: string | undefined;
  transform: string | undefined;
  lengths: readonly number[];
};

const countries = metadata.country_calling_codes as Record<string, CountryCode[]>;
const others = Object.keys((metadata as { nonGeographic?: object }).nonGeographic ?? {});
const typeNames = [
  "FIXED_LINE",
  "MOBILE",
  "TOLL_FREE",
  "PREMIUM_RATE",
  "PERSONAL_NUMBER",
  "VOICEMAIL",
  "UAN",
  "PAGER",
  "VOIP",
  "SHARED_COST",
];

/** Whether phone numbers of a country (two capital letters) are known. */
export function knowsCountry(country: string): boolean {
  return country in metadata.countries;
}

/** Whether one text, such as a constant of the mapping, is a phone number; the same as `readPhone` says in SQL. */
export function isPhone(text: string, country: string | undefined): boolean {
  const number = parsePhoneNumber(text, country as CountryCode, metadata);
  return number?.isValid() === true && number.ext === undefined;
}

function planOf(of: string): Plan {
  const all = new Metadata(metadata) as unknown as {
    selectNumberingPlan(of: string): void;
    numberingPlan: NumberingPlan;
  };
  all.selectNumberingPlan(of);
  const plan = all.numberingPlan;
  return {
    code: plan.callingCode(),
    idd: plan.IDDPrefix(),
    pattern: plan.nationalNumberPattern(),
    types: plan.hasTypes() ? typeNames.flatMap((name) => plan.type(name)?.pattern() ?? []) : [],
    leading: plan.leadingDigits() || undefined,
    prefix: plan.nationalPrefixForParsing() || undefined,
    transform: plan.nationalPrefixTransformRule() || undefined,
    lengths: plan.possibleLengths() ?? [],
  };
}

/** The part of libphonenumber-js's class that its typings leave out. */
type NumberingPlan = {
  callingCode(): string;
  IDDPrefix(): string;
  nationalNumberPattern(): string;
  hasTypes(): boolean;
  type(name: string): { pattern(): string } | undefined;
  leadingDigits(): string | undefined;
  nationalPrefixForParsing(): string | undefined;
  nationalPrefixTransformRule(): string | undefined;
  possibleLengths(): number[] | undefined;
};

const punctuation = "-\\x{2010}-\\x{2015}\\x{2212}/. \\x{a0}()\\[\\]~";
const written = `[${punctuation}]*\\+?[${punctuation}]*(?:[0-9][${punctuation}]*){3,}`;

/**
 * A phone number as E.164: a plus, the calling code, the national number, digits alone. One without plus is read as
 * dialled in `country`. It must be valid by its country's numbering plan; an extension has no room in E.164, so a number
 * that has one is refused rather than cut.
 */
export function readPhone(x: string, country: string | undefined): Reading {
  const fits = `regexp_full_match(${x}, '${written}')`;
  const plus = `contains(${x}, '+')`;
  const digits = `regexp_replace(${x}, '[^0-9]', '', 'g')`;
  const home = country === undefined ? undefined : planOf(country);
  const abroad = home
    ? `CASE WHEN ${plus} THEN d ELSE ${dialledAbroad(home, "d")} END`
    : `CASE WHEN ${plus} THEN d END`;
  const number = `CASE WHEN i IS NOT NULL THEN ${international("i")} ${home ? `ELSE ${withCode(home, "d")} ` : ""}END`;
  const value = `CASE WHEN ${fits} THEN ${bound(digits, "d", bound(abroad, "i", number))} END`;
  return { value, fine: `(${value} IS NOT NULL)`, faults: [["true", "bad_phone"]] };
}

/** `body` over a name for what `value` yields, which is so computed once. */
function bound(value: string, name: string, body: string): string {
  return `list_transform([${value}], lambda ${name}: ${body})[1]`;
}

/** Of digits that begin with a calling code; by their first digit at first, for there are some 240 codes. */
function international(d: string): string {
  const codes = Map.groupBy([...Object.keys(countries), ...others], (code) => code.charAt(0));
  const arms = [...codes].map(
    ([first, same]) => `WHEN starts_with(${d}, '${first}') THEN CASE ${same.map(arm).join("\n")} END`,
  );
  return `CASE ${arms.join("\n")} END`;

  function arm(code: string): string {
    return `WHEN starts_with(${d}, '${code}') THEN ${withCode(planOf(code), `substr(${d}, ${code.length + 1})`)}`;
  }
}

/** What begins with a calling code in digits as dialled in a country; NULL where they are dialled at home. */
function dialledAbroad(home: Plan, d: string): string {
  const idd = `^(?:${home.idd})`;
  const own = national(home, d);
  const rest = national(home, `substr(${d}, ${home.code.length + 1})`);
  const tooLong = `length(${own}) > ${Math.max(...home.lengths)}`;
  const forgotPlus = `(NOT ${whole(own, home.pattern)} AND ${whole(rest, home.pattern)}) OR ${tooLong}`;
  return `CASE WHEN regexp_matches(${d}, ${quoted(`${idd}[1-9]`)}) THEN regexp_replace(${d}, ${quoted(idd)}, '')
WHEN starts_with(${d}, '${home.code}') AND (${forgotPlus}) THEN ${d} END`;
}

/** The E.164 form of the digits behind the calling code, or NULL where nobody has such a number. */
function withCode(plan: Plan, d: string): string {
  return bound(
    national(plan, d),
    "n",
    `CASE WHEN length(n) BETWEEN 2 AND 17 AND ${valid(plan, "n")} THEN '+${plan.code}' || n END`,
  );
}

/** Without the national prefix, where there is one and what is left without it can be a number. */
function national(plan: Plan, d: string): string {
  if (plan.prefix === undefined) return d;
  const prefix = `^(?:${plan.prefix})`;
  const groups = new RegExp(`${prefix}|`).exec("")!.length - 1;
  const plain = `regexp_replace(${d}, ${quoted(prefix)}, '')`;
  const transform = plan.transform?.replaceAll(/\$(\d)/g, "\\$1");
  const stripped =
    transform !== undefined && groups > 0
      ? `CASE WHEN regexp_extract(${d}, ${quoted(prefix)}, ${groups}) <> '' THEN regexp_replace(${d}, ${quoted(prefix)}, ${quoted(transform)}) ELSE ${plain} END`
      : plain;
  const most = Math.max(...plan.lengths);
  const possible = `(length(p) > ${most} OR length(p) IN (${plan.lengths.join(", ")}))`;
  const keeps = `(${whole(d, plan.pattern)} AND NOT ${whole("p", plan.pattern)}) OR NOT ${possible}`;
  return bound(stripped, "p", `CASE WHEN ${keeps} THEN ${d} ELSE p END`);
}

/** Countries that share a calling code are asked in their order; the first that claims the number decides. */
function valid(plan: Plan, n: string): string {
  const sharing = (countries[plan.code] ?? []).map(planOf);
  const isOne = (of: Plan) =>
    of.types.length ? `(${whole(n, of.pattern)} AND ${whole(n, of.types.join("|"))})` : whole(n, of.pattern);
  if (sharing.length < 2) return isOne(plan);
  const arms = sharing.map((of) =>
    of.leading
      ? `WHEN regexp_matches(${n}, ${quoted(`^(?:${of.leading})`)}) THEN ${isOne(of)}`
      : `WHEN ${isOne(of)} THEN true`,
  );
  return `CASE ${arms.join(" ")} ELSE ${isOne(plan)} END`;
}

const whole = (n: string, pattern: string) => `regexp_full_match(${n}, ${quoted(pattern)})`;

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
