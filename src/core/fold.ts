/**
 * Match values folded as the destination's collation folds them: case, accents and trailing blanks do not count
 * (dataverse.md sections 3 and 6). Accents go where every sign of the text is Latin, Greek, Cyrillic, CJK, Hangul, a
 * symbol or a picture; in scripts where marks are vowels (Devanagari, Hebrew, Thai ...) taking them away would make
 * different words equal, so there only case goes. A sharp s is "ss" in
 * whatever language the database is. That most languages also take "æ" for "ae" is left alone: to others it is a letter
 * of its own. Folded values are kept in the state: whoever changes the folding migrates them (`migrations` in
 * engine/sql/tables.ts).
 */
const plainScripts =
  "\\x{0}-\\x{487}\\x{48a}-\\x{587}\\x{1e00}-\\x{1fff}\\x{2000}-\\x{20cf}\\x{2100}-\\x{2bff}" +
  "\\x{4e00}-\\x{9fff}\\x{ac00}-\\x{d7a3}\\x{ff01}-\\x{ff5e}\\x{1f300}-\\x{1faff}";
const isPlain = new RegExp(`^[${plainScripts.replace(/\\x\{/g, "\\u{")}]*$`, "u");

const isAscii = /^[\0-\x7f]*$/;

/** Letters that this Node knows small forms of and DuckDB 1.5 does not: neither side folds them. */
const lateLetters = /[\u1c89\ua7cb\ua7cc\ua7ce\ua7d2\ua7d4\ua7da\ua7dc\u{10d50}-\u{10d65}\u{16ea0}-\u{16eb8}]/u;

/** SQL: the folded VARCHAR `expr`. (DuckDB's strip_accents and nfc_normalize end at a NUL: it is taken out first.) */
export function foldSql(expr: string): string {
  const bare = `replace(${expr}, chr(0), '')`;
  return (
    `rtrim(CASE WHEN regexp_full_match(${expr}, '[\\x{0}-\\x{7f}]*') THEN lower(${expr}) ELSE replace(lower(` +
    `CASE WHEN regexp_full_match(${expr}, '[${plainScripts}]*') THEN strip_accents(${bare}) ELSE nfc_normalize(${bare}) END), 'ß', 'ss') END, ' ')`
  );
}

/** The same in TypeScript. */
export function foldValue(text: string): string {
  const whole = isAscii.test(text) ? text : text.replaceAll("\0", "");
  const bare = isPlain.test(whole)
    ? whole.normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC")
    : whole.normalize("NFC");
  // Sign by sign: a word's last sigma and the dotted capital I are special to JavaScript, not to a collation.
  const small = Array.from(bare, (sign) =>
    sign === "\u0130" ? "i" : lateLetters.test(sign) ? sign : sign.toLowerCase(),
  );
  return small.join("").replaceAll("ß", "ss").replace(/ +$/, "");
}
