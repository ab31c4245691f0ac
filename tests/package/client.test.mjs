// What needs no server: arguments, getters, errors, loading. In Node, as server-side rendering and an app's own tests run it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const PKG = new URL("../../pkg/", import.meta.url);
const { Client, init, xml, XmppError } = await import(new URL("index.js", PKG));

const JID = "romeo@example.net";
const client = (options) => new Client({ jid: JID, ...options });
const invalid = (message) => ({ name: "XmppError", code: "invalid-argument", message });

test("before any WebAssembly is loaded a client has usable empty getters", () => {
  const fresh = client();
  assert.equal(fresh.state, "offline");
  assert.equal(fresh.jid, undefined);
  assert.deepEqual(fresh.roster.items, []);
  assert.ok(Object.isFrozen(fresh.roster.items));
  assert.equal(fresh.roster.get("juliet@example.com"), undefined);
  assert.equal(fresh.presence.of("juliet@example.com"), undefined);
  assert.deepEqual(fresh.presence.resources("juliet@example.com"), []);
});

test("before any WebAssembly is loaded every wrong option is refused and named", () => {
  for (const [options, message] of [
    [undefined, /^options must be an object/],
    [[], /^options must be an object \(given: array\)$/],
    [{}, "options.jid is missing"],
    [{ jid: 7 }, "options.jid must be a string (given: number)"],
    [{ jid: "" }, "options.jid is not a JID"],
    [{ jid: "@example.net" }, "options.jid is not a JID"],
    [{ jid: "romeo@" }, "options.jid is not a JID"],
    [{ jid: "romeo@example.net/" }, "options.jid is not a JID"],
    [{ jid: JID, passwort: "x", urls: [] }, "options has no field passwort, urls"],
    [{ jid: JID, constructor: 1 }, "options has no field constructor"],
    [{ jid: JID, password: null }, "options.password must be a string (given: null)"],
    [{ jid: JID, password: "a\u0008" }, "options.password holds U+0008 at offset 1, which XML cannot carry"],
    [{ jid: JID, resource: "" }, "options.resource must not be empty"],
    [{ jid: JID, credentials: "x" }, "options.credentials must be a function (given: string)"],
    [{ jid: JID, password: "x", credentials() {} }, "options.password and options.credentials exclude each other"],
    [{ jid: JID, url: "example.net" }, "options.url is not a URL"],
    [{ jid: JID, url: "https://example.net/" }, "options.url must start with wss:// or ws://"],
    [{ jid: JID, url: "wss://a:b@example.net/" }, "options.url must have no user name, password or fragment"],
    [{ jid: JID, allowInsecure: 1 }, "options.allowInsecure must be a boolean (given: number)"],
    [{ jid: JID, presence: true }, "options.presence must be an object (given: boolean)"],
    [{ jid: JID, presence: { show: "busy" } }, /^options\.presence\.show must be one of "away"/],
    [{ jid: JID, presence: { priority: 128 } }, /^options\.presence\.priority must be a whole number from -128 to 127/],
    [{ jid: JID, presence: { statuses: { de: "\ud800" } } }, "options.presence.statuses.de holds U+D800 at offset 0, which XML cannot carry"],
    [{ jid: JID, reconnect: { minDelayMs: 2, maxDelayMs: 1 } }, "options.reconnect.minDelayMs is larger than maxDelayMs"],
    [{ jid: JID, reconnect: { delay: 1 } }, "options.reconnect has no field delay"],
    [{ jid: JID, storage: "disk" }, /^options\.storage must be one of "session"/],
    [{ jid: JID, storage: { get() {} } }, "options.storage.set is missing"],
    [{ jid: JID, timeouts: { connectMs: 0.5 } }, /^options\.timeouts\.connectMs must be a whole number/],
    [{ jid: JID, log: {} }, "options.log must be a function (given: object)"],
  ]) {
    assert.throws(() => new Client(options), invalid(message));
  }
});

test("an error never repeats the value, which may be a password", () => {
  assert.throws(() => client({ password: "hunter2\u0000" }), (error) => !`${error.stack}${JSON.stringify(error)}`.includes("hunter2"));
});

test("ws:// is refused unless it stays on this machine or is allowed", () => {
  for (const url of ["ws://example.net/", "ws://localhost.example.net/", "ws://127.0.0.1.example.net/", "ws://[::2]/"]) {
    assert.throws(() => client({ url }), { code: "insecure" }, url);
    assert.equal(client({ url, allowInsecure: true }).state, "offline");
  }
  for (const url of ["wss://example.net/", "ws://localhost:1/", "ws://a.localhost/", "ws://127.0.0.1/", "ws://127.1/", "ws://[::1]/"]) {
    assert.equal(client({ url }).state, "offline", url);
  }
});

test("before connect() what needs a connection rejects or throws not-connected", async () => {
  const fresh = client();
  const notConnected = { name: "XmppError", code: "not-connected" };
  await assert.rejects(fresh.request("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"), notConnected);
  await assert.rejects(fresh.messages.send({ to: "juliet@example.com", body: "Hi" }), notConnected);
  await assert.rejects(fresh.roster.add({ jid: "juliet@example.com" }), notConnected);
  await assert.rejects(fresh.roster.subscribe("juliet@example.com"), notConnected);
  await assert.rejects(fresh.presence.sendTo("juliet@example.com"), notConnected);
  assert.throws(() => fresh.sendRaw("<presence/>"), notConnected);
  await fresh.presence.set({ show: "away" });
  await fresh.disconnect();
});

test("methods that return promises reject wrong arguments, all others throw", async () => {
  const fresh = client();
  for (const [call, message] of [
    [() => fresh.connect({ timeout: 1 }), "options has no field timeout"],
    [() => fresh.connect({ signal: {} }), "options.signal must be an AbortSignal (given: object)"],
    [() => fresh.request(7), "xml must be a string (given: number)"],
    [() => fresh.request("<iq/>", { timeoutMs: -1 }), /^options\.timeoutMs must be a whole number/],
    [() => fresh.messages.send(), "message.to is missing"],
    [() => fresh.messages.send({ to: "a b", body: "" }), "message.to is not a JID"],
    [() => fresh.messages.send({ to: "a@b", body: "ok\u0001" }), "message.body holds U+0001 at offset 2, which XML cannot carry"],
    [() => fresh.messages.send({ to: "a@b", body: "\uffff" }), "message.body holds U+FFFF at offset 0, which XML cannot carry"],
    [() => fresh.messages.send({ to: "a@b", body: "😀\udc00" }), "message.body holds U+DC00 at offset 2, which XML cannot carry"],
    [() => fresh.messages.send({ to: "a@b", text: "x" }), "message has no field text"],
    [() => fresh.messages.send({ to: "a@b", type: "error" }), /^message\.type must be one of/],
    [() => fresh.roster.add({ name: "x" }), "contact.jid is missing"],
    [() => fresh.roster.add({ jid: "a@b", groups: ["x", ""] }), "contact.groups[1] must not be empty"],
    [() => fresh.roster.remove(), "jid must be a string (given: undefined)"],
    [() => fresh.presence.set({ show: "online" }), /^presence\.show must be one of/],
    [() => fresh.presence.sendTo("a@b", null), "presence must be an object (given: null)"],
  ]) {
    await assert.rejects(call(), invalid(message));
  }
  for (const [call, message] of [
    [() => fresh.on("mesage", () => {}), "there is no event of that name"],
    [() => fresh.on("message"), "listener must be a function (given: undefined)"],
    [() => fresh.events("constructor"), "there is no event of that name"],
    [() => fresh.off("x", () => {}), "there is no event of that name"],
    [() => fresh.sendRaw({ toString: () => "<presence/>" }), "xml must be a string (given: object)"],
    [() => fresh.roster.get("@"), "jid is not a JID"],
    [() => fresh.presence.of(1), "jid must be a string (given: number)"],
  ]) {
    assert.throws(call, invalid(message));
  }
});

test("the xml tag escapes what is inserted and takes nested results as they are", () => {
  const nasty = `<&>"'\t\r\n😀`;
  assert.equal(String(xml`<a b="${nasty}" c='${nasty}'>${nasty}</a>`).match(/&lt;&amp;&gt;&quot;&apos;&#9;&#13;&#10;😀/g).length, 3);
  assert.equal(String(xml`<a>${[xml`<b/>`, "<", [1, 2n, true]]}</a>`), "<a><b/>&lt;12true</a>");
  assert.equal(String(xml`<a>${null}${undefined}${false}${""}${0}</a>`), "<a>0</a>");
  assert.equal(String(xml`<a b=${'x"y'} c=${undefined} d=${null}>e=${"f"}</a>`), '<a b="x&quot;y">e=f</a>');
  assert.equal(String(xml`<a b="c=${"d"}" e='>'>f=${"g"}<h i=${1}/></a>`), `<a b="c=d" e='>'>f=g<h i="1"/></a>`);
  assert.throws(() => xml`<a>${{}}</a>`, invalid("value 1 of the xml tag is of type object"));
  assert.throws(() => xml`<a>${"x"}${"\u0000"}</a>`, invalid("value 2 of the xml tag holds U+0000 at offset 0, which XML cannot carry"));
  assert.throws(() => xml("<a/>"), invalid(/^xml is a tag/));
});

test("an XmppError is an Error with all that is known", () => {
  const cause = new Error("why");
  const error = new XmppError({ code: "timeout", message: "no answer", condition: "remote-server-timeout", cause });
  assert.ok(error instanceof Error);
  assert.equal(String(error), "XmppError: no answer");
  assert.equal(error.cause, cause);
  assert.deepEqual({ ...error }, { code: "timeout", condition: "remote-server-timeout" });
  const outer = new XmppError({ code: "connection-lost", message: "lost", cause: error });
  assert.deepEqual(JSON.parse(JSON.stringify(outer)).cause, { code: "timeout", condition: "remote-server-timeout", message: "no answer", cause: {} });
});

test("an already aborted signal rejects at once, with its reason as the cause", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const fresh = client();
  for (const call of [
    fresh.connect({ signal }),
    fresh.request("<iq/>", { signal }),
    fresh.messages.send({ to: "a@b", body: "x" }, { signal }),
    fresh.roster.add({ jid: "a@b" }, { signal }),
    fresh.events("message", { signal }).next(),
  ]) {
    await assert.rejects(call, (error) => error.code === "aborted" && error.cause === reason);
  }
  assert.equal(fresh.state, "offline");
});

// From here on the module gets loaded. The order is that of the file.

test("a module that cannot be loaded rejects with load-failed, and the next call tries again", async () => {
  await assert.rejects(init(new Uint8Array([1, 2, 3])), { code: "load-failed" });
  await assert.rejects(init(new URL("missing.wasm", PKG)), { code: "load-failed" });
  await assert.rejects(init(7), invalid("init() takes a URL, bytes or a WebAssembly.Module"));
  await init(readFileSync(new URL("waxwing_bg.wasm", PKG)));
  await init();
});

test("a client works behind a Proxy, also one that wraps all that it hands out", async () => {
  const deep = (target) =>
    new Proxy(target, {
      get(object, key, receiver) {
        const value = Reflect.get(object, key, receiver);
        return typeof value === "object" && value !== null && Object.isExtensible(value) ? deep(value) : value;
      },
    });
  // Nobody listens there, and Node 20 has no WebSocket.
  const nowhere = { url: "ws://127.0.0.1:1/" };
  for (const wrapped of [new Proxy(client(nowhere), {}), deep(client(nowhere))]) {
    assert.equal(wrapped.state, "offline");
    assert.deepEqual(wrapped.roster.items, []);
    assert.equal(wrapped.presence.of("a@b"), undefined);
    const states = [];
    wrapped.on("state", ({ current }) => states.push(current));
    await assert.rejects(wrapped.connect(), { code: "connection-failed" });
    await assert.rejects(wrapped.messages.send({ to: "a@b", body: "x" }), { code: "not-connected" });
    assert.equal(wrapped.state, "offline");
  }
});

test("a JID that only the engine can judge is refused by connect()", async () => {
  const strange = client({ jid: `${"a".repeat(2_000)}@example.net` });
  const states = [];
  strange.on("state", (event) => states.push(event));
  await assert.rejects(strange.connect(), { code: "invalid-argument" });
  assert.equal(strange.state, "offline");
  assert.deepEqual(states, []);
});

test("without a url connect() looks for the server, and says what it found and what to do", async () => {
  const { fetch } = globalThis;
  const asked = [];
  globalThis.fetch = async (url, { mode, credentials }) => {
    asked.push([url, mode, credentials]);
    if (url.endsWith(".json")) return new Response("<p>Welcome</p>", { headers: { "Content-Type": "text/html" } });
    throw new TypeError("fetch failed");
  };
  try {
    const found = await client({ jid: "romeo@127.0.0.1" }).connect().catch((error) => error);
    assert.equal(found.code, "discovery-failed");
    assert.match(found.message, /text\/html/);
    assert.match(found.remediation, /XEP-0156.*pass url.*wss:\/\/127\.0\.0\.1\/xmpp-websocket/s);
    assert.match(found.cause.message, /host-meta cannot be reached/);
  } finally {
    globalThis.fetch = fetch;
  }
  const folder = "https://127.0.0.1/.well-known/";
  assert.deepEqual(asked, [
    [`${folder}host-meta.json`, "cors", "omit"],
    [`${folder}host-meta`, "cors", "omit"],
    [`${folder}host-meta`, "no-cors", "omit"],
  ]);
});

test("whatever a page has put in the place of fetch, the search ends", async () => {
  const { fetch } = globalThis;
  const link = { rel: "urn:xmpp:alt-connections:websocket", href: "wss://127.0.0.1:1/found" };
  const text = async () => JSON.stringify({ links: [link] });
  try {
    for (const response of [undefined, null, 7, {}, { ok: true }, { ok: true, body: {} }, { ok: true, text: () => 7 }, { ok: true, headers: {}, text }]) {
      globalThis.fetch = () => response;
      const { code, cause } = await client({ jid: "romeo@127.0.0.1" }).connect().catch((error) => error);
      assert.deepEqual([code, cause.message.includes("/found")], response?.headers ? ["connection-failed", true] : ["discovery-failed", false]);
    }
    globalThis.fetch = undefined;
    await assert.rejects(client({ jid: "romeo@127.0.0.1" }).connect(), { code: "discovery-failed" });
  } finally {
    globalThis.fetch = fetch;
  }
});

test("where there is no WebSocket connect() fails, and the client is offline", async () => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  try {
    const lost = client({ url: "wss://example.net/", password: "x" });
    const states = [];
    lost.on("state", (event) => states.push(event));
    await assert.rejects(lost.connect(), { code: "connection-failed" });
    assert.deepEqual(states.map(({ current, previous }) => [previous, current]), [["offline", "connecting"], ["connecting", "offline"]]);
    assert.ok(states[1].error instanceof XmppError);
  } finally {
    if (WebSocket) globalThis.WebSocket = WebSocket;
  }
});
