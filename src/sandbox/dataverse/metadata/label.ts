import { namedGuid } from "../guids.ts";

const ENGLISH = 1033;

/** Every label text seen, since a description of a table repeats hundreds of them and ids are hashes. */
const known = new Map<string, Record<string, unknown>>();

/** Dataverse's label shape (dataverse.md section 3); an empty label has no user label. */
export function label(text: string | undefined): Record<string, unknown> {
  const made = known.get(text ?? "") ?? makeLabel(text);
  known.set(text ?? "", made);
  return made;
}

function makeLabel(text: string | undefined): Record<string, unknown> {
  if (text === undefined || text === "") return { LocalizedLabels: [], UserLocalizedLabel: null };
  const one = {
    Label: text,
    LanguageCode: ENGLISH,
    IsManaged: false,
    MetadataId: namedGuid(`label ${text}`),
    HasChanged: null,
  };
  return { LocalizedLabels: [one], UserLocalizedLabel: one };
}

/** The text of a label in a body: the English one, else the first. Undefined when there is none. */
export function labelText(value: unknown): string | undefined {
  const labels = (value as { LocalizedLabels?: unknown } | null | undefined)?.LocalizedLabels;
  if (!Array.isArray(labels)) return undefined;
  const found = labels.find((each) => each?.LanguageCode === ENGLISH) ?? labels[0];
  return typeof found?.Label === "string" ? found.Label : undefined;
}

/** Dataverse's managed property (dataverse.md section 3): a value, and whether it can be changed. */
export function managed(value: unknown, property: string): Record<string, unknown> {
  return { Value: value, CanBeChanged: true, ManagedPropertyLogicalName: property };
}

/** When a definition was made; what Dataverse delivers dates from 1900. */
export function madeOn(made: number | undefined): string {
  return made === undefined ? "1900-01-01T00:00:00Z" : new Date(made).toISOString().replace(/\.\d+/, "");
}
