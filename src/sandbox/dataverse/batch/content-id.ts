import { errors } from "../errors.ts";

/** The addresses of what the earlier requests of a change set wrote, by Content-ID. */
export type ContentIds = ReadonlyMap<string, string>;

/** A URL that begins with `$1` or `$1/...`, with the address in its place. Throws where the id is not known yet. */
export function resolveUrl(url: string, known: ContentIds): string {
  const match = /^\$([^/?]+)(.*)$/s.exec(url);
  if (!match || match[1] === "metadata" || match[1] === "batch") return url;
  return addressOf(match[1]!, known) + match[2];
}

/**
 * A body with `$1` replaced in `@odata.bind` and `@odata.id` values, at any depth and in lists of them. What is no JSON
 * comes back as it is: whoever reads it says so.
 * Source: execute-batch-operations-using-web-api.md, "Reference URIs in an operation".
 */
export function resolveBody(body: Buffer, known: ContentIds): Buffer {
  if (!body.includes('"$')) return body;
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return body;
  }
  const left: unknown[] = [value];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (typeof node !== "object" || node === null) continue;
    for (const [name, child] of Object.entries(node)) {
      if (name.endsWith("@odata.bind") || name === "@odata.id") {
        (node as Record<string, unknown>)[name] = Array.isArray(child)
          ? child.map((each) => resolveReference(each, known))
          : resolveReference(child, known);
      } else left.push(child);
    }
  }
  return Buffer.from(JSON.stringify(value));
}

function resolveReference(value: unknown, known: ContentIds): unknown {
  return typeof value === "string" && /^\$[^/]+$/.test(value) ? addressOf(value.slice(1), known) : value;
}

function addressOf(id: string, known: ContentIds): string {
  const address = known.get(id);
  if (address === undefined) throw errors.unknownContentId(`$${id}`);
  return address;
}
