// Messages outlive the page in IndexedDB: conversations open before the network does.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

const stored = { storage: "indexeddb" };

/** What a client that never connects finds. */
const offline = (client, account) => client(account, { ...stored, url: "wss://nowhere.invalid/" });

stage.test("conversations are there before connect(), with the last message of each and how far it came", async ({ page, account, client, online }) => {
  const [romeoAccount, nurseAccount] = [account("romeo"), account("nurse")];
  const juliet = await online("juliet");
  const nurse = await online(nurseAccount);
  const romeo = await online(romeoAccount, stored);
  await romeo.call("messages.send", { to: juliet.jid, body: "first" });
  await juliet.call("messages.send", { to: romeo.jid, body: "second" });
  await romeo.take("message", { body: "second" });
  const third = await romeo.call("messages.send", { to: nurse.jid, body: "third" });
  const failed = romeo.take("delivery", { stage: "failed" });
  await romeo.call("messages.send", { to: "nobody@localhost", body: "fourth" });
  await failed;
  await romeo.call("disconnect");

  const later = await offline(client, romeoAccount);
  const found = await later.call("messages.conversations");
  assert.deepEqual(
    found.map(({ jid, message }) => [jid, message.body, message.direction, message.stage]),
    [
      ["nobody@localhost", "fourth", "out", "failed"],
      [nurse.jid, "third", "out", "acked"],
      [juliet.jid, "second", "in", undefined],
    ],
  );
  assert.deepEqual(found[1].message, { ...third, stage: "acked" });
  assert.deepEqual(await (await offline(client, nurseAccount)).call("messages.conversations"), [], "of another account");

  await later.call("messages.clear", nurse.jid);
  assert.deepEqual((await later.call("messages.conversations")).map(({ jid }) => jid), ["nobody@localhost", juliet.jid]);
  await later.call("messages.clear");
  assert.deepEqual(await later.call("messages.conversations"), []);
});

stage.test("logout() erases all that is stored", async ({ page, account, client, online }) => {
  const juliet = await online("juliet");
  const romeoAccount = account("romeo");
  const romeo = await online(romeoAccount, stored);
  await romeo.call("messages.send", { to: juliet.jid, body: "Farewell" });
  await romeo.call("account.logout");
  const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  assert.deepEqual(names.filter((name) => name.startsWith("waxwing-messages")), []);
  assert.deepEqual(await (await offline(client, romeoAccount)).call("messages.conversations"), []);
});

stage.test("two tabs of one account store a message once", async ({ account, client, online, page }) => {
  const juliet = await online("juliet");
  const romeoAccount = account("romeo");
  const tabs = [await online(romeoAccount, stored), await online(romeoAccount, stored)];
  for (const tab of tabs) await tab.settle();
  await juliet.call("messages.send", { to: romeoAccount.jid, body: "Romeo?" });
  for (const tab of tabs) await tab.take("message", { body: "Romeo?" });
  const count = await page.evaluate(async ([account, jid]) => {
    const { MessageStore } = await import("/pkg/message-store.js");
    return (await new MessageStore(account, console.error).page(jid, { limit: 10 })).length;
  }, [romeoAccount.jid, juliet.jid]);
  assert.equal(count, 1);
});

stage.test("a conversation of 100,000 messages opens by one read of one range", async ({ page }) => {
  const outcome = await page.evaluate(async () => {
    const { MessageStore } = await import("/pkg/message-store.js");
    const fail = (error) => console.error(error);
    const store = new MessageStore("romeo@long.example", fail);
    // One that is kept the usual way, and as many in its image.
    const timestamp = 1_700_000_000_000;
    store.add({ id: "m0", from: "juliet0@long.example/x", to: "romeo@long.example", type: "chat", direction: "in", body: "text 0", timestamp });
    const [first] = await store.page("juliet0@long.example", { limit: 1 });
    const transaction = store.database.transaction("messages", "readwrite");
    for (let n = 1; n < 100_000; n += 1) {
      const jid = `juliet${n % 10}@long.example`;
      const message = { ...first.message, id: `m${n}`, from: `${jid}/x`, body: `text ${n}`, timestamp: timestamp + n };
      transaction.objectStore("messages").put({ jid, age: -message.timestamp, rank: first.rank - n, ids: [`id ${jid} m${n}`], message });
    }
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    // A fresh page.
    const requests = [];
    for (const name of ["get", "getAll", "getKey", "openCursor", "openKeyCursor", "count"]) {
      const original = IDBObjectStore.prototype[name];
      IDBObjectStore.prototype[name] = function (...values) {
        requests.push(name);
        return original.apply(this, values);
      };
    }
    const reopened = new MessageStore("romeo@long.example", fail);
    const records = await reopened.page("juliet7@long.example", { limit: 30 });
    const before = await reopened.page("juliet7@long.example", { limit: 30, before: [records.at(-1).jid, records.at(-1).age, records.at(-1).rank] });
    const conversations = await reopened.conversations();
    await reopened.remove();
    return { requests, bodies: [...records, ...before].map(({ message }) => message.body), conversations: conversations.map(({ message }) => message.body) };
  });
  assert.deepEqual(outcome.requests, ["getAll", "getAll", "openCursor"]);
  assert.deepEqual(outcome.bodies, Array.from({ length: 60 }, (_, n) => `text ${99_997 - 10 * n}`));
  assert.deepEqual(outcome.conversations, Array.from({ length: 10 }, (_, n) => `text ${99_999 - n}`));
});

stage.test("a browser with no room left is reported once, and the chat goes on", async ({ page, online }) => {
  const juliet = await online("juliet");
  const romeo = await online("romeo", stored);
  // Chromium's own limit cannot be lowered in a private window.
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = function () {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  for (const body of ["x", "y", "z"]) await juliet.call("messages.send", { to: romeo.jid, body });
  await romeo.take("message", { body: "z" });
  await romeo.call("messages.send", { to: juliet.jid, body: "still here" });
  await juliet.take("message", { body: "still here" });
  const errors = await romeo.seen("error", { code: "storage-failed" });
  assert.equal(errors.filter(({ message }) => /no room left for messages/.test(message)).length, 1);
});

stage.test("a database of a later version is left alone", async ({ page, account, client }) => {
  const romeoAccount = account("romeo");
  await page.evaluate((name) => {
    const request = indexedDB.open(name, 1_000);
    return new Promise((resolve) => (request.onsuccess = () => resolve(request.result.close())));
  }, `waxwing-messages:${romeoAccount.jid}`);
  const romeo = await offline(client, romeoAccount);
  assert.deepEqual(await romeo.call("messages.conversations"), []);
  const error = await romeo.take("error");
  assert.deepEqual([error.code, error.cause.name], ["storage-failed", "VersionError"]);
});

/** What history() yields, and how often the archive was asked meanwhile. */
async function read(client, jid, options = {}) {
  const asked = async () => (await client.seen("stanza", { direction: "out" })).filter(({ xml }) => xml.includes("urn:xmpp:mam:2") && xml.includes("queryid")).length;
  const before = await asked();
  const bodies = await client.page.evaluate(
    async ([id, jid, options]) => {
      const bodies = [];
      for await (const { body } of stage.client(id).messages.history(jid, options)) bodies.push(body);
      return bodies;
    },
    [client.id, jid, options],
  );
  return { bodies, asked: (await asked()) - before };
}

const texts = (newest, oldest) => Array.from({ length: newest - oldest + 1 }, (_, at) => `message ${newest - at}`);

/** Has so many messages come for an account, whether it is online or not. */
async function post(server, account, first, last) {
  const message = `st.message({ from = "juliet@localhost/balcony", to = "${account.jid}", type = "chat", id = "m"..i }):tag("body"):text("message "..i):up()`;
  const loop = `for i = ${first}, ${last} do prosody.core_post_stanza(prosody.hosts["localhost"], ${message}) end`;
  await server.shell(`> local st = require "util.stanza"; ${loop}`);
}

stage.test("a conversation opens from the store, and the archive is asked for nothing but what is missing", async ({ account, client, online, server }) => {
  const romeoAccount = account("romeo");
  await post(server, romeoAccount, 1, 120);
  // Without a presence nothing is delivered.
  const romeo = await online(romeoAccount, { ...stored, stanzas: true, presence: false });

  // Nothing is stored yet: all comes from the archive, once.
  const first = await read(romeo, "juliet@localhost", { limit: 80 });
  assert.deepEqual(first.bodies, texts(120, 41));
  assert.ok(first.asked >= 2, `${first.asked}`);
  const again = await read(romeo, "juliet@localhost", { limit: 80 });
  assert.deepEqual(again, { bodies: texts(120, 41), asked: 0 });
  const { bodies } = await read(romeo, "juliet@localhost");
  assert.deepEqual(bodies, texts(120, 1));
  assert.deepEqual(await read(romeo, "juliet@localhost"), { bodies, asked: 0 }, "to its beginning");

  // What comes is behind what was there.
  await romeo.call("presence.set", {});
  await romeo.settle();
  await post(server, romeoAccount, 121, 122);
  await romeo.take("message", { body: "message 122" });
  assert.deepEqual(await read(romeo, "juliet@localhost", { limit: 4 }), { bodies: texts(122, 119), asked: 0 });
  await romeo.call("disconnect");

  // Before there is a connection.
  const later = await offline(client, romeoAccount);
  assert.deepEqual((await read(later, "Juliet@localhost", { limit: 3 })).bodies, texts(122, 120));
  assert.deepEqual((await read(later, "juliet@localhost")).bodies, texts(122, 1));
});

stage.test("a gap is known until the archive has closed it", async ({ account, client, online, page, server }) => {
  const romeoAccount = account("romeo");
  const romeo = await online(romeoAccount, { ...stored, stanzas: true });
  await post(server, romeoAccount, 1, 10);
  await romeo.take("message", { body: "message 10" });
  await romeo.call("disconnect");
  // Whatever the client knew of the archive is lost, as when another tab had it.
  await page.evaluate(() => new Promise((resolve) => (indexedDB.deleteDatabase("waxwing").onsuccess = resolve)));
  await post(server, romeoAccount, 11, 70);

  // Without a presence nothing is delivered.
  const back = await online(romeoAccount, { ...stored, stanzas: true, presence: false });
  await back.settle();
  const { bodies, asked } = await read(back, "juliet@localhost", { limit: 65 });
  assert.deepEqual(bodies, texts(70, 6));
  assert.ok(asked >= 1);
  assert.deepEqual(await read(back, "juliet@localhost", { limit: 65 }), { bodies, asked: 0 });
  await back.call("disconnect");
  assert.deepEqual((await read(await offline(client, romeoAccount), "juliet@localhost", { limit: 65 })).bodies, bodies);
});

stage.test("in a conversation of 100,000 messages history() reads no more than it yields", async ({ page, client, account }) => {
  const romeoAccount = account("romeo");
  const romeo = await offline(client, romeoAccount);
  const { bodies, reads } = await page.evaluate(async ([account, id]) => {
    const { MessageStore } = await import("/pkg/message-store.js");
    const store = new MessageStore(account, console.error);
    const [jid, timestamp] = ["juliet@long.example", 1_700_000_000_000];
    store.add({ id: "m0", from: `${jid}/x`, to: account, type: "chat", direction: "in", body: "message 0", timestamp });
    const [first] = await store.page(jid, { limit: 1 });
    const transaction = store.database.transaction("messages", "readwrite");
    for (let n = 1; n < 100_000; n += 1) {
      const message = { ...first.message, id: `m${n}`, body: `message ${n}`, timestamp: timestamp + n };
      transaction.objectStore("messages").put({ jid, age: -message.timestamp, rank: first.rank - n, ids: [`id ${jid} m${n}`], message, isAfterGap: false });
    }
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    const reads = [];
    const { getAll } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.getAll = function (range, count) {
      reads.push(count);
      return getAll.call(this, range, count);
    };
    const bodies = [];
    for await (const { body } of stage.client(id).messages.history(jid, { limit: 30 })) bodies.push(body);
    return { bodies, reads };
  }, [romeoAccount.jid, romeo.id]);
  assert.deepEqual(bodies, texts(99_999, 99_970));
  assert.deepEqual(reads, [30]);
});

stage.test("a database of the version before is taken along, and what others can do is known in the next page", async ({ page, account, client, online, server }) => {
  const [romeoAccount, julietAccount] = [account("romeo"), account("juliet")];
  server.writeRoster(romeoAccount.jid, [{ jid: julietAccount.jid, subscription: "both" }]);
  server.writeRoster(julietAccount.jid, [{ jid: romeoAccount.jid, subscription: "both" }]);
  // As the first version made it.
  await page.evaluate(([name, jid, to]) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("messages", { keyPath: ["jid", "age", "rank"] }).createIndex("ids", "ids", { multiEntry: true });
    return new Promise((resolve) => {
      request.onsuccess = () => {
        const message = { id: "m1", from: `${jid}/x`, to, type: "chat", direction: "in", body: "of old", timestamp: 1_700_000_000_000 };
        const transaction = request.result.transaction("messages", "readwrite");
        transaction.objectStore("messages").put({ jid, age: -message.timestamp, rank: -1, ids: [`id ${jid} m1`], message, isAfterGap: true });
        transaction.oncomplete = () => resolve(request.result.close());
      };
    });
  }, [`waxwing-messages:${romeoAccount.jid}`, julietAccount.jid, romeoAccount.jid]);

  const juliet = await online(julietAccount);
  const romeo = await online(romeoAccount, stored);
  assert.deepEqual((await romeo.call("messages.conversations")).map(({ message }) => message.body), ["of old"]);
  await romeo.take("presence", { from: juliet.fullJid });
  const info = await romeo.call("disco.info", juliet.fullJid);
  await romeo.call("messages.conversations");
  await romeo.call("disconnect");

  const later = await client(romeoAccount, { ...stored, stanzas: true });
  await later.call("connect");
  await later.take("presence", { from: juliet.fullJid });
  assert.deepEqual(await later.call("disco.info", juliet.fullJid), info);
  const asked = (await later.seen("stanza", { direction: "out" })).filter(({ xml }) => xml.includes("disco#info") && xml.includes(juliet.fullJid));
  assert.deepEqual(asked, []);
});
