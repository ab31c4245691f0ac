// What a client leaves behind: no socket, callback or timer when it is offline, and nothing at all when it is let go.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

let chromium;
let server;
let accounts = 0;

before(async () => {
  [chromium, server] = await Promise.all([browser.launch(), prosody.start()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** The options of a client, for an account that nobody has used before. */
function freshOptions() {
  accounts += 1;
  const { jid, password } = server.register(`user${accounts}`, "s3cret");
  return { jid, password, url: server.url };
}

/** A page with the package; `inPage` runs there with the options of a client, and whatever is given beside them. */
async function onPage(inPage, { expectedErrors = [], given = {}, setUp } = {}) {
  const page = await chromium.newPage();
  try {
    await page.evaluate(setUp ?? (() => {}));
    const result = await page.evaluate(inPage, { ...freshOptions(), ...given });
    page.assertNoErrors(...expectedErrors);
    return result;
  } finally {
    await page.close();
  }
}

/** Prosody answers a stream that is closed together with its socket, and Chromium does not like that. */
const AFTER_CLOSE = /Data frame received after close/;

/** Runs in the page before the package is used: counts the sockets that are not closed, and the timers that wait. */
function countSocketsAndTimers() {
  const sockets = new Set();
  const timers = new Set();
  const { setTimeout, clearTimeout, WebSocket } = globalThis;
  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      sockets.add(this);
    }
  };
  globalThis.setTimeout = (callback, ...rest) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      callback();
    }, ...rest);
    timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    timers.delete(timer);
    clearTimeout(timer);
  };
  // A socket that is given up may wait for the server's last word.
  globalThis.allClosed = () =>
    Promise.all([...sockets].map((socket) => socket.readyState === WebSocket.CLOSED || new Promise((resolve) => socket.addEventListener("close", resolve))));
  globalThis.leftBehind = () => ({
    sockets: [...sockets].filter(({ readyState }) => readyState < WebSocket.CLOSING).length,
    handlers: [...sockets].filter(({ onopen, onmessage, onclose, onerror }) => onopen || onmessage || onclose || onerror).length,
    timers: timers.size,
    made: sockets.size,
  });
}

test("a client that is disconnected, or disposed of, leaves no socket, callback or timer behind", async () => {
  const result = await onPage(async (options) => {
    const result = [];
    const client = new waxwing.Client(options);
    await client.connect();
    result.push(leftBehind());
    await client.roster.add({ jid: "juliet@localhost" }, { timeoutMs: 60_000, signal: new AbortController().signal });
    await client.disconnect();
    result.push(leftBehind());
    await client.connect();
    await client[Symbol.asyncDispose]();
    result.push(leftBehind(), client.roster.items.length);
    const failed = new waxwing.Client({ ...options, password: "wrong" });
    await failed.connect().catch(() => {});
    await allClosed();
    result.push({ ...leftBehind(), handlers: 0 });
    return result;
  }, { setUp: countSocketsAndTimers, expectedErrors: [AFTER_CLOSE] });
  const nothing = { sockets: 0, handlers: 0, timers: 0 };
  assert.deepEqual(result, [
    { sockets: 1, handlers: 1, timers: 1, made: 1 },
    { ...nothing, made: 1 },
    { ...nothing, made: 2 },
    0,
    { ...nothing, made: 3 },
  ]);
});

test("roster and presence of others stay readable after disconnect(), and the client connects again", async () => {
  const result = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    await client.connect();
    await client.roster.add({ jid: "mercutio@localhost", name: "Mercutio" });
    const { items } = client.roster;
    const result = [Object.isFrozen(items), items === client.roster.items];
    await client.disconnect();
    result.push(client.roster.get("mercutio@localhost")?.name);
    await client.connect();
    result.push(client.state, client.roster.get("mercutio@localhost/x")?.name);
    await client.roster.remove("mercutio@localhost");
    result.push(client.roster.get("mercutio@localhost"), items === client.roster.items);
    await client.disconnect();
    return result;
  });
  assert.deepEqual(result, [true, true, "Mercutio", "online", "Mercutio", undefined, false]);
});

test("an unreferenced client that is offline is collected, one that is online is not", async () => {
  const page = await chromium.newPage();
  const options = freshOptions();
  const devtools = await page.context().newCDPSession(page);
  const alive = async () => {
    for (let round = 0; round < 3; round += 1) await devtools.send("HeapProfiler.collectGarbage");
    return page.evaluate(() => Object.fromEntries(Object.entries(clients).map(([name, reference]) => [name, reference.deref() !== undefined])));
  };
  await page.evaluate(async (options) => {
    const make = (more) => {
      const client = new waxwing.Client({ ...options, ...more });
      client.on("state", () => client.state);
      client.on("message", () => client.jid);
      return client;
    };
    globalThis.clients = { fresh: new WeakRef(make()) };
    const disconnected = make();
    await disconnected.connect();
    await disconnected.disconnect();
    const refused = make({ password: "wrong" });
    await refused.connect().catch(() => {});
    const online = make();
    await online.connect();
    online.on("message", ({ direction, body }) => direction === "in" && (globalThis.heard = body));
    Object.assign(clients, { disconnected: new WeakRef(disconnected), refused: new WeakRef(refused), online: new WeakRef(online) });
    globalThis.resource = online.jid;
  }, options);
  assert.deepEqual(await alive(), { fresh: false, disconnected: false, refused: false, online: true });
  const heard = await page.evaluate(async (options) => {
    const other = new waxwing.Client(options);
    await other.connect();
    await other.messages.send({ to: resource, body: "still there?" });
    await other.request(waxwing.xml`<iq type="get" to=${resource}><ping xmlns="urn:xmpp:ping"/></iq>`);
    await other.disconnect();
    return globalThis.heard;
  }, options);
  assert.equal(heard, "still there?");
  await page.evaluate(() => clients.online.deref().disconnect());
  assert.equal((await alive()).online, false);
  const { result } = await devtools.send("Runtime.evaluate", { expression: "WebSocket.prototype" });
  const { objects } = await devtools.send("Runtime.queryObjects", { prototypeObjectId: result.objectId });
  const sockets = await devtools.send("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration: "function () { return this.length; }", returnByValue: true });
  assert.equal(sockets.result.value, 0, "no WebSocket is left in memory");
  page.assertNoErrors(AFTER_CLOSE);
  await page.close();
});

test("a client that connects again and again does not grow", async () => {
  const page = await chromium.newPage();
  const options = freshOptions();
  const devtools = await page.context().newCDPSession(page);
  const cycle = (count) => page.evaluate(async ({ count, ...options }) => {
    globalThis.client ??= new waxwing.Client(options);
    for (let round = 0; round < count; round += 1) {
      await client.connect();
      await client.disconnect();
    }
  }, { ...options, count });
  const used = async () => {
    for (let round = 0; round < 3; round += 1) await devtools.send("HeapProfiler.collectGarbage");
    return (await devtools.send("Runtime.getHeapUsage")).usedSize;
  };
  await cycle(50);
  const before = await used();
  await cycle(40);
  const grown = (await used()) - before;
  assert.ok(grown < 40 * 1_000, `${grown} bytes in 40 rounds`);
  page.assertNoErrors();
  await page.close();
});
