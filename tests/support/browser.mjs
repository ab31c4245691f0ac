// A real Chromium, and pages that have the package loaded.
//
//   import * as browser from "../support/browser.mjs";
//
//   let chromium;
//   before(async () => { chromium = await browser.launch(); });
//   after(() => chromium?.close());
//
//   test("a client is offline at first", async () => {
//     const page = await chromium.newPage();                   // a Playwright page; `waxwing` is a global in it
//     const state = await page.evaluate((jid) => new waxwing.Client({ jid }).state, "romeo@localhost");
//     assert.equal(state, "offline");
//     page.assertNoErrors();                                   // no console error, nothing uncaught; takes exceptions:
//     page.assertNoErrors(/WebSocket connection to .* failed/);
//     await page.close();
//   });
//
// launch({ csp, routes, files }) goes to static-server.mjs; `args` are more flags of Chromium. newPage({ path: "/", context, waxwing: false }): another
// page than the blank one; inside a context of yours (each page has a fresh one: storage of its own); without the
// package. The browser is $CHROMIUM, or the first Chromium or Chrome on the PATH.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./static-server.mjs";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const BLANK = "/tests/browser/blank.html";
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/** Starts the browser and the server of the pages. */
export async function launch({ csp, routes, files, args = [] } = {}) {
  const site = await serve({ csp, routes, files });
  try {
    const isRoot = process.getuid?.() === 0;
    const browser = await chromium.launch({
      executablePath: findBrowser("Chromium", "CHROMIUM", PROGRAMS),
      headless: true,
      // Pages of today come back from there; Playwright would turn it off.
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
      chromiumSandbox: !isRoot,
      args: [...FLAGS, ...(isRoot ? ["--no-sandbox"] : []), ...args],
    });
    return new TestBrowser(browser, site);
  } catch (error) {
    await site.close();
    throw error;
  }
}

class TestBrowser {
  constructor(browser, site) {
    /** The Playwright browser. */
    this.browser = browser;
    /** The server of the pages: `site.url`. */
    this.site = site;
  }

  /** A Playwright page with `errors` and `assertNoErrors()`; see above. */
  async newPage({ path = BLANK, context, waxwing = true } = {}) {
    const page = await (context ?? (await this.browser.newContext())).newPage();
    watch(page);
    await page.goto(this.site.url + path);
    if (waxwing) await page.evaluate(() => import("/pkg/index.js").then((module) => void (globalThis.waxwing = module)));
    return page;
  }

  async close() {
    await this.browser.close();
    await this.site.close();
  }
}

/**
 * Prosody 13 answers our `<close/>` behind its own WebSocket close frame, where both of ours came in one read: when a client connects again
 * at once, which closes the socket before. Chromium says so in the console, and nothing else comes of it.
 */
const LATE_FAREWELL = /Data frame received after close/;

/** Collects what goes wrong in a page: console errors, uncaught exceptions, unhandled rejections. */
function watch(page) {
  page.errors = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !LATE_FAREWELL.test(message.text())) page.errors.push(message.text());
  });
  page.on("pageerror", (error) => page.errors.push(`uncaught: ${error.stack ?? error}`));
  page.on("crash", () => page.errors.push("the page crashed"));
  page.assertNoErrors = (...expected) => {
    const unexpected = page.errors.filter((text) => !expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "the page reported errors");
  };
}

/** The program of a browser: what the variable says, or the first of the names on the PATH. */
export function findBrowser(name, variable, programs) {
  if (process.env[variable]) return process.env[variable];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = programs.flatMap((program) => folders.map((folder) => join(folder, program))).find((file) => existsSync(file));
  if (!found) throw new Error(`${name} is missing: run \`cargo xtask setup\`.`);
  return found;
}
