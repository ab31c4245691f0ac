// Message styling (XEP-0393) and the /me command (XEP-0245): what a page makes of a text.

import assert from "node:assert/strict";
import { test } from "node:test";

const { actionOf, parseStyling } = await import(new URL("../../pkg/index.js", import.meta.url));

/** Texts as they are, other spans as `[name, …what is in them]`. */
const spans = (found) =>
  found.map((span) => (span.type === "text" ? span.text : [span.type, ...(span.type === "code" ? [span.text] : spans(span.spans))]));
const blocks = (found) =>
  found.map((block) => {
    if (block.type === "quote") return { quote: blocks(block.blocks) };
    return block.type === "preformatted" ? { text: block.text, ...(block.info && { info: block.info }) } : spans(block.spans);
  });
const styled = (body) => blocks(parseStyling(body));
const line = (body) => {
  const [only, ...rest] = styled(body);
  assert.deepEqual(rest, []);
  return only;
};

test("spans are strong, emphasised, struck through or code (XEP-0393, sections 6.2.1 to 6.2.5)", () => {
  for (const [body, ...expected] of [
    ["plain span", "plain span"],
    ["*strong span*", ["strong", "strong span"]],
    ["plain _emphasis_ plain", "plain ", ["emphasis", "emphasis"], " plain"],
    ["Everyone ~dis~likes cake.", "Everyone ", ["strikethrough", "dis"], "likes cake."],
    ["`pre` plain *strong*", ["code", "pre"], " plain ", ["strong", "strong"]],
    ["", ...[]],
  ]) {
    assert.deepEqual(line(body), expected, body);
  }
});

test("spans of different kinds are inside each other, and code has none in it", () => {
  for (const [body, ...expected] of [
    ["*_~x~_*", ["strong", ["emphasis", ["strikethrough", "x"]]]],
    ["*a _b_ c*", ["strong", "a ", ["emphasis", "b"], " c"]],
    ["*`monospace and bold`*", ["strong", ["code", "monospace and bold"]]],
    ["`*monospace*`", ["code", "*monospace*"]],
    ["*a _b*_", ["strong", "a _b"], "_"],
  ]) {
    assert.deepEqual(line(body), expected, body);
  }
});

test("the first directive that can close a span does", () => {
  for (const [body, ...expected] of [
    ["*strong*plain*", ["strong", "strong"], "plain*"],
    ["* plain *strong*", "* plain ", ["strong", "strong"]],
    ["*a * b*", ["strong", "a * b"]],
    ["*a *b*", ["strong", "a *b"]],
  ]) {
    assert.deepEqual(line(body), expected, body);
  }
});

test("a directive that does not keep to the rules is text (XEP-0393, section 6.2)", () => {
  for (const body of ["not strong*", "*not strong", "*not *strong", "**", "***", "****", "**not**", "(*not*)", "a*not*", "*not\u00a0*", "*\u2003not*", "*", "_", "2 * 3 * 4"]) {
    assert.deepEqual(line(body), [body], body);
  }
  assert.deepEqual(styled("*not\nstrong*"), [["*not"], ["strong*"]], "spans do not go over lines");
});

test("any whitespace of Unicode stands before a directive, and pairs of surrogates stay together", () => {
  assert.deepEqual(line("\u3000*a*\u2028_b_"), ["\u3000", ["strong", "a"], "\u2028", ["emphasis", "b"]]);
  assert.deepEqual(line("\u{1f422} *\u{1f422}* \u{1f422}"), ["\u{1f422} ", ["strong", "\u{1f422}"], " \u{1f422}"]);
});

test("each line is a block of its own", () => {
  assert.deepEqual(styled("one\n\n*two*\r\nthree\n"), [["one"], [], [["strong", "two"]], ["three"], []]);
});

test("a preformatted block goes up to its fence, or the end of what is around it (XEP-0393, section 6.1.2)", () => {
  assert.deepEqual(styled("```ignored\n(println \"*Hello*\")\n> no quote\n```\n\nplain"), [{ text: '(println "*Hello*")\n> no quote', info: "ignored" }, [], ["plain"]]);
  assert.deepEqual(styled("> ```\n> (println)\n\nplain"), [{ quote: [{ text: "(println)" }] }, [], ["plain"]]);
  assert.deepEqual(styled("```\nopen\n ```\n```` \n"), [{ text: "open\n ```\n```` \n" }]);
  assert.deepEqual(styled("a ```\nb"), [["a ```"], ["b"]]);
  assert.deepEqual(styled("```"), [{ text: "" }]);
});

test("quotes have blocks in them, and lose their first space (XEP-0393, section 6.1.3)", () => {
  assert.deepEqual(styled("> That that is, is.\n\nSaid the old hermit"), [{ quote: [["That that is, is."]] }, [], ["Said the old hermit"]]);
  assert.deepEqual(styled(">> That that is, is.\n> Said\nWho?"), [{ quote: [{ quote: [["That that is, is."]] }, ["Said"]] }, ["Who?"]]);
  assert.deepEqual(styled(">  *a*\n>\n> > b"), [{ quote: [[" ", ["strong", "a"]], [], { quote: [["b"]] }] }]);
  assert.deepEqual(styled(" > no quote"), [[" > no quote"]]);
  assert.deepEqual(styled("> _ <"), [{ quote: [["_ <"]] }]);
});

test("every character of a text is in its blocks", () => {
  const textOf = (found) => found.map((span) => (span.type === "text" ? span.text : span.mark + (span.type === "code" ? span.text : textOf(span.spans)) + span.mark)).join("");
  let seed = 1;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 5_000; round += 1) {
    const body = Array.from({ length: random(24) }, () => "**__~~``ab \u00a0"[random(12)]).join("");
    // Not what begins a block that has no lines in it.
    const found = parseStyling(`a${body}`);
    assert.equal(textOf(found[0].spans), `a${body}`);
  }
});

test("hostile texts come back whole, however long and deep they are", () => {
  const LONG = 200_000;
  for (const piece of ["*", "**", "*a ", "a* ", " *a _b ~c `d", "*_~`", ">", "> ", ">\n", "```\n", "*a* ", "*a _b* c_ ", "*a\n", "\ud83d"]) {
    const found = parseStyling(piece.repeat(LONG / piece.length).replaceAll("\ud83d", "\u{1f422}"));
    assert.ok(found.length > 0, piece);
  }
  let depth = 0;
  for (let found = parseStyling(">".repeat(10_000)); found[0].type === "quote"; found = found[0].blocks) depth += 1;
  assert.equal(depth, 16);
});

test("what is not a text is refused", () => {
  for (const wrong of [undefined, null, 7, {}, ["*a*"]]) {
    assert.throws(() => parseStyling(wrong), { code: "invalid-argument" });
    assert.throws(() => actionOf(wrong), { code: "invalid-argument" });
  }
});

test("an action begins with /me and a space (XEP-0245, section 2)", () => {
  assert.equal(actionOf("/me shrugs in disgust"), "shrugs in disgust");
  assert.equal(actionOf("/me "), "");
  for (const body of ["/meshrugs in disgust", "/me's disgusted", " /me shrugs", '"/me shrugs"', "* Atlas shrugs", "/me", "/ME shrugs", "/me\tshrugs", "> /me shrugs"]) {
    assert.equal(actionOf(body), undefined, body);
  }
});
