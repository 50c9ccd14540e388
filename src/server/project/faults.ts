import type { z } from "zod";
import { catalogue, type ErrorCode } from "../../core/catalogue.ts";
import { SluiceError } from "../../core/errors.ts";
import { didYouMean, nearest } from "../../core/nearest.ts";
import type { Path, ProjectDocument } from "./document.ts";
import { keysAt } from "./keys.ts";

type Issue = z.core.$ZodIssue;

/** Makes a fault at a path of a document. */
export function faultAt(
  document: ProjectDocument,
  path: Path,
  message: string,
  code: ErrorCode = "yaml_invalid",
  remedy: string = catalogue[code].remedy,
): SluiceError {
  return new SluiceError(code, message, { place: document.place(path), remedy });
}

/** What a schema found wrong, before it has a place: a path inside the value that was checked, and a sentence. */
export type Finding = { path: Path; message: string };

/**
 * Every issue of a failed zod check as a sentence for the person who wrote the file, each mistake told once: a
 * misspelt key is not also told as its missing right spelling. Values are never repeated where `secret` says so.
 */
export function findings(schema: z.ZodType, value: unknown, issues: readonly Issue[], secret = false): Finding[] {
  const flat = issues.flatMap((issue) => flatten(issue, value));
  const misspelt = new Set<string>();
  const strangers = new Set<string>();
  for (const issue of flat) {
    if (issue.code !== "unrecognized_keys") continue;
    strangers.add(issue.path.join("/"));
    for (const key of issue.keys) {
      const meant = nearest(key, keysAt(schema, issue.path), 1)[0];
      if (meant) misspelt.add([...issue.path, meant].join("/"));
    }
  }
  return flat.flatMap((issue): Finding[] => {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    const at = path.join("/");
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
    }
    if (misspelt.has(at) && valueAt(value, path) === undefined) return [];
    if (issue.code === "custom" && strangers.has(at)) return [];
    // What is missing is most likely what an unknown key beside it was meant to be.
    const beside = path.slice(0, -1).join("/");
    if (issue.code === "custom" && strangers.has(beside) && valueAt(value, path) === undefined) return [];
    return [{ path, message: say(issue, path, valueAt(value, path), secret) }];
  });
}

function unknownKey(key: string, known: string[]): string {
  if (known.includes(key)) return `\`${key}\` cannot stand beside the other keys here; say one or the other.`;
  const offer = didYouMean(key, known);
  if (offer) return `\`${key}\` is not known here${offer}`;
  return `\`${key}\` is not known here${known.length > 0 ? `; what may stand here: ${known.join(", ")}.` : "."}`;
}

/**
 * A union fails with one list of issues for each of its shapes: the shape that the value was meant to have speaks, which
 * is the one that knows most of its keys. What else that shape wants is not told beside a key that nobody knows.
 */
function flatten(issue: Issue, value: unknown): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const [meant = []] = issue.errors
    .filter((issues) => !issues.some((inner) => inner.path.length === 0 && isTypeFault(inner)))
    .toSorted((a, b) => unknownKeys(a) - unknownKeys(b));
  if (meant.length === 0) return [issue];
  const whole = meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  const told = unknownKeys(meant) > 0 ? whole.filter(({ path }) => valueAt(value, path) !== undefined) : whole;
  return told.flatMap((inner) => flatten(inner, value));
}

const unknownKeys = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 0), 0);

const isTypeFault = (issue: Issue) => issue.code === "invalid_type" || issue.code === "invalid_union";

function say(issue: Issue, path: Path, value: unknown, secret: boolean): string {
  const name = nameOf(path);
  // A rule of its own says what is missing better than its name does.
  if (value === undefined && path.length > 0 && issue.code !== "custom") return `${name} is missing.`;
  if (value === null) return path.length === 0 ? "The file is empty." : `${name} has no value.`;
  switch (issue.code) {
    case "invalid_type":
      return `${name} must be ${typeWords[issue.expected] ?? issue.expected}, not ${kindOf(value)}${isUnquoted(issue, value) ? "; put it in quotes" : ""}.`;
    case "invalid_union":
      return `${name} cannot be ${kindOf(value)}; it is ${shapes(issue)}.`;
    case "invalid_value": {
      const allowed = issue.values.map(String);
      const found = secret || typeof value === "object" ? "what it is" : `\`${String(value)}\``;
      const offer = typeof value === "string" && !secret ? didYouMean(value, allowed) : "";
      return `${name} cannot be ${found}${offer || `; allowed: ${allowed.join(", ")}.`}`;
    }
    case "too_small":
      return typeof value === "number"
        ? `${name} must be at least ${issue.minimum}, not ${value}.`
        : `${name} must not be empty.`;
    default:
      return `${name}: ${issue.message}${/[.!?]$/.test(issue.message) ? "" : "."}`;
  }
}

/** The key at fault; an element of a list goes by the list's name. */
function nameOf(path: Path): string {
  const key = path.findLast((step) => typeof step === "string");
  const element = path.at(-1);
  if (key === undefined) return "The file";
  return typeof element === "number" ? `\`${key}\` (number ${element + 1})` : `\`${key}\``;
}

/** YAML reads an unquoted text of digits as a number. */
const isUnquoted = (issue: Extract<Issue, { code: "invalid_type" }>, value: unknown) =>
  issue.expected === "string" && ["number", "boolean"].includes(typeof value);

const typeWords: Record<string, string> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  object: "a list of `key: value` lines",
  record: "a list of `key: value` lines",
  array: "a list",
};

function shapes(issue: Extract<Issue, { code: "invalid_union" }>): string {
  const words = issue.errors.flatMap((issues) =>
    issues.flatMap((inner) => (inner.code === "invalid_type" ? [typeWords[inner.expected] ?? inner.expected] : [])),
  );
  return [...new Set(words)].join(" or ") || "of another form";
}

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a list of `key: value` lines";
  return typeof value === "string" ? "text" : typeof value === "boolean" ? "true or false" : `a ${typeof value}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (at === null || typeof at !== "object") return undefined;
    at = (at as Record<string, unknown>)[step as string];
  }
  return at;
}
