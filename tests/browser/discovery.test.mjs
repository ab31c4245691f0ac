// Finding the server by its domain (XEP-0156), in Chromium: domains that exist only there, over HTTPS, with a real Prosody behind them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import { behindProxy, hanging, proxyTo, refusing, sayOnOpen, serveHosts } from "../support/https-hosts.mjs";
import * as prosody from "../support/prosody.mjs";

const TEST_MS = 90_000;
const JRD = "/.well-known/host-meta.json";
const XRD = "/.well-known/host-meta";
const RELATION = "urn:xmpp:alt-connections:websocket";
/** What Chromium itself says of requests that fail, and are meant to. */
const FAILED = [/^Failed to load resource/, /^WebSocket connection to .* failed/, /blocked by CORS policy/];

const DOMAINS = ["prosody", "json", "xml", "both", "guess", "second", "slow", "moved", "redirected", "bücher"].map((name) => `${name}.test`);
const HTML = { type: "text/html", body: "<!DOCTYPE html><p>Welcome</p>" };

let server;
let hosts;
let chromium;

before(async () => {
  server = await prosody.start({
    modules: ["http_altconnect"],
    config: 'http_external_url = "https://prosody.test/"',
    hosts: DOMAINS.map((domain) => `VirtualHost "${domain}"`).join("\n"),
  });
  const socket = proxyTo(server.port);
  hosts = await serveHosts({
    "prosody.test": behindProxy(server.port),
    "json.test": { files: { [JRD]: jrd("wss://json.test/by-json"), "/moved.json": jrd("wss://moved.test/ws") }, sockets: { "/by-json": socket } },
    "xml.test": { files: { [XRD]: xrd("wss://xml.test/by-xml") }, sockets: { "/by-xml": socket } },
    "both.test": { files: { [JRD]: jrd("wss://both.test/by-json"), [XRD]: xrd("wss://both.test/by-xml") }, sockets: { "/by-json": socket } },
    "guess.test": { sockets: { "/xmpp-websocket": socket } },
    "second.test": { files: { [JRD]: jrd("wss://down.test/ws", "wss://second.test/real") }, sockets: { "/real": socket } },
    "slow.test": { files: { [JRD]: jrd("wss://hang.test/ws", "wss://slow.test/real") }, sockets: { "/real": socket } },
    "moved.test": { files: { [JRD]: { status: 302, location: "https://json.test/moved.json" } }, sockets: { "/ws": socket } },
    "redirected.test": { files: { [JRD]: jrd("wss://redirected.test/") }, sockets: { "/": sayOnOpen(seeOther("wss://guess.test/xmpp-websocket")) } },
    "xn--bcher-kva.test": { files: { [JRD]: jrd("wss://bücher.test/ws") }, sockets: { "/ws": socket } },
    "downgrade.test": { files: { [JRD]: jrd("wss://downgrade.test/") }, sockets: { "/": sayOnOpen(seeOther("ws://json.test/by-json")) } },
    "nocors.test": { files: { [JRD]: { ...jrd("wss://nocors.test/"), cors: false }, [XRD]: { ...xrd("wss://nocors.test/"), cors: false } } },
    "missing.test": {},
    "html.test": { files: () => HTML },
    "bosh.test": { files: { [JRD]: json({ links: [{ rel: "urn:xmpp:alt-connections:xbosh", href: "https://bosh.test/" }] }) } },
    "plain.test": { files: { [JRD]: jrd("ws://plain.test/ws"), [XRD]: xrd("ws://plain.test/ws") } },
    "odd.test": { files: { [JRD]: json({ links: [null, 7, "x", {}, { rel: RELATION }, { rel: RELATION, href: {} }] }) } },
    "stripped.test": { files: { [JRD]: { status: 302, location: `http://127.0.0.1:${server.port}${JRD}` } } },
    "huge.test": { files: () => ({ type: "application/json", body: " ".repeat(70_000) }) },
    "hang.test": hanging,
    "down.test": refusing,
  });
  chromium = await browser.launch({ args: hosts.chromiumArgs });
});

after(async () => {
  await chromium?.close();
  await hosts?.close();
  await server?.stop();
});

for (const [domain, why] of [
  ["prosody.test", "as Prosody's own module serves it"],
  ["json.test", "by JSON"],
  ["xml.test", "by XML alone"],
  ["both.test", "by JSON where there are both"],
  ["guess.test", "at the usual path where the domain says nothing"],
  ["second.test", "at the second link where the first refuses"],
  ["slow.test", "at the second link where the first hangs"],
  ["moved.test", "by JSON that has moved"],
  ["redirected.test", "where its see-other-uri sends us"],
  ["bücher.test", "of an internationalised domain"],
]) {
  check(`the server is found ${why}`, async (page) => {
    const { jid } = server.register("romeo", "s3cret", domain);
    const result = await connect(page, { jid, password: "s3cret" });
    assert.deepEqual(result, { state: "online", error: undefined });
    // XEP-0156, section 3: nothing that says who asks.
    for (const { path, headers } of hosts.requests(domain).filter(({ path }) => path.startsWith("/.well-known/"))) {
      assert.deepEqual({ path, cookie: headers.cookie, referer: headers.referer }, { path, cookie: undefined, referer: undefined });
    }
  });
}

check("the server is found in a Worker", async (page) => {
  const { jid } = server.register("juliet", "s3cret", "json.test");
  const state = await page.evaluate(async (options) => {
    const source = `import { Client } from "${location.origin}/pkg/index.js";
      const client = new Client(${JSON.stringify(options)});
      await client.connect().catch((error) => postMessage(error.message));
      postMessage(client.state);
      await client.disconnect();`;
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
    return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
  }, { jid, password: "s3cret" });
  assert.equal(state, "online");
});

for (const [domain, says, remedy] of [
  ["nocors.test", /does not let web pages read it/, /Access-Control-Allow-Origin: \*/],
  ["missing.test", /host-meta.json answered with HTTP status 404/, /XEP-0156/],
  ["html.test", /it is text\/html/, /XEP-0156/],
  ["bosh.test", /names no WebSocket endpoint/, /wss:\/\//],
  ["plain.test", /ws:\/\/plain\.test\/ws: it is not encrypted/, /wss:\/\//],
  ["odd.test", /names no WebSocket endpoint/, /XEP-0156/],
  ["stripped.test", /redirected to where nothing is encrypted/, /XEP-0156/],
  ["huge.test", /is too large/, /XEP-0156/],
  ["down.test", /cannot be reached/, /connect-src/],
  ["hang.test", /gave no answer in time/, /pass url/],
]) {
  check(`${domain} is not found, and the error says why`, async (page) => {
    const { state, error } = await connect(page, { jid: `romeo@${domain}`, password: "s3cret", timeouts: { connectMs: 4_000 } });
    assert.deepEqual([state, error.code], ["offline", "discovery-failed"]);
    assert.match(error.message, says);
    assert.match(error.remediation, remedy);
    for (const url of [`https://${domain}${JRD}`, `https://${domain}${XRD}`, `wss://${domain}/xmpp-websocket`, `wss://${domain}/ws`]) {
      assert.ok(error.cause.includes(url), error.cause);
    }
  });
}

check("a server that sends us to where nothing is encrypted is not followed", async (page) => {
  const { error } = await connect(page, { jid: "romeo@downgrade.test", password: "s3cret" });
  assert.equal(error.code, "protocol-error");
  assert.match(error.message, /ws:\/\/json\.test\/by-json.*not encrypted/);
});

check("a browser that is offline is named as the reason", async (page) => {
  await page.evaluate(() => waxwing.init());
  await page.context().setOffline(true);
  const found = await connect(page, { jid: "romeo@json.test", password: "s3cret" });
  assert.equal(found.error.code, "discovery-failed");
  assert.match(found.error.message, /offline/);
  const named = await connect(page, { jid: "romeo@json.test", password: "s3cret", url: "wss://json.test/by-json" });
  assert.equal(named.error.code, "connection-failed");
  assert.match(named.error.message, /offline/);
});

check("disconnect() breaks the search off", async (page) => {
  const outcome = await page.evaluate(async () => {
    const client = new waxwing.Client({ jid: "romeo@hang.test", password: "s3cret" });
    await waxwing.init();
    const connecting = client.connect().then(() => "connected", ({ code }) => code);
    await client.disconnect();
    return [await connecting, client.state];
  });
  assert.deepEqual(outcome, ["aborted", "offline"]);
});

check("a Content-Security-Policy that forbids the domain is named among the reasons", async () => {
  const strict = await browser.launch({ args: hosts.chromiumArgs, csp: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" });
  try {
    const page = await strict.newPage();
    const { error } = await connect(page, { jid: "romeo@json.test", password: "s3cret" });
    assert.equal(error.code, "discovery-failed");
    assert.match(error.remediation, /connect-src/);
  } finally {
    await strict.close();
  }
});

function check(name, body) {
  test(name, { timeout: TEST_MS }, async () => {
    const page = await chromium.newPage();
    try {
      await body(page);
      page.assertNoErrors(...FAILED);
    } finally {
      await page.context().close();
    }
  });
}

function connect(page, options) {
  return page.evaluate(async (options) => {
    const client = new waxwing.Client(options);
    let error;
    await client.connect().catch(({ code, message, remediation, cause }) => (error = { code, message, remediation, cause: cause?.message }));
    const { state } = client;
    await client.disconnect();
    return { state, error };
  }, options);
}

function json(value) {
  return { type: "application/json", body: JSON.stringify(value) };
}

function jrd(...urls) {
  return json({ links: [{ rel: "lrdd", template: "https://x.test/{uri}" }, ...urls.map((href) => ({ rel: RELATION, href }))] });
}

function xrd(url) {
  const body = `<?xml version='1.0' encoding='utf-8'?>\n<!-- endpoints -->\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n  <Link rel='${RELATION}' href='${url}'/>\n</XRD>\n`;
  return { type: "application/xrd+xml", body };
}

function seeOther(url) {
  return `<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='${url}'/>`;
}
