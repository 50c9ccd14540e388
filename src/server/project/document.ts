import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { type Place, SluiceError } from "../../core/errors.ts";

export type Path = readonly (string | number)[];

/** One YAML file of the project: its plain value, and where in the file each path of keys stands. */
export type ProjectDocument = {
  /** Relative to the project folder, with forward slashes: what people are shown. */
  file: string;
  value: unknown;
  /** The place of a path; where the file ends before the path does, the last part that exists is meant. */
  place(path: Path): Place;
};

/**
 * Reads one YAML file. Errors: `yaml_syntax` with the line, also for a doubled key, a second document, an unknown tag
 * or a file that is not UTF-8.
 */
export function readDocument(root: string, file: string): ProjectDocument {
  const bytes = readFileSync(join(root, file));
  const text = decode(bytes, file);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, strict: true, version: "1.2" });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const line = counter.linePos(fault.pos[0]).line;
    throw new SluiceError("yaml_syntax", `${file} is not valid YAML in line ${line}: ${sentence(fault.message)}`, {
      place: { file, line },
    });
  }
  const lineAt = (node: Node | null) => (node?.range ? counter.linePos(node.range[0]).line : 1);
  return {
    file,
    value: plain(document, file),
    place: (path) => ({ file, line: lineAt(findNode(document.contents, path)), path }),
  };
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const remedy = "Save the file as UTF-8.";
    throw new SluiceError("yaml_syntax", `${file} is not UTF-8 text.`, { place: { file, line: 1 }, remedy, cause });
  }
}

/** Aliases are resolved here; too many of them, or one without its anchor, is a fault of the file. */
function plain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError("yaml_syntax", `${file} is not valid YAML: ${sentence(text)}`, { place: { file }, cause });
  }
}

/** The key's node where the path ends at a key, so that the line is the one a person sees the key in. */
function findNode(root: unknown, path: Path): Node | null {
  let at: Node | null = isNode(root) ? root : null;
  let inside: unknown = root;
  for (const step of path) {
    if (isMap(inside)) {
      const pair = inside.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) break;
      at = isNode(pair.key) ? pair.key : at;
      inside = pair.value;
    } else if (isSeq(inside)) {
      inside = inside.items[Number(step)];
      if (!isNode(inside)) break;
      at = inside;
    } else break;
  }
  return at;
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
