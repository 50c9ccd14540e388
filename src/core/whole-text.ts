/** Half a surrogate pair, or NUL: signs that PostgreSQL keeps in no text, and DuckDB reads from no JSON. */
const unfit = /[\p{Surrogate}\0]/gu;

/** A text that every database keeps: what is no whole sign becomes U+FFFD. */
export const wholeText = (text: string): string => text.replace(unfit, "\ufffd");

/** The beginning of somebody else's text, at most `most` UTF-16 units of it, and no sign cut in two. */
export const beginning = (text: string, most: number): string =>
  text
    .toWellFormed()
    .slice(0, most)
    .replace(/\p{Surrogate}$/u, "");
