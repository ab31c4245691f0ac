// XML for reading: indented, with names, attributes and text told apart by colour.

import { h } from "./dom.js";

const INDENT = "  ";
const LONGEST_TEXT = 4000; // an avatar in base64 would bury the rest

/**
 * @param {string} xml  one stanza
 * @returns {DocumentFragment}  only text nodes and spans
 */
export function prettyXml(xml) {
  const fragment = document.createDocumentFragment();
  // A document parsed as XML runs no script and loads nothing.
  const parsed = new DOMParser().parseFromString(xml, "text/xml");
  if (parsed.querySelector("parsererror")) fragment.append(xml);
  else writeElement(fragment, parsed.documentElement, "");
  return fragment;
}

function writeElement(out, element, indent) {
  out.append(`${indent}<`, mark("name", element.tagName));
  for (const { name, value } of element.attributes) {
    out.append(" ", mark("attribute", name), "=", mark("value", `"${escape(value).replaceAll('"', "&quot;")}"`));
  }
  if (!element.hasChildNodes()) {
    out.append("/>");
    return;
  }
  out.append(">");
  const children = [...element.childNodes];
  const isMixed = children.some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
  for (const child of children) {
    if (child.nodeType !== Node.ELEMENT_NODE) {
      // White space between elements is replaced by ours; all other text is shown as it is.
      if (isMixed) out.append(mark("text", shorten(escape(child.data))));
      continue;
    }
    if (!isMixed) out.append("\n");
    writeElement(out, child, isMixed ? "" : indent + INDENT);
  }
  if (!isMixed) out.append(`\n${indent}`);
  out.append("</", mark("name", element.tagName), ">");
}

const mark = (kind, text) => h("span", { class: `xml-${kind}` }, text);

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const shorten = (text) => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)` : text);
