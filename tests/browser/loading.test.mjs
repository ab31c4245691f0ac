// How the WebAssembly module comes into a page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";

const WASM = readFileSync(new URL("../../pkg/waxwing_bg.wasm", import.meta.url));

let chromium;

before(async () => {
  chromium = await browser.launch({ files: { "/elsewhere/module.bin": WASM, "/elsewhere/broken.wasm": "not WebAssembly" } });
});

after(() => chromium?.close());

/** What is asked of the server between the import of the package and the end of `inPage`. */
async function requestsOf(inPage) {
  const page = await chromium.newPage();
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  const result = await page.evaluate(inPage);
  await page.close();
  return { result, requests };
}

test("a client that is only made loads no WebAssembly; the first connect() loads it, once", async () => {
  const { result, requests } = await requestsOf(async () => {
    const clients = [1, 2].map(() => new waxwing.Client({ jid: "romeo@example.net", url: "ws://127.0.0.1:1/" }));
    clients[0].roster.items;
    performance.clearResourceTimings();
    const before = performance.getEntriesByType("resource").length;
    const codes = await Promise.all(clients.map((client) => client.connect().catch(({ code }) => code)));
    return [before, ...codes];
  });
  assert.deepEqual(result, [0, "connection-failed", "connection-failed"]);
  assert.deepEqual(requests, ["/pkg/waxwing_bg.wasm"]);
});

test("init() takes a URL, also from a server that does not know the type of WebAssembly", async () => {
  const { result, requests } = await requestsOf(async () => {
    await waxwing.init("/elsewhere/module.bin");
    return new waxwing.Client({ jid: "romeo@example.net", url: "ws://127.0.0.1:1/" }).connect().catch(({ code }) => code);
  });
  assert.equal(result, "connection-failed");
  assert.deepEqual(requests, ["/elsewhere/module.bin"]);
});

test("init() takes bytes and a compiled module", async () => {
  const { result } = await requestsOf(async () => {
    const bytes = await (await fetch("/elsewhere/module.bin")).arrayBuffer();
    await waxwing.init(await WebAssembly.compile(bytes));
    return new waxwing.Client({ jid: "romeo@example.net", url: "ws://127.0.0.1:1/" }).connect().catch(({ code }) => code);
  });
  assert.equal(result, "connection-failed");
});

test("what is no module, or is not there, is load-failed, for connect() too; later it is tried again", async () => {
  const { result } = await requestsOf(async () => {
    const code = (promise) => promise.then(() => "loaded", ({ code }) => code);
    const fetched = globalThis.fetch;
    globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    const client = new waxwing.Client({ jid: "romeo@example.net" });
    const states = [];
    client.on("state", ({ current, error }) => states.push([current, error?.code]));
    const connecting = client.connect();
    const queued = client.messages.send({ to: "juliet@example.com", body: "Hi" });
    const result = [await code(queued), await code(connecting), states];
    globalThis.fetch = fetched;
    result.push(await code(waxwing.init("/elsewhere/broken.wasm")), await code(waxwing.init("/elsewhere/missing.wasm")), await code(waxwing.init()));
    return result;
  });
  assert.deepEqual(result, [
    "load-failed", "load-failed", [["connecting", undefined], ["offline", "load-failed"]],
    "load-failed", "load-failed", "loaded",
  ]);
});

test("a Content-Security-Policy has to allow WebAssembly, and the error says so", async () => {
  for (const [csp, expected] of [
    ["script-src 'self' 'wasm-unsafe-eval'", "loaded"],
    ["script-src 'self'", "load-failed"],
  ]) {
    const strict = await browser.launch({ csp });
    try {
      const page = await strict.newPage();
      const [code, remediation] = await page.evaluate(() => waxwing.init().then(() => ["loaded", ""], ({ code, remediation }) => [code, remediation]));
      assert.equal(code, expected);
      if (code === "load-failed") assert.match(remediation, /wasm-unsafe-eval/);
    } finally {
      await strict.close();
    }
  }
});
