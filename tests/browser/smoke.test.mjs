// The ground that the other browser tests stand on: a page, a server, and a socket between them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

let chromium;
let server;

before(async () => {
  [chromium, server] = await Promise.all([browser.launch(), prosody.start()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** Runs in the page: opens a raw stream and resolves with the features that the server offers. */
function streamFeatures({ url, domain }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "xmpp");
    socket.onopen = () => socket.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`);
    socket.onerror = () => reject(new Error("the socket failed"));
    socket.onclose = (event) => reject(new Error(`the socket was closed with ${event.code} ${event.reason}`));
    socket.onmessage = ({ data }) => {
      if (!data.includes("features")) return;
      socket.close();
      const features = new DOMParser().parseFromString(data, "text/xml").documentElement;
      const mechanisms = [...features.getElementsByTagNameNS("*", "mechanism")].map((element) => element.textContent);
      resolve({ name: features.localName, protocol: socket.protocol, mechanisms: mechanisms.sort() });
    };
  });
}

const MECHANISMS = {
  sha1: ["OAUTHBEARER", "PLAIN", "SCRAM-SHA-1"],
  sha256: ["OAUTHBEARER", "PLAIN", "SCRAM-SHA-256"],
  plain: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"],
  anonymous: ["ANONYMOUS"],
};

for (const [name, expected] of Object.entries(MECHANISMS)) {
  test(`prosody offers ${expected.join(", ")} on ${prosody.domains[name]}`, async () => {
    const page = await chromium.newPage({ waxwing: false });
    const features = await page.evaluate(streamFeatures, { url: server.url, domain: prosody.domains[name] });
    assert.deepEqual(features, { name: "features", protocol: "xmpp", mechanisms: expected });
    page.assertNoErrors();
    await page.close();
  });
}

test("the package loads in a page", async () => {
  const page = await chromium.newPage();
  assert.equal(await page.evaluate(() => typeof waxwing.Client), "function");
  assert.equal(await page.evaluate(() => waxwing.init().then(() => "loaded")), "loaded");
  page.assertNoErrors();
  await page.close();
});

test("an uncaught error in a page is collected", async () => {
  const page = await chromium.newPage({ waxwing: false });
  const reported = page.waitForEvent("pageerror");
  await page.evaluate(() => void setTimeout(() => { throw new Error("on purpose"); }));
  await reported;
  assert.throws(() => page.assertNoErrors(), /reported errors/);
  page.assertNoErrors(/on purpose/);
  await page.close();
});

test("a server that was killed comes back on the same port with its accounts", async () => {
  const own = await prosody.start();
  try {
    const { url } = own;
    await own.kill();
    assert.equal(own.isRunning, false);
    await own.restart();
    assert.equal(own.url, url);
    const page = await chromium.newPage({ waxwing: false });
    const features = await page.evaluate(streamFeatures, { url, domain: prosody.domains.sha1 });
    assert.deepEqual(features.mechanisms, MECHANISMS.sha1);
    await page.close();
  } finally {
    await own.stop();
  }
});
