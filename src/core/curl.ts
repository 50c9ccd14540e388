import type { RowRequest } from "./connector.ts";
import { escapedUnseen, visible } from "./visible.ts";

/**
 * A command for `sh` that sends a request and shows the whole answer; the token comes from the variable TOKEN. The body
 * goes by a here-document whose end it does not hold, so that nothing in it means anything to the shell. What a terminal
 * would take for a command, or what turns the direction of writing, stands as its JSON escape.
 */
export function curlOf({ method, url, headers, body }: RowRequest, comments: readonly string[] = []): string {
  const options = [
    `-X ${method} ${quoted(url)}`,
    '-H "authorization: Bearer $TOKEN"',
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
  ];
  const told = comments.map((comment) => `# ${visible(comment)}`);
  const text = body === undefined ? undefined : escapedUnseen(body);
  if (text === undefined) return [...told, `curl -sS -i --globoff ${options.join(" \\\n  ")}`].join("\n");
  let end = "BODY";
  while (text.includes(end)) end += "_";
  const command = [...options, `--data-binary @- <<'${end}'`].join(" \\\n  ");
  return [...told, `curl -sS -i --globoff ${command}`, text, end].join("\n");
}

/** A word for the shell, whatever is in it. */
const quoted = (text: string): string => `'${visible(text).replaceAll("'", "'\\''")}'`;
