// Message styling (XEP-0393, version 1.1.1) and the /me command (XEP-0245, version 1.0), for whoever shows a text.
//
// All of a text is read once for each kind of directive, and quotes are opened only so deep: what a stranger writes costs no more than its length.

import { text } from "./check.js";

/** Quotes inside each other; what is deeper stays text. */
const DEEPEST = 16;

/** XEP-0393, section 4. */
const WHITESPACE = /[\p{White_Space}\p{Z}]/u;
const TYPES = { "*": "strong", _: "emphasis", "~": "strikethrough", "`": "code" };
const FENCE = "```";

export function parseStyling(body) {
  return blocksOf(text(body, "body").split(/\r?\n/), 0);
}

/** What follows `/me `, if the text begins with that. */
export function actionOf(body) {
  return text(body, "body").startsWith("/me ") ? body.slice(4) : undefined;
}

/** XEP-0393, section 6.1. */
function blocksOf(lines, depth) {
  const blocks = [];
  const isQuoted = (line) => depth < DEEPEST && line.startsWith(">");
  let at = 0;
  while (at < lines.length) {
    const first = lines[at];
    let end = at + 1;
    if (first.startsWith(FENCE)) {
      while (end < lines.length && lines[end] !== FENCE) end += 1;
      const block = { type: "preformatted", text: lines.slice(at + 1, end).join("\n") };
      const info = first.slice(FENCE.length).trim();
      if (info) block.info = info;
      blocks.push(block);
      // The fence that ends it, or the end of what is around it.
      end += 1;
    } else if (isQuoted(first)) {
      while (end < lines.length && isQuoted(lines[end])) end += 1;
      const inside = lines.slice(at, end).map((line) => line.slice(line.length > 1 && WHITESPACE.test(line[1]) ? 2 : 1));
      blocks.push({ type: "quote", blocks: blocksOf(inside, depth + 1) });
    } else {
      blocks.push({ type: "paragraph", spans: spansOf(first) });
    }
    at = end;
  }
  return blocks;
}

/**
 * XEP-0393, section 6.2. `outer` is the directive that the line stands in: an opening one may follow another one, but not the same. Since the
 * first that can close a span does, what is in it never has one of its own kind, and spans are no deeper than there are kinds.
 */
function spansOf(line, outer) {
  const spans = [];
  // Directives that nothing in the rest of the line closes.
  const unclosed = new Set();
  let plainFrom = 0;
  const endPlain = (end) => {
    if (end > plainFrom) spans.push({ type: "text", text: line.slice(plainFrom, end) });
  };
  let at = 0;
  while (at < line.length) {
    const mark = line[at];
    const isOpening = mark in TYPES && mark !== outer && !unclosed.has(mark) && (at === 0 || WHITESPACE.test(line[at - 1]));
    if (!isOpening || at + 1 === line.length || WHITESPACE.test(line[at + 1])) {
      at += 1;
      continue;
    }
    // There has to be text between them, or both mean nothing.
    if (line[at + 1] === mark) {
      at += 2;
      continue;
    }
    const end = closingOf(line, mark, at + 2);
    if (end < 0) {
      unclosed.add(mark);
      at += 1;
      continue;
    }
    endPlain(at);
    const inside = line.slice(at + 1, end);
    const type = TYPES[mark];
    spans.push(type === "code" ? { type, mark, text: inside } : { type, mark, spans: spansOf(inside, mark) });
    at = plainFrom = end + 1;
  }
  endPlain(line.length);
  return spans;
}

/** The first directive from there on that has no whitespace before it. */
function closingOf(line, mark, from) {
  let end = line.indexOf(mark, from);
  while (end >= 0 && WHITESPACE.test(line[end - 1])) end = line.indexOf(mark, end + 1);
  return end;
}
