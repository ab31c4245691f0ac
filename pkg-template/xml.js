// The escaping tag for request() and sendRaw().

import { text } from "./check.js";
import { invalid } from "./error.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;" };

/** XML that is already escaped. */
class Xml {
  constructor(source) {
    this.source = source;
  }

  toString() {
    return this.source;
  }
}

/** Escapes what is inserted, for text and for attributes in either kind of quotes; nested results are taken as they are. */
export function xml(strings, ...values) {
  if (!Array.isArray(strings?.raw)) throw invalid("xml is a tag: write xml`<a b=${c}/>` without parentheses");
  return new Xml(strings.reduce((source, part, index) => source + insert(values[index - 1], index) + part));
}

/** The text of an argument that is XML. */
export function sourceOf(value) {
  return value instanceof Xml ? value.source : text(value, "xml");
}

function insert(value, index) {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Xml) return value.source;
  if (Array.isArray(value)) return value.map((item) => insert(item, index)).join("");
  if (typeof value === "object" || typeof value === "function" || typeof value === "symbol") {
    throw invalid(`value ${index} of the xml tag is a ${typeof value}`, "Insert strings, numbers, booleans, xml`` or arrays of them.");
  }
  // Line ends and tabs as references: an attribute would lose them, and text a carriage return (XML 1.0, 2.11 and 3.3.3).
  return text(String(value), `value ${index} of the xml tag`).replace(/[&<>"'\t\n\r]/g, (character) => ESCAPES[character]);
}
