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

/**
 * Escapes what is inserted, for text and for attributes in either kind of quotes; nested results are taken as they are.
 * `a=${b}` gets the quotes that it lacks, and an attribute without a value is left out.
 */
export function xml(strings, ...values) {
  if (!Array.isArray(strings?.raw)) throw invalid("xml is a tag: write xml`<a b=${c}/>` without parentheses");
  let source = "";
  let place = "";
  strings.forEach((part, index) => {
    source += part;
    if (index === values.length) return;
    place = placeAfter(part, place);
    const inserted = insert(values[index], index + 1);
    if (place !== "<" || !part.endsWith("=")) source += inserted;
    else if (isNothing(values[index])) source = source.replace(/\s*[^\s<"']+=$/, "");
    else source += `"${inserted}"`;
  });
  return new Xml(source);
}

/** The text of an argument that is XML. */
export function sourceOf(value) {
  return value instanceof Xml ? value.source : text(value, "xml");
}

/** Where the next value stands: in text (""), in a tag ("<"), or in an attribute's quotes (the quote). */
function placeAfter(part, place) {
  for (const character of part) {
    if (place === "") place = character === "<" ? "<" : "";
    else if (place !== "<") place = character === place ? "<" : place;
    else if (character === '"' || character === "'") place = character;
    else if (character === ">") place = "";
  }
  return place;
}

/** An element as plain data, as the package hands them out. */
function isStanza(value) {
  return typeof value?.name === "string" && typeof value.xmlns === "string" && Array.isArray(value.children);
}

function element({ name, xmlns, attrs, children }, number) {
  const attributes = Object.entries({ xmlns, ...attrs }).map(([key, value]) => ` ${key}="${insert(value, number)}"`);
  return `<${name}${attributes.join("")}>${insert(children, number)}</${name}>`;
}

function isNothing(value) {
  return value === undefined || value === null || value === false;
}

function insert(value, number) {
  if (isNothing(value)) return "";
  if (value instanceof Xml) return value.source;
  if (Array.isArray(value)) return value.map((item) => insert(item, number)).join("");
  if (isStanza(value)) return element(value, number);
  if (typeof value === "object" || typeof value === "function" || typeof value === "symbol") {
    throw invalid(`value ${number} of the xml tag is of type ${typeof value}`, "Insert strings, numbers, booleans, xml``, elements as plain data, or arrays of them.");
  }
  // Line ends and tabs as references: an attribute would lose them, and text a carriage return (XML 1.0, 2.11 and 3.3.3).
  return text(String(value), `value ${number} of the xml tag`).replace(/[&<>"'\t\n\r]/g, (character) => ESCAPES[character]);
}
