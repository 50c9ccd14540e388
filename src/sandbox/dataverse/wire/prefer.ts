/** What a client prefers (dataverse.md section 1), and which of it was honoured, for `Preference-Applied`. */
export type Preferences = {
  representation: boolean;
  maxPageSize: number | undefined;
  trackChanges: boolean;
  /** The annotation list as it was sent, without quotes; undefined when none is wanted. */
  annotations: string | undefined;
  wants(annotation: string): boolean;
};

const PREFERENCE = /([\w.-]+)(?:\s*=\s*("[^"]*"|[^,;\s]*))?/g;

/** Parses `Prefer`: one comma list or several headers joined by commas. */
export function parsePrefer(text: string | undefined): Preferences {
  const found = new Map<string, string>();
  for (const [, name, value = ""] of (text ?? "").matchAll(PREFERENCE)) {
    found.set(name!.toLowerCase(), value.replaceAll('"', ""));
  }
  const size = Number(found.get("odata.maxpagesize"));
  const annotations = found.get("odata.include-annotations");
  const patterns = (annotations ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map(patternOf)
    .sort((a, b) => b.weight - a.weight || Number(a.included) - Number(b.included));
  return {
    representation: found.get("return") === "representation",
    maxPageSize: Number.isInteger(size) && size > 0 ? Math.min(size, 5000) : undefined,
    trackChanges: found.has("odata.track-changes"),
    annotations,
    wants: (annotation) => patterns.find(({ text }) => matches(text, annotation))?.included ?? false,
  };
}

/** One pattern of odata.include-annotations. Of those that fit a name the one with the greatest weight counts. */
type Pattern = { text: string; included: boolean; weight: number };

/**
 * `-` in front excludes; a full name goes before a pattern and a longer pattern before a shorter one, whatever their
 * order. Source: OData 4.01 part 1, "Preference include-annotations", which leaves open what becomes of the same one
 * both excluded and included: here it is excluded. Also ODataPreferenceHeader.AnnotationFilter on learn.microsoft.com.
 */
function patternOf(pattern: string): Pattern {
  const included = !pattern.startsWith("-");
  const text = included ? pattern : pattern.slice(1);
  const weight = text.includes("*") ? text.replaceAll("*", "").length : Number.POSITIVE_INFINITY;
  return { text, included, weight };
}

/** `*` stands for anything, at the end or inside. */
function matches(pattern: string, name: string): boolean {
  if (pattern === "*") return true;
  if (!pattern.includes("*")) return pattern === name;
  const parts = pattern.split("*");
  let at = 0;
  for (const [n, part] of parts.entries()) {
    const found = n === 0 ? (name.startsWith(part) ? 0 : -1) : name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return parts.at(-1) === "" || at === name.length;
}
