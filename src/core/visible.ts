const unseen = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text of somebody else's in one line of a terminal: what that would take for a command, and what turns the direction of
 * writing, shows as U+FFFD.
 */
export const visible = (text: string): string => text.replace(unseen, "\ufffd");

/** The same as JSON's escapes, line ends left as they are. */
export const escapedUnseen = (json: string): string =>
  json.replace(unseen, (c) => (c === "\n" ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`));
