const starts = "[=+\\-@\\x{ff1d}\\x{ff0b}\\x{ff0d}\\x{ff20}]|[\\t\\r\\n]";

/**
 * SQL of a CSV cell that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection): one
 * apostrophe more stands before what would begin one, however many stand there already. So nothing is lost: whoever
 * takes one apostrophe off the cells that begin with some and then such a sign has the values.
 */
export const spreadsheetCell = (sql: string): string => `regexp_replace(${sql}, '^(''*\\s*(?:${starts}))', '''\\1')`;

/** The value that such a cell stands for. */
export const cellValue = (sql: string): string => `regexp_replace(${sql}, '^''(''*\\s*(?:${starts}))', '\\1')`;
