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
    found.map(({ jid, message, stage }) => [jid, message.body, message.direction, stage]),
    [
      ["nobody@localhost", "fourth", "out", "failed"],
      [nurse.jid, "third", "out", "acked"],
      [juliet.jid, "second", "in", undefined],
    ],
  );
  assert.deepEqual(found[1].message, third);
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
