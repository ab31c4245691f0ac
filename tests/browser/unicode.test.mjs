// JIDs and passwords in the browser come out as they do natively, where the tables of the crates `jid` and `stringprep` are: for all of
// Unicode, each code point alone and among others, and for JIDs in the scripts of the world (crates/unicode/src/corpus.rs).
//
// What differs is listed here, and explained. It has to do with new versions of Unicode only: a code point that the reference knows and the browser does
// not is refused in the browser. Nothing is ever accepted that the reference refuses, nor normalised another way.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import * as chromium from "../support/browser.mjs";
import * as firefox from "../support/firefox.mjs";

/** Where `cargo xtask test` puts the module and the program. */
const PROBE = process.env.WAXWING_UNICODE_PROBE;
const MODULE = "/waxwing_unicode_probe.js";
const WASM = "/waxwing_unicode_probe_bg.wasm";
const BLOCK = 256;
const TEST_MS = 300_000;

/** What Unicode 18 added, and the browsers of today, with Unicode 17, do not know. */
const NEW = {
  // Letters and signs that stand for others, which Unicode 3.2 knew, so that even stringprep allows them.
  mapped: "0558 058B-058C 209D-209F 107BB-107BE 1B123-1B126 1D6A6 1DF95 1DFD0 1DFD2-1DFD6 1DFDC-1DFDD 1DFE2 1DFE6 1DFEB-1DFEC 1DFF3-1DFF4 1DFFA-1DFFE",
  // In Punycode they never come to stringprep: IDNA alone decides.
  inLabels:
    "05C8-05C9 0B53-0B54 1ADE-1ADF 1AEC-1AF0 208F 20C2-20C4 2E60-2E63 10EC9-10ECF 10ED9-10EF9 11B0A 11DF0-11DF1 1246F 12475-1247F 12550-12686 " +
    "18CD6-18CDA 18D1F-18D20 18E00-19191 191A0-191D2 1B127-1B128 1B168 1CED2-1CED4 1CEDD-1CEDF 1CEF1-1CEFD 1D127-1D128 1D1EB-1D1FF 1D250-1D281 " +
    "1DB00-1DB1C 1DF1F-1DF24 1DF2B-1DF3F 1DF41-1DF47 1DF49 1DF4B-1DF4C 1DF4E-1DF50 1DF52-1DF67 1DF69 1DF6B 1DF6D 1DF6F-1DF71 1DF73 1DF75 1DF77 " +
    "1DF79 1DF7B 1DF7D 1DF7F-1DF81 1DF90-1DF94 1DF96 1F1AE 1F6D9 1F7DA-1F7DB 1F7F1-1F7FF 1FA8B-1FA8D 1FACC 1FADD 1FAEB 1FAF9-1FAFA",
};

/** What a part that is not valid comes out as. */
const REFUSALS = { local: "!Local", domain: "!Domain", resource: "!Resource", password: "!Prohibited" };

const reference = {};

before(async () => {
  assert.ok(PROBE, "run it by `cargo xtask test browser -- unicode`, which builds what it needs");
  reference.series = lines(await native("series")).map((line) => line.split("\t"));
  reference.sums = lines(await native("sums")).map((line) => line.split(" "));
  reference.jids = lines(await native("jids"));
});

describe("all of Unicode comes out in a browser as it does natively, but for what is newer than the browser", { concurrency: true }, () => {
  test("in Chromium", { timeout: TEST_MS }, () => compare(chromium, "Chromium"));
  test("in Firefox", { timeout: TEST_MS }, () => compare(firefox, "Firefox"));
});

async function compare(support, name) {
  const files = Object.fromEntries([MODULE, WASM].map((file) => [file, readFileSync(join(PROBE, file))]));
  const browser = await support.launch({ files });
  try {
    const page = await browser.newPage({ waxwing: false });
    await page.evaluate(loadProbe, [MODULE, WASM]);
    assert.deepEqual(lines(await page.evaluate(() => probe.jids())), reference.jids);

    const isNew = new Set(await page.evaluate(unassigned, Object.values(NEW).flatMap(codePoints)));
    const [found, expected] = [[], []];
    for (const [number, [part, context]] of reference.series.entries()) {
      const sums = (await page.evaluate((number) => probe.sums(number).join(" "), number)).split(" ");
      const listed = codePoints(context.includes("A-label") ? NEW.inLabels : NEW.mapped).filter((code) => isNew.has(code));
      const differing = sums.flatMap((sum, block) => (sum === reference.sums[number][block] ? [] : [block]));
      const blocks = [...new Set([...differing, ...listed.map((code) => Math.floor(code / BLOCK))])];
      const natively = outcomes(await native("outcomes", String(number), ...blocks.map(String)));
      const here = outcomes(await page.evaluate(outcomesOf, [number, blocks]));
      const about = (code, outcome) => `${part}, ${context}, U+${code.toString(16)}: ${outcome} in place of ${natively.get(code)}`;
      for (const [code, outcome] of here) if (outcome !== natively.get(code)) found.push(about(code, outcome));
      for (const code of listed) if (isAccepted(natively.get(code))) expected.push(about(code, REFUSALS[part]));
    }
    assert.deepEqual(found.sort(), expected.sort(), `in ${name}`);
  } finally {
    await browser.close();
  }
}

/** Runs in the page. */
async function loadProbe([module, wasm]) {
  globalThis.probe = await import(module);
  await probe.default({ module_or_path: wasm });
}

/** Runs in the page. */
function outcomesOf([series, blocks]) {
  return blocks.map((block) => probe.outcomes(series, block)).join("");
}

/** Runs in the page: those of the code points that its version of Unicode does not know. */
function unassigned(codes) {
  return codes.filter((code) => /\p{Cn}/u.test(String.fromCodePoint(code)));
}

function isAccepted(outcome) {
  return outcome !== undefined && !outcome.startsWith("!");
}

/** The numbers in a list such as `41 43-45`. */
function codePoints(list) {
  return list.split(" ").flatMap((range) => {
    const [first, last = first] = range.split("-").map((code) => Number.parseInt(code, 16));
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function lines(text) {
  return text.trimEnd().split("\n");
}

/** Code points and what becomes of them, out of lines of both. */
function outcomes(text) {
  const entries = lines(text).filter((line) => line !== "").map((line) => line.split("\t"));
  return new Map(entries.map(([code, outcome]) => [Number.parseInt(code, 16), outcome]));
}

/** What the reference writes. */
async function native(...words) {
  const { stdout } = await promisify(execFile)(join(PROBE, "reference"), words, { maxBuffer: 1 << 30 });
  return stdout;
}
