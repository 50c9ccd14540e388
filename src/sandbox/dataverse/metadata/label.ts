import { namedGuid } from "../guids.ts";
import type { Words } from "../model.ts";

const ENGLISH = 1033;

type Named = { label: string; words?: Words | undefined };

/** Every English label seen, since a description of a table repeats hundreds of them and ids are hashes. */
const known = new Map<string, Record<string, unknown>>();

/** Dataverse's label shape (dataverse.md section 3); an empty label has no user label. The users' language is English. */
export function label(text: string | undefined, words?: Words): Record<string, unknown> {
  if (words !== undefined) return makeLabel(text, words);
  const made = known.get(text ?? "") ?? makeLabel(text);
  known.set(text ?? "", made);
  return made;
}

function makeLabel(text: string | undefined, words: Words = {}): Record<string, unknown> {
  const english = text === undefined || text === "" ? null : localized(text, ENGLISH);
  const others = Object.entries(words).map(([language, each]) => localized(each, Number(language)));
  return { LocalizedLabels: english === null ? others : [english, ...others], UserLocalizedLabel: english };
}

function localized(text: string, language: number): Record<string, unknown> {
  return {
    Label: text,
    LanguageCode: language,
    IsManaged: false,
    MetadataId: namedGuid(language === ENGLISH ? `label ${text}` : `label ${language} ${text}`),
    HasChanged: null,
  };
}

/** The text of a label in a body: the English one, else the first. Undefined when there is none. */
export function labelText(value: unknown): string | undefined {
  const labels = labelsIn(value);
  return (labels.find((each) => each.LanguageCode === ENGLISH) ?? labels[0])?.Label;
}

type Localized = { Label: string; LanguageCode?: unknown };

function labelsIn(value: unknown): Localized[] {
  const labels = (value as { LocalizedLabels?: unknown } | null | undefined)?.LocalizedLabels;
  return Array.isArray(labels) ? labels.filter((each): each is Localized => typeof each?.Label === "string") : [];
}

function wordsIn(value: unknown): Words {
  const words: Words = {};
  for (const { Label, LanguageCode: language } of labelsIn(value)) {
    if (typeof language === "number" && language !== ENGLISH) words[language] = Label;
  }
  return words;
}

/** What the label in a body makes of a new thing's name. */
export function named(value: unknown, fallback: string): Named {
  return renamed({ label: fallback }, value, false);
}

/**
 * A name after an update. A label that is not sent stays as it is; of one that is sent the other languages go, unless
 * labels are merged (UpdateAttributeRequest.MergeLabels).
 */
export function renamed(held: Named, value: unknown, merge: boolean): Named {
  const text = labelText(value);
  if (text === undefined) return { label: held.label, words: held.words };
  const sent = wordsIn(value);
  const words = merge ? { ...held.words, ...sent } : sent;
  const english = labelsIn(value).some((each) => each.LanguageCode === ENGLISH);
  return {
    label: merge && !english ? held.label : text,
    words: Object.keys(words).length > 0 ? words : undefined,
  };
}

/** Dataverse's managed property (dataverse.md section 3): a value, and whether it can be changed. */
export function managed(value: unknown, property: string): Record<string, unknown> {
  return { Value: value, CanBeChanged: true, ManagedPropertyLogicalName: property };
}

/** When a definition was made; what Dataverse delivers dates from 1900. */
export function madeOn(made: number | undefined): string {
  return made === undefined ? "1900-01-01T00:00:00Z" : new Date(made).toISOString().replace(/\.\d+/, "");
}
