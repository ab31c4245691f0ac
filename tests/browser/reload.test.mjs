// The session beyond the page: reloads, crashes, other tabs, the back/forward cache, and storage that does not do what it should.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

const PASSWORD = "s3cret";
const TEST_MS = 90_000;
const RECONNECT = { minDelayMs: 1, maxDelayMs: 200 };
const FAILED = /WebSocket connection to .* failed/;

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

function newAccount() {
  accounts += 1;
  return server.register(`romeo-${accounts}`, PASSWORD);
}

/** In a page: makes `client`, collects what happens in `seen`, connects. Returns { resumed, jid }. */
async function connect(page, { jid }, more = {}) {
  await load(page);
  return page.evaluate(async ([options]) => {
    const { storage, ...rest } = options;
    globalThis.client = new waxwing.Client({ ...rest, ...(storage === "own" ? { storage: globalThis.ownStorage } : storage ? { storage } : {}) });
    globalThis.seen = { message: [], delivery: [], error: [], roster: [], state: [], stanza: [] };
    for (const name of Object.keys(seen)) client.on(name, (event) => seen[name].push(event));
    globalThis.until = async (look) => {
      while (!look()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await client.connect();
    return { isResumed: seen.state.at(-1).resumed, jid: client.jid };
  }, [{ jid, password: PASSWORD, url: server.url, reconnect: RECONNECT, ...more }]);
}

const load = (page) =>
  page.evaluate(() => import("/pkg/index.js").then((module) => void (globalThis.waxwing = module)));

const bodies = (page) => page.evaluate(() => seen.message.filter(({ direction }) => direction === "in").map(({ body }) => body));
const send = (page, to, body) => page.evaluate(([to, body]) => client.messages.send({ to, body }).then(({ id }) => id), [to, body]);
const until = (page, look) => page.waitForFunction(look, undefined, { timeout: 20_000 });
const stored = (page) => page.evaluate(() => Object.fromEntries(Object.entries(sessionStorage)));

/** A peer in a page of its own, with which a conversation goes on. */
async function peer() {
  const account = newAccount();
  const page = await chromium.newPage();
  await connect(page, account, { storage: "none" });
  return { page, jid: account.jid };
}

test("a page that is reloaded in mid-conversation goes on with its session, and misses nothing", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const juliet = await peer();
  const page = await chromium.newPage();
  try {
    const first = await connect(page, account);
    assert.equal(first.isResumed, false);
    await send(juliet.page, first.jid, "one");
    await until(page, () => seen.message.length === 1);
    // Written in the last breath: it is stored, and goes out.
    await page.evaluate((to) => addEventListener("pagehide", () => void client.messages.send({ to, body: "goodbye" })), juliet.jid);
    await page.reload();
    await send(juliet.page, account.jid, "two");
    const second = await connect(page, account);
    assert.deepEqual(second, { isResumed: true, jid: first.jid });
    await until(page, () => seen.message.some(({ body }) => body === "two"));
    assert.deepEqual(await bodies(page), ["two"]);
    await until(juliet.page, () => seen.message.some(({ body }) => body === "goodbye"));
    assert.ok((await page.evaluate(() => seen.stanza.map(({ xml }) => xml))).some((xml) => xml.startsWith("<resumed ")));
    assert.equal(await page.evaluate(() => seen.roster.length), 1);
    await page.evaluate(() => client.disconnect());
    assert.deepEqual(Object.keys(await stored(page)).filter((key) => !key.endsWith(":keychain")), []);
    assert.deepEqual(await bodies(juliet.page), ["goodbye"]);
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
    await juliet.page.context().close();
  }
});

test("a page that is killed goes on where it was", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const juliet = await peer();
  const context = await chromium.browser.newContext();
  let page = await chromium.newPage({ context });
  try {
    const first = await connect(page, account, { storage: "local" });
    await send(page, juliet.jid, "before");
    await send(juliet.page, first.jid, "shown");
    await until(page, () => seen.message.some(({ body }) => body === "shown"));
    // These stay in the page: what leaves it is lost on the way.
    const ids = await page.evaluate((to) => {
      WebSocket.prototype.send = () => {};
      const ids = [];
      client.on("delivery", ({ id, stage }) => stage === "queued" && ids.push(id));
      for (const body of ["unsent 1", "unsent 2"]) client.messages.send({ to, body }).catch(() => {});
      return new Promise((resolve) => setTimeout(resolve, 50, ids));
    }, juliet.jid);
    const crashed = page.waitForEvent("crash");
    page.goto("chrome://crash").catch(() => {});
    await crashed;
    await send(juliet.page, account.jid, "meanwhile");
    // A tab of its own, since a driver of browsers has no use for one that crashed: hence the storage that tabs share.
    page = await chromium.newPage({ context });
    const second = await connect(page, account, { storage: "local" });
    assert.deepEqual(second, { isResumed: true, jid: first.jid });
    await until(page, () => seen.message.some(({ body }) => body === "meanwhile"));
    await until(juliet.page, () => seen.message.filter(({ direction }) => direction === "in").length === 3);
    assert.deepEqual(await bodies(juliet.page), ["before", "unsent 1", "unsent 2"]);
    await until(page, () => seen.delivery.filter(({ stage }) => stage === "acked").length === 2);
    const stages = await page.evaluate(() => seen.delivery.map(({ id, stage }) => [id, stage]));
    assert.deepEqual(stages, [...ids.map((id) => [id, "sent"]), ...ids.map((id) => [id, "acked"])]);
    page.assertNoErrors(FAILED);
  } finally {
    await context.close();
    await juliet.page.context().close();
  }
});

test("a duplicated tab logs in afresh, and neither kicks the other out", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const page = await chromium.newPage();
  try {
    const first = await connect(page, account);
    const opened = page.waitForEvent("popup");
    // The new tab gets a copy of the session storage.
    await page.evaluate(() => void open(location.href));
    const copy = await opened;
    await copy.waitForLoadState();
    assert.notDeepEqual(await stored(copy), {});
    const second = await connect(copy, account);
    assert.equal(second.isResumed, false);
    assert.notEqual(second.jid, first.jid);
    assert.deepEqual(await stored(copy), {}, "the copy is thrown away: it would be taken for the real one later");
    await send(copy, first.jid, "from tab to tab");
    await until(page, () => seen.message.length === 1);
    assert.deepEqual([await page.evaluate(() => client.state), await copy.evaluate(() => client.state)], ["online", "online"]);
    // Each goes on by itself: the first with its session, the copy with one of its own.
    await page.reload();
    assert.equal((await connect(page, account)).isResumed, true);
    assert.equal(await copy.evaluate(() => client.state), "online");
  } finally {
    await page.context().close();
  }
});

for (const storage of ["local", "indexeddb"]) {
  test(`of two tabs with the storage ${storage} one holds the session, and hands it on when it goes`, { timeout: TEST_MS }, async () => {
    const account = newAccount();
    const context = await chromium.browser.newContext();
    const pages = await Promise.all([chromium.newPage({ context }), chromium.newPage({ context })]);
    try {
      const [one, two] = pages;
      const first = await connect(one, account, { storage });
      const second = await connect(two, account, { storage });
      assert.equal(second.isResumed, false);
      assert.notEqual(second.jid, first.jid);
      assert.equal(await one.evaluate(() => client.state), "online");
      await one.reload();
      assert.deepEqual(await connect(one, account, { storage }), { isResumed: true, jid: first.jid });
      await two.reload();
      assert.equal((await connect(two, account, { storage })).isResumed, false);
      // Another tab goes on with what the first one leaves.
      await one.close();
      // A page that is closed from outside says nothing: the browser gives its lock back, in its own time.
      await two.waitForFunction(async (name) => !(await navigator.locks.query()).held.some((lock) => lock.name === name), `waxwing:1:${account.jid}`);
      await two.reload();
      assert.deepEqual(await connect(two, account, { storage }), { isResumed: true, jid: first.jid });
    } finally {
      await context.close();
    }
  });
}

test("two clients of one account in one page do not share a session", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const page = await chromium.newPage();
  try {
    const first = await connect(page, account);
    const second = await page.evaluate(async ([options]) => {
      globalThis.other = new waxwing.Client(options);
      await other.connect();
      return other.jid;
    }, [{ jid: account.jid, password: PASSWORD, url: server.url }]);
    assert.notEqual(second, first.jid);
    await page.reload();
    assert.deepEqual(await connect(page, account), { isResumed: true, jid: first.jid });
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
  }
});

test("storage that is corrupt is thrown away, and is no error", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const page = await chromium.newPage();
  try {
    await connect(page, account);
    for (const junk of ["", "{", "null", "[]", "7", '"x"', '{"version":1}', '{"version":1,"record":null}', '{"version":1,"record":{"sent":{}}}']) {
      await page.evaluate((junk) => {
        addEventListener("pagehide", () => {
          for (const key of Object.keys(sessionStorage)) sessionStorage.setItem(key, junk);
        });
      }, junk);
      await page.reload();
      const { isResumed } = await connect(page, account);
      assert.equal(isResumed, false, junk);
      assert.deepEqual(await page.evaluate(() => seen.error), []);
    }
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
  }
});

test("storage that throws, that is full or that never answers is reported once, and the chat goes on", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const juliet = await peer();
  const broken = {
    "throws at once": () => ({ get() { throw new Error("no"); }, set() {}, remove() {} }),
    "throws when it is written": () => ({ get() {}, set() { throw new DOMException("full", "QuotaExceededError"); }, remove() {} }),
    "rejects when it is written": () => ({ async get() {}, async set() { throw new DOMException("full", "QuotaExceededError"); }, async remove() {} }),
    "never reads": () => ({ get: () => new Promise(() => {}), async set() {}, async remove() {} }),
    "never writes": () => {
      let writes = 0;
      return { async get() {}, set: () => (writes += 1) > 1 && new Promise(() => {}), async remove() {} };
    },
  };
  for (const [what, make] of Object.entries(broken)) {
    const page = await chromium.newPage();
    try {
      await page.evaluate(`globalThis.ownStorage = (${make})()`);
      const { isResumed } = await connect(page, account, { storage: "own" });
      assert.equal(isResumed, false);
      await send(page, juliet.jid, what);
      await until(page, () => seen.error.length === 1);
      await send(page, juliet.jid, `${what}, again`);
      assert.deepEqual(await page.evaluate(() => seen.error.map(({ code }) => code)), ["storage-failed"], what);
      page.assertNoErrors(FAILED);
    } finally {
      await page.context().close();
    }
  }
  await until(juliet.page, () => seen.message.filter(({ direction }) => direction === "in").length === 10);
  await juliet.page.context().close();
});

test("a full session storage is left empty: what is half written would be wrong", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const page = await chromium.newPage();
  try {
    await connect(page, account);
    await page.evaluate(() => {
      let part = "x".repeat(1 << 20);
      for (let n = 0; part.length > 0; n += 1) {
        try {
          sessionStorage.setItem(`other:${n}`, part);
        } catch {
          part = part.slice(0, part.length >> 1);
        }
      }
    });
    await send(page, account.jid, "y".repeat(1000));
    await until(page, () => seen.error.length === 1);
    assert.equal(await page.evaluate(() => seen.error[0].code), "storage-failed");
    assert.deepEqual(Object.keys(await stored(page)).filter((key) => key.startsWith("waxwing:")), []);
    await until(page, () => seen.message.some(({ direction }) => direction === "in"));
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
  }
});

test("a storage of the app's own, which answers later, is as good as the browser's", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const juliet = await peer();
  const page = await chromium.newPage();
  const later = () => {
    const wait = () => new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.ownStorage = {
      get: (key) => wait().then(() => localStorage.getItem(`own ${key}`)),
      set: (key, value) => wait().then(() => localStorage.setItem(`own ${key}`, value)),
      remove: (key) => wait().then(() => localStorage.removeItem(`own ${key}`)),
    };
  };
  try {
    await page.evaluate(later);
    const first = await connect(page, account, { storage: "own" });
    const all = await page.evaluate((to) => Promise.all(Array.from({ length: 50 }, (_, n) => client.messages.send({ to, body: String(n) }).then(({ body }) => body))), juliet.jid);
    assert.equal(all.length, 50);
    await until(juliet.page, () => seen.message.filter(({ direction }) => direction === "in").length === 50);
    assert.deepEqual(await bodies(juliet.page), all);
    const keys = await page.evaluate(() => Object.keys(localStorage).sort());
    assert.ok(keys.includes(`own waxwing:1:${account.jid}:session`), String(keys));
    await page.reload();
    await page.evaluate(later);
    assert.deepEqual(await connect(page, account, { storage: "own" }), { isResumed: true, jid: first.jid });
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
    await juliet.page.context().close();
  }
});

for (const storage of ["session", "indexeddb", "own"]) {
  test(`a long outbox outlives the page in pieces, of which none is left when all has arrived: ${storage}`, { timeout: TEST_MS }, async () => {
    const account = newAccount();
    const juliet = await peer();
    const page = await chromium.newPage();
    const prepare = () => {
      const key = (name) => `own ${name}`;
      globalThis.ownStorage = {
        get: (name) => localStorage.getItem(key(name)),
        set: async (name, value) => localStorage.setItem(key(name), value),
        remove: async (name) => localStorage.removeItem(key(name)),
      };
      globalThis.pieces = async () => {
        const base = await new Promise((resolve) => Object.assign(indexedDB.open("waxwing"), { onsuccess: ({ target }) => resolve(target.result) }));
        const records = base.objectStoreNames.length === 0 ? undefined : base.transaction("records").objectStore("records").getAllKeys();
        const keys = await new Promise((resolve) => (records ? (records.onsuccess = () => resolve(records.result)) : resolve([])));
        base.close();
        return [...keys, ...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((key) => /:outbox-\d+$/.test(key));
      };
    };
    try {
      await page.evaluate(prepare);
      await connect(page, account, { storage });
      await page.evaluate(async (to) => {
        WebSocket.prototype.send = () => {};
        for (let n = 0; n < 400; n += 1) {
          client.messages.send({ to, body: String(n) }).catch(() => {});
          // In a task of its own each, or nearly.
          if (n % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
        }
      }, juliet.jid);
      const pieces = await page.evaluate(() => globalThis.pieces());
      assert.ok(pieces.length > 3, String(pieces));
      await page.reload();
      await page.evaluate(prepare);
      const second = await connect(page, account, { storage });
      assert.equal(second.isResumed, true);
      await until(juliet.page, () => seen.message.filter(({ direction }) => direction === "in").length === 400);
      assert.deepEqual(await bodies(juliet.page), Array.from({ length: 400 }, (_, n) => String(n)));
      await until(page, () => globalThis.pieces().then((pieces) => pieces.length === 0));
      assert.deepEqual(await page.evaluate(() => seen.error), []);
      page.assertNoErrors(FAILED);
    } finally {
      await page.context().close();
      await juliet.page.context().close();
    }
  });
}

test("without Web Locks no session is stored, and the messages on their way are", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const juliet = await peer();
  const context = await chromium.browser.newContext();
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
  const page = await chromium.newPage({ context });
  try {
    const first = await connect(page, account);
    await page.evaluate((to) => {
      WebSocket.prototype.send = () => {};
      for (const body of ["one", "two"]) client.messages.send({ to, body }).catch(() => {});
    }, juliet.jid);
    assert.deepEqual(Object.keys(await stored(page)), [`waxwing:1:${account.jid}:outbox`]);
    await page.reload();
    const second = await connect(page, account);
    assert.equal(second.isResumed, false);
    assert.notEqual(second.jid, first.jid);
    await until(juliet.page, () => seen.message.filter(({ direction }) => direction === "in").length === 2);
    assert.deepEqual(await bodies(juliet.page), ["one", "two"]);
    await until(page, () => seen.delivery.filter(({ stage }) => stage === "acked").length === 2);
    assert.deepEqual(await page.evaluate(() => seen.error), []);
    page.assertNoErrors(FAILED);
  } finally {
    await context.close();
    await juliet.page.context().close();
  }
});

test("with the storage none nothing is written, and the password never is", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const page = await chromium.newPage();
  try {
    await connect(page, account, { storage: "none" });
    await send(page, account.jid, "hi");
    await page.evaluate(() => client.disconnect());
    assert.deepEqual(await stored(page), {});
    await page.reload();
    await connect(page, account);
    await send(page, account.jid, "hi");
    const all = await stored(page);
    assert.ok(Object.keys(all).length > 2);
    assert.ok(!JSON.stringify(all).includes(PASSWORD));
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
  }
});

test("a page out of the back/forward cache goes on with its session", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const juliet = await peer();
  const page = await chromium.newPage();
  try {
    const first = await connect(page, account);
    await page.evaluate(() => addEventListener("pageshow", ({ persisted }) => (globalThis.isPersisted = persisted)));
    await leaveAndReturn(page, async () => {
      await send(juliet.page, first.jid, "meanwhile");
    });
    assert.ok(await page.evaluate(() => globalThis.isPersisted), await whyNot(page));
    await until(page, () => client.state === "online" && seen.message.some(({ body }) => body === "meanwhile"));
    assert.deepEqual(await page.evaluate(() => [client.jid, seen.state.at(-1).resumed]), [first.jid, true]);
    await send(page, juliet.jid, "back again");
    assert.deepEqual(await bodies(page), ["meanwhile"]);
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
    await juliet.page.context().close();
  }
});

test("a page out of the back/forward cache leaves the session to the page that went on with it", { timeout: TEST_MS }, async () => {
  const account = newAccount();
  const page = await chromium.newPage();
  try {
    const first = await connect(page, account);
    await page.evaluate(() => addEventListener("pageshow", ({ persisted }) => (globalThis.isPersisted = persisted)));
    await leaveAndReturn(page, async () => {
      assert.deepEqual(await connect(page, account), { isResumed: true, jid: first.jid });
      await send(page, account.jid, "from the other page");
      await until(page, () => seen.message.length === 2);
    });
    assert.ok(await page.evaluate(() => globalThis.isPersisted), await whyNot(page));
    // It takes up what the other page left, and nothing is shown or sent twice.
    await until(page, () => client.state === "online");
    assert.equal(await page.evaluate(() => client.jid), first.jid);
    await send(page, account.jid, "one of ours");
    await until(page, () => seen.message.length === 2);
    assert.deepEqual(await bodies(page), ["one of ours"]);
    page.assertNoErrors(FAILED);
  } finally {
    await page.context().close();
  }
});

/** Goes to another page of the site, and back. */
async function leaveAndReturn(page, meanwhile) {
  await page.goto(`${chromium.site.url}/tests/browser/blank.html?other`);
  await meanwhile();
  await page.evaluate(() => history.back());
  await page.waitForURL(/blank\.html$/, { waitUntil: "commit" });
}

/** Why the page was not kept in the cache. */
const whyNot = (page) =>
  page.evaluate(() => JSON.stringify(performance.getEntriesByType("navigation")[0].notRestoredReasons ?? "no reason is known"));
