// Contacts and subscriptions on Prosody: what one client does, and what the others see of it.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

const itemsOf = (client) => client.get("roster.items");

/** Two clients of one account, and an account that is a stranger to it. */
async function twoDevices({ account, online }) {
  const owner = account("romeo");
  const [phone, laptop] = [await online(owner), await online(owner)];
  return { phone, laptop, stranger: account("juliet") };
}

// Contacts (RFC 6121, section 2).

stage.test("a contact that one device adds is on all devices, and add() resolves once it is there", async (given) => {
  const { phone, laptop, stranger } = await twoDevices(given);
  await phone.call("roster.add", { jid: stranger.jid, name: "Juliet", groups: ["Verona", "Balcony"] });
  const item = { jid: stranger.jid, name: "Juliet", groups: ["Balcony", "Verona"], subscription: "none" };
  assert.deepEqual(await itemsOf(phone), [item]);
  assert.deepEqual(await phone.call("roster.get", `${stranger.jid}/orchard`), item);
  for (const device of [phone, laptop]) {
    assert.deepEqual(await device.take("roster", { change: "added" }), { change: "added", items: [item] });
    assert.deepEqual(await itemsOf(device), [item]);
  }
});

stage.test("update() changes what is given and leaves the rest, also when one follows the other at once", async (given) => {
  const { phone, laptop, stranger } = await twoDevices(given);
  const { jid } = stranger;
  await phone.call("roster.add", { jid, name: "Juliet", groups: ["Verona"] });
  await Promise.all([phone.call("roster.update", { jid, groups: ["Verona", "Capulets"] }), phone.call("roster.update", { jid, name: "Jule" })]);
  const item = { jid, name: "Jule", groups: ["Capulets", "Verona"], subscription: "none" };
  for (const device of [phone, laptop]) {
    await device.take("roster", { change: "updated", items: [item] });
    assert.deepEqual(await itemsOf(device), [item]);
  }
  await laptop.call("roster.update", { jid, name: "", groups: [] });
  for (const device of [phone, laptop]) {
    assert.deepEqual((await device.take("roster", { change: "updated", items: [{ groups: [] }] })).items, [{ jid, groups: [], subscription: "none" }]);
  }
  await assert.rejects(phone.call("roster.update", { jid: "nobody@localhost", name: "x" }), { code: "invalid-argument", condition: "item-not-found" });
});

stage.test("a contact that one device removes is gone on all of them, with one event on each", async (given) => {
  const { phone, laptop, stranger } = await twoDevices(given);
  await phone.call("roster.add", { jid: stranger.jid, name: "Juliet" });
  await laptop.take("roster", { change: "added" });
  await laptop.call("roster.remove", stranger.jid);
  for (const device of [phone, laptop]) {
    const removed = { change: "removed", items: [{ jid: stranger.jid, name: "Juliet", groups: [], subscription: "remove" }] };
    assert.deepEqual(await device.take("roster", { change: "removed" }), removed);
    await device.settle();
    assert.deepEqual(await itemsOf(device), []);
    assert.deepEqual((await device.seen("roster")).map(({ change }) => change), ["loaded", "added", "removed"]);
  }
  await assert.rejects(phone.call("roster.remove", stranger.jid), { code: "stanza-error", condition: "item-not-found" });
});

stage.test("items is frozen, the same array while nothing changes, and a new one after a change", async ({ online, page }) => {
  const romeo = await online("romeo");
  const outcome = await page.evaluate(async (id) => {
    const { roster } = stage.client(id);
    const before = roster.items;
    const isSame = roster.items === before;
    await roster.add({ jid: "juliet@localhost" });
    const after = roster.items;
    return { isSame, before: before.length, after: after.length, areFrozen: Object.isFrozen(before) && Object.isFrozen(after), isNew: after !== before };
  }, romeo.id);
  assert.deepEqual(outcome, { isSame: true, before: 0, after: 1, areFrozen: true, isNew: true });
});

stage.test("5,000 contacts are loaded in one event, before connect() resolves", async ({ account, client, server }) => {
  const owner = account("romeo");
  const contacts = Array.from({ length: 5000 }, (_, index) => ({
    jid: `contact-${String(index).padStart(4, "0")}@example.net`,
    name: `Contact <${index}> & co`,
    groups: [`group ${index % 7}`],
    subscription: ["none", "to", "from", "both"][index % 4],
  }));
  server.writeRoster(owner.jid, contacts);
  const romeo = await client(owner);
  await romeo.call("connect");
  assert.deepEqual(await itemsOf(romeo), contacts);
  assert.deepEqual(await romeo.seen("roster"), [{ change: "loaded", items: contacts }]);
  assert.deepEqual(await romeo.call("roster.get", contacts[4321].jid), contacts[4321]);
});

// Versions (RFC 6121, section 2.6).

stage.test("at the next login only what changed in between comes over the wire", async ({ account, online, server }) => {
  const owner = account("romeo");
  server.writeRoster(owner.jid, [{ jid: "nurse@localhost", name: "Nurse" }, { jid: "tybalt@localhost", name: "Tybalt" }]);
  const phone = await online(owner, { stanzas: true });
  const laptop = await online(owner);
  const before = await itemsOf(phone);
  const repliesToPhone = async () => (await phone.seen("stanza", { direction: "in" })).filter(({ xml }) => /^<iq[^>]*type=["']result/.test(xml) && xml.includes("jabber:iq:roster"));
  assert.equal((await repliesToPhone()).length, 1);

  // Nothing has changed: an empty result, and the event tells all that is known.
  await phone.call("disconnect");
  assert.deepEqual(await itemsOf(phone), before, "offline the roster stays readable");
  await phone.call("connect");
  assert.deepEqual((await phone.seen("roster")).at(-1), { change: "loaded", items: before });
  assert.equal((await repliesToPhone()).length, 1, "the server has sent no item a second time");

  await phone.call("disconnect");
  await laptop.call("roster.remove", "tybalt@localhost");
  await laptop.call("roster.add", { jid: "mercutio@localhost", name: "Mercutio" });
  await phone.call("connect");
  await phone.settle();
  assert.deepEqual(await itemsOf(phone), await itemsOf(laptop));
  assert.deepEqual((await itemsOf(phone)).map(({ jid }) => jid), ["mercutio@localhost", "nurse@localhost"]);
  await laptop.call("disconnect");
});

// Subscriptions (RFC 6121, section 3).

stage.test("a request arrives with what is said in it, and once it is approved, both see each other", async ({ online }) => {
  const romeo = await online("romeo", { presence: { show: "chat" } });
  const juliet = await online("juliet", { presence: { status: "on the balcony" } });

  await romeo.call("roster.subscribe", juliet.jid);
  await romeo.take("roster", { change: "added", items: [{ jid: juliet.jid, subscription: "none", ask: "subscribe" }] });
  assert.deepEqual(await juliet.take("subscription"), { from: romeo.jid, type: "subscribe" });
  assert.equal(await juliet.call("presence.of", romeo.jid), undefined, "nobody sees anything yet");

  await juliet.call("roster.approve", romeo.jid);
  assert.deepEqual(await romeo.take("subscription"), { from: juliet.jid, type: "subscribed" });
  await romeo.take("presence", { from: juliet.fullJid, type: "available", status: "on the balcony" });
  await romeo.take("roster", { change: "updated", items: [{ jid: juliet.jid, subscription: "to" }] });
  await juliet.take("roster", { items: [{ jid: romeo.jid, subscription: "from" }] });

  await juliet.call("roster.subscribe", romeo.jid);
  await romeo.take("subscription", { from: juliet.jid, type: "subscribe" });
  await romeo.call("roster.approve", juliet.jid);
  await juliet.take("presence", { from: romeo.fullJid, type: "available", show: "chat" });
  await romeo.take("roster", { items: [{ jid: juliet.jid, subscription: "both" }] });
  await juliet.take("roster", { items: [{ jid: romeo.jid, subscription: "both" }] });
  assert.deepEqual(await itemsOf(romeo), [{ jid: juliet.jid, groups: [], subscription: "both" }]);
  assert.deepEqual(await itemsOf(juliet), [{ jid: romeo.jid, groups: [], subscription: "both" }]);
});

stage.test("a request of another client brings its words and its nickname", async ({ online, page }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  await page.evaluate(([id, to]) => {
    const nick = waxwing.xml`<nick xmlns="http://jabber.org/protocol/nick">${"Romeo <3"}</nick>`;
    stage.client(id).sendRaw(waxwing.xml`<presence to=${to} type="subscribe"><status>${"my lady & my love"}</status>${nick}</presence>`);
  }, [romeo.id, juliet.jid]);
  assert.deepEqual(await juliet.take("subscription"), { from: romeo.jid, type: "subscribe", status: "my lady & my love", nick: "Romeo <3" });
});

stage.test("a request to somebody who is offline waits for the next login, and is told on each device", async ({ account, online }) => {
  const romeo = await online("romeo");
  const absent = account("juliet");
  await romeo.call("roster.subscribe", absent.jid);
  await romeo.settle();
  for (const device of [await online(absent), await online(absent)]) {
    assert.deepEqual(await device.take("subscription"), { from: romeo.jid, type: "subscribe" });
  }
});

stage.test("a request that is denied leaves nobody seeing anything", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const words = { nick: "Romeo <3", status: "We met at the ball" };
  await romeo.call("roster.subscribe", juliet.jid, words);
  assert.deepEqual(await juliet.take("subscription"), { from: romeo.jid, type: "subscribe", ...words });
  await juliet.call("roster.deny", romeo.jid);
  assert.deepEqual(await romeo.take("subscription"), { from: juliet.jid, type: "unsubscribed" });
  await romeo.take("roster", { change: "updated", items: [{ jid: juliet.jid, subscription: "none" }] });
  await Promise.all([romeo.settle(), juliet.settle()]);
  assert.deepEqual(await itemsOf(romeo), [{ jid: juliet.jid, groups: [], subscription: "none" }]);
  assert.deepEqual(await itemsOf(juliet), []);
  assert.deepEqual(await romeo.seen("presence", { from: juliet.fullJid, type: "available" }), []);
});

stage.test("unsubscribe() ends what we see, deny() what they see, and remove() both", async ({ account, online, server }) => {
  const withBoth = async (act) => {
    const accounts = [account("romeo"), account("juliet")];
    accounts.forEach(({ jid }, index) => server.writeRoster(jid, [{ jid: accounts[1 - index].jid, subscription: "both" }]));
    const [romeo, juliet] = [await online(accounts[0]), await online(accounts[1])];
    await romeo.take("presence", { from: juliet.fullJid, type: "available" });
    await juliet.take("presence", { from: romeo.fullJid, type: "available" });
    await act(romeo, juliet);
  };

  await withBoth(async (romeo, juliet) => {
    await romeo.call("roster.unsubscribe", juliet.jid);
    assert.deepEqual(await juliet.take("subscription"), { from: romeo.jid, type: "unsubscribe" });
    await romeo.take("roster", { items: [{ jid: juliet.jid, subscription: "from" }] });
    await juliet.take("roster", { items: [{ jid: romeo.jid, subscription: "to" }] });
    assert.equal((await juliet.call("presence.of", romeo.jid)).from, romeo.fullJid);
    await juliet.call("presence.set", { status: "not for Romeo" });
    await Promise.all([juliet.settle(), romeo.settle()]);
    assert.deepEqual(await romeo.seen("presence", { status: "not for Romeo" }), []);
  });
  await withBoth(async (romeo, juliet) => {
    await romeo.call("roster.deny", juliet.jid);
    assert.deepEqual(await juliet.take("subscription"), { from: romeo.jid, type: "unsubscribed" });
    await juliet.take("presence", { from: romeo.fullJid, type: "unavailable" });
    await romeo.take("roster", { items: [{ jid: juliet.jid, subscription: "to" }] });
    assert.equal((await romeo.call("presence.of", juliet.jid)).from, juliet.fullJid);
  });
  await withBoth(async (romeo, juliet) => {
    await romeo.call("roster.remove", juliet.jid);
    await juliet.take("subscription", { from: romeo.jid, type: "unsubscribe" });
    await juliet.take("subscription", { from: romeo.jid, type: "unsubscribed" });
    await juliet.take("presence", { from: romeo.fullJid, type: "unavailable" });
    await juliet.take("roster", { items: [{ jid: romeo.jid, subscription: "none" }] });
    assert.deepEqual(await itemsOf(romeo), []);
  });
});

stage.test("a request that was approved in advance grants itself", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  await juliet.call("roster.approve", romeo.jid);
  // Prosody keeps the approval and does not show it, though section 2.1.2.1 says that it is shown.
  await juliet.take("roster", { change: "added", items: [{ jid: romeo.jid, subscription: "none" }] });
  await romeo.call("roster.subscribe", juliet.jid);
  await romeo.take("subscription", { from: juliet.jid, type: "subscribed" });
  await romeo.take("presence", { from: juliet.fullJid, type: "available" });
  await juliet.take("roster", { items: [{ jid: romeo.jid, subscription: "from" }] });
  await juliet.settle();
  assert.deepEqual(await juliet.seen("subscription"), [], "and nobody was asked");
});
