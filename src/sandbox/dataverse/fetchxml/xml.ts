import { SaxesParser } from "saxes";
import { escapeXml } from "../../escape-xml.ts";
import { fetchErrors } from "./errors.ts";

/** An element as it stands in the document; `text` is what stands directly in it. */
export type XmlElement = { name: string; attributes: Map<string, string>; children: XmlElement[]; text: string };

/** Deeper than any real query, and far from the end of the stack. */
const MAX_DEPTH = 60;

/** Parses one document. Entities other than XML's own five are errors, so nothing expands. Throws 400 otherwise. */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  parser.on("error", (error) => {
    throw fetchErrors.invalidXml(error.message);
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element: XmlElement = { name, attributes: new Map(Object.entries(attributes)), children: [], text: "" };
    if (open.length >= MAX_DEPTH) throw fetchErrors.invalidXml(`Elements are nested deeper than ${MAX_DEPTH}.`);
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const take = (text: string) => {
    const element = open.at(-1);
    if (element) element.text += text;
  };
  parser.on("text", take);
  parser.on("cdata", take);
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(text).close();
  if (!root) throw fetchErrors.invalidXml("Root element is missing.");
  return root;
}

/** The element as XML again, for the `NodeXml` of error texts; long ones are cut off. */
export function outerXml(element: XmlElement): string {
  const text = written(element);
  return text.length > 500 ? `${text.slice(0, 500)}...` : text;
}

function written({ name, attributes, children, text }: XmlElement): string {
  const head = [name, ...[...attributes].map(([key, value]) => `${key}="${escapeXml(value)}"`)].join(" ");
  const inside = escapeXml(text.trim()) + children.map(written).join("");
  return inside === "" ? `<${head} />` : `<${head}>${inside}</${name}>`;
}
