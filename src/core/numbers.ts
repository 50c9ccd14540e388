const plainPattern = "-?[0-9]+(?:\\.[0-9]+)?";
const scientificPattern = "-?[0-9](?:\\.[0-9]+)?[eE][+-]?[0-9]{1,3}";

/** What a number may look like (RE2 and JavaScript): plain digits, or scientific with one digit before the point. */
export const numberPattern = `(?:${plainPattern}|${scientificPattern})`;

/**
 * SQL: the plain digits in the VARCHAR `x` as text with exactly `digits` after the point, halves away from zero; NULL
 * where there are none, or too many. Most numbers fit 18 digits, which DuckDB casts fifty times faster than 38.
 */
export function decimalSql(x: string, digits: number): string {
  const cast = (width: number) => `CAST(TRY_CAST(${x} AS DECIMAL(${width}, ${digits})) AS VARCHAR)`;
  return `coalesce(${cast(18)}, ${cast(38)})`;
}

/**
 * SQL: the same for a number in scientific form. DuckDB 1.5 reads 5e-8 as 0.001 at three digits, so a small number is
 * read with all its digits and then rounded.
 */
export function scientificSql(x: string, digits: number): string {
  return (
    `CAST(CASE WHEN regexp_matches(${x}, '[eE]-') THEN CAST(TRY_CAST(${x} AS DECIMAL(38, 36)) AS DECIMAL(38, ${digits})) ` +
    `ELSE TRY_CAST(${x} AS DECIMAL(38, ${digits})) END AS VARCHAR)`
  );
}

/** SQL: the VARCHAR `x` without the zeros at the end of a fraction, where it is plain digits: 1.5 for 1.50, 5 for 5.0. */
export function bareNumberSql(x: string): string {
  return `regexp_replace(${x}, '^(-?[0-9]+)(?:\\.0+|(\\.[0-9]*[1-9])0+)$', '\\1\\2')`;
}

/** SQL: `plainDecimal`, NULL where it is null. */
export function plainDecimalSql(x: string, digits: number): string {
  return (
    `CASE WHEN regexp_full_match(${x}, '${plainPattern}') THEN ${decimalSql(x, digits)} ` +
    `WHEN regexp_full_match(${x}, '${scientificPattern}') THEN ${scientificSql(x, digits)} END`
  );
}

/**
 * A number's text (plain or with an exponent) with exactly `digits` after the point, halves away from zero; null where
 * the text is no number or needs more than the 38 digits DuckDB's DECIMAL has.
 */
export function plainDecimal(text: string, digits: number): string | null {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (!parts || !new RegExp(`^${numberPattern}$`).test(text)) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts;
  const shift = Number(exponent) - fraction.length + digits;
  const all = BigInt(whole + fraction);
  const scaled = shift >= 0 ? all * 10n ** BigInt(shift) : roundedDown(all, 10n ** BigInt(-shift));
  const shown = scaled.toString().padStart(digits + 1, "0");
  if (shown.length > 38) return null;
  const point = shown.length - digits;
  const plain = digits === 0 ? shown : `${shown.slice(0, point)}.${shown.slice(point)}`;
  return sign === "-" && scaled !== 0n ? `-${plain}` : plain;
}

function roundedDown(value: bigint, by: bigint): bigint {
  return (value + by / 2n) / by;
}

/**
 * The shortest text of a double as DuckDB writes it, but without ".0": an exponent of at least two digits from 1e16 up
 * and below 1e-4.
 */
export function shortestDouble(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
  if (value === 0) return "0";
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= 16 || exponent < -4) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  const sign = value < 0 ? "-" : "";
  const figures = mantissa.replace(/[-.]/g, "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${figures}`;
  const padded = figures.padEnd(exponent + 1, "0");
  const rest = padded.slice(exponent + 1);
  return sign + padded.slice(0, exponent + 1) + (rest ? `.${rest}` : "");
}

/** SQL: the same of the VARCHAR `x`; NULL where it is no number. */
export function shortestDoubleSql(x: string): string {
  return `regexp_replace(regexp_replace(CAST(TRY_CAST(${x} AS DOUBLE) AS VARCHAR), '\\.0$', ''), '^-0$', '0')`;
}
