// A real Firefox, over WebDriver BiDi: Playwright drives none but its own.
//
//   const firefox = await launch({ files });                 // as in browser.mjs
//   const page = await firefox.newPage();                    // a Puppeteer page
//   await firefox.close();
//
// The browser is $FIREFOX, or the first Firefox on the PATH.

import puppeteer from "puppeteer-core";
import { findBrowser } from "./browser.mjs";
import { serve } from "./static-server.mjs";

const BLANK = "/tests/browser/blank.html";

/** Starts the browser and the server of the pages. */
export async function launch({ csp, routes, files } = {}) {
  const executablePath = findBrowser("Firefox", "FIREFOX", ["firefox-esr", "firefox"]);
  const site = await serve({ csp, routes, files });
  try {
    const browser = await puppeteer.launch({ browser: "firefox", protocol: "webDriverBiDi", executablePath, headless: true });
    return new TestFirefox(browser, site);
  } catch (error) {
    await site.close();
    throw error;
  }
}

class TestFirefox {
  constructor(browser, site) {
    /** The Puppeteer browser. */
    this.browser = browser;
    /** The server of the pages: `site.url`. */
    this.site = site;
  }

  async newPage({ path = BLANK } = {}) {
    const page = await this.browser.newPage();
    await page.goto(this.site.url + path);
    return page;
  }

  async close() {
    await this.browser.close();
    await this.site.close();
  }
}
