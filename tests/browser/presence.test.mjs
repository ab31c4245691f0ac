// Presence on Prosody: ours, and what is known of that of others.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

// A client that is cut off is told to be gone once its session can no longer be resumed: here soon.
const stage = setStage({ config: "smacks_hibernation_time = 1" });

/** Two accounts that see each other. */
function friends({ account, server }) {
  const accounts = [account("romeo"), account("juliet")];
  accounts.forEach(({ jid }, index) => server.writeRoster(jid, [{ jid: accounts[1 - index].jid, subscription: "both" }]));
  return accounts;
}

// Ours.

stage.test("what is set arrives with show, status, statuses and priority, and replaces what was there", async (given) => {
  const [one, two] = friends(given);
  const romeo = await given.online(one);
  const juliet = await given.online(two, { language: "de" });
  assert.deepEqual(await juliet.take("presence", { from: romeo.fullJid }), { from: romeo.fullJid, type: "available", priority: 0 });

  await romeo.call("presence.set", { show: "dnd", status: "wooing <&>", statuses: { de: "freit" }, priority: 7 });
  const wooing = await juliet.take("presence", { from: romeo.fullJid, show: "dnd" });
  const { statuses, ...rest } = wooing;
  assert.deepEqual(rest, { from: romeo.fullJid, type: "available", show: "dnd", status: "freit", priority: 7 });
  assert.deepEqual(Object.values(statuses).sort(), ["freit", "wooing <&>"]);
  assert.deepEqual(await juliet.call("presence.of", romeo.jid), wooing);

  for (const show of ["away", "chat", "xa"]) {
    await romeo.call("presence.set", { show });
    assert.deepEqual(await juliet.take("presence", { show }), { from: romeo.fullJid, type: "available", show, priority: 0 });
  }
  await romeo.call("presence.set", {});
  await juliet.take("presence", { from: romeo.fullJid, priority: 0 });
  assert.deepEqual(await juliet.call("presence.of", romeo.jid), { from: romeo.fullJid, type: "available", priority: 0 });
});

stage.test("the first presence is the one of the options, or the last that was set, also after a new login", async (given) => {
  const [one, two] = friends(given);
  const juliet = await given.online(two);
  const romeo = await given.online(one, { presence: { show: "xa", status: "asleep" } });
  await juliet.take("presence", { from: romeo.fullJid, show: "xa", status: "asleep" });
  await romeo.call("disconnect");
  await juliet.take("presence", { from: romeo.fullJid, type: "unavailable" });
  await romeo.call("presence.set", { status: "awake" });
  await romeo.call("connect");
  const from = await romeo.get("jid");
  assert.deepEqual(await juliet.take("presence", { from }), { from, type: "available", status: "awake", priority: 0 });
});

stage.test("with presence: false nobody sees the client until it sets one", async (given) => {
  const [one, two] = friends(given);
  const juliet = await given.online(two);
  const romeo = await given.online(one, { presence: false });
  await romeo.settle();
  await juliet.settle();
  assert.deepEqual(await juliet.seen("presence", { from: romeo.fullJid }), []);
  assert.equal(await juliet.call("presence.of", romeo.jid), undefined);
  assert.deepEqual(await romeo.seen("presence", { from: juliet.fullJid }), [], "nor does it see anybody");
  await romeo.call("presence.set", { show: "chat" });
  await juliet.take("presence", { from: romeo.fullJid, show: "chat" });
  await romeo.take("presence", { from: juliet.fullJid, type: "available" });
});

stage.test("since when somebody is idle is told both ways", async (given) => {
  const [one, two] = friends(given);
  const [romeo, juliet] = [await given.online(one), await given.online(two)];
  const idleSince = Date.UTC(2026, 1, 14, 12, 30, 15);
  await romeo.call("presence.set", { show: "away", idleSince });
  assert.equal((await juliet.take("presence", { from: romeo.fullJid, show: "away" })).idleSince, idleSince);
  assert.equal((await juliet.call("presence.of", romeo.fullJid)).idleSince, idleSince);
  await juliet.call("presence.set", { show: "xa", idleSince: idleSince + 1000 });
  assert.equal((await romeo.take("presence", { from: juliet.fullJid, show: "xa" })).idleSince, idleSince + 1000);
  await romeo.call("presence.set", {});
  await romeo.settle();
  await juliet.settle();
  assert.equal((await juliet.call("presence.of", romeo.fullJid)).idleSince, undefined);
});

stage.test("presence sent to one address is seen there alone, and can be taken back", async ({ online }) => {
  const [romeo, juliet, nurse] = [await online("romeo"), await online("juliet"), await online("nurse")];
  await romeo.call("presence.sendTo", juliet.fullJid, { show: "chat", status: "for you alone" });
  assert.deepEqual(await juliet.take("presence", { from: romeo.fullJid }), { from: romeo.fullJid, type: "available", show: "chat", status: "for you alone", priority: 0 });
  assert.equal((await juliet.call("presence.of", romeo.jid)).status, "for you alone");
  await romeo.call("presence.sendTo", juliet.fullJid, { type: "unavailable", status: "enough" });
  assert.equal((await juliet.take("presence", { from: romeo.fullJid, type: "unavailable" })).status, "enough");
  assert.equal(await juliet.call("presence.of", romeo.jid), undefined);

  // What is not taken back, the server takes back at the end.
  await romeo.call("presence.sendTo", juliet.fullJid);
  await juliet.take("presence", { from: romeo.fullJid, type: "available" });
  await romeo.call("disconnect");
  await juliet.take("presence", { from: romeo.fullJid, type: "unavailable" });
  await nurse.settle();
  assert.deepEqual(await nurse.seen("presence", { from: romeo.fullJid }), []);
});

// That of others.

stage.test("a bare JID stands for its most available resource, and a full one for itself", async (given) => {
  const [one, two] = friends(given);
  const romeo = await given.online(one);
  const device = (resource, presence) => given.online(two, { resource, presence });
  const phone = await device("phone", { priority: 5, show: "away" });
  const laptop = await device("laptop", { priority: 5 });
  const kiosk = await device("kiosk", { priority: 1, show: "chat" });
  for (const { fullJid } of [phone, laptop, kiosk]) await romeo.take("presence", { from: fullJid, type: "available" });
  const order = async () => (await romeo.call("presence.resources", two.jid)).map(({ from }) => from);

  assert.deepEqual(await order(), [laptop.fullJid, phone.fullJid, kiosk.fullJid]);
  assert.equal((await romeo.call("presence.of", two.jid)).from, laptop.fullJid);
  assert.deepEqual(await romeo.call("presence.of", kiosk.fullJid), { from: kiosk.fullJid, type: "available", show: "chat", priority: 1 });

  await kiosk.call("presence.set", { priority: 9 });
  await romeo.take("presence", { from: kiosk.fullJid, priority: 9 });
  assert.equal((await romeo.call("presence.of", two.jid)).from, kiosk.fullJid);

  await kiosk.call("disconnect");
  await romeo.take("presence", { from: kiosk.fullJid, type: "unavailable" });
  assert.equal(await romeo.call("presence.of", kiosk.fullJid), undefined);
  assert.deepEqual(await order(), [laptop.fullJid, phone.fullJid]);

  await romeo.call("disconnect");
  assert.deepEqual(await order(), [], "what is known ends with the session");
});

stage.test("a resource below zero gets no message that is sent to the bare JID", async ({ account, online }) => {
  const owner = account("juliet");
  const romeo = await online("romeo");
  const bot = await online(owner, { presence: { priority: -1 } });
  const phone = await online(owner, { presence: { priority: 0 } });
  await romeo.call("messages.send", { to: owner.jid, body: "for somebody who reads" });
  await phone.take("message", { body: "for somebody who reads" });
  await romeo.call("messages.send", { to: bot.fullJid, body: "for the bot" });
  await bot.take("message", { body: "for the bot" });
  await bot.settle();
  // It sees all that its owner gets, as a copy.
  const own = (await bot.seen("message")).filter(({ carbon }) => !carbon);
  assert.deepEqual(own.map(({ body }) => body), ["for the bot"]);
});

stage.test("a client that is cut off is unavailable once the server gives it up", async (given) => {
  const [one, two] = friends(given);
  const romeo = await given.online(one);
  const page = await stage.newPage();
  const juliet = await stage.online(page, two);
  await romeo.take("presence", { from: juliet.fullJid, type: "available" });
  await page.context().close();
  await romeo.take("presence", { from: juliet.fullJid, type: "unavailable" });
  assert.equal(await romeo.call("presence.of", two.jid), undefined);
});
