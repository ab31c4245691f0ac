// What others learn of a conversation beside its messages: who is typing, what has arrived and what was read. Two devices of Juliet's, and Romeo.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

/** Romeo, and Juliet on two devices, who see each other's presence. */
async function contacts({ server, account, online }, options = {}) {
  const [romeo, juliet] = [account("romeo"), account("juliet")];
  server.writeRoster(romeo.jid, [{ jid: juliet.jid, subscription: "both" }]);
  server.writeRoster(juliet.jid, [{ jid: romeo.jid, subscription: "both" }]);
  const clients = [await online(romeo, options), await online(juliet, options), await online(juliet, options)];
  // Their presences have been handled: what goes to Juliet goes to both devices.
  for (const client of clients) await client.settle();
  return clients;
}

const states = async (client) => (await client.seen("chat-state")).map(({ state }) => state);

// Chat states.

stage.test("typing is told once, ends with the message, and comes with no message of its own", async (stage) => {
  const [romeo, juliet] = await contacts(stage);
  for (let key = 0; key < 20; key += 1) await romeo.call("messages.sendChatState", juliet.jid, "composing");
  assert.deepEqual(await juliet.take("chat-state"), { from: romeo.fullJid, state: "composing" });
  await romeo.call("messages.send", { to: juliet.jid, body: "Art thou not Juliet?" });
  const { body } = await juliet.take("message");
  assert.equal(body, "Art thou not Juliet?");
  assert.deepEqual(await states(juliet), ["composing", "active"]);

  await juliet.call("messages.sendChatState", romeo.fullJid, "composing");
  await romeo.take("chat-state", { from: juliet.fullJid, state: "composing" });
  await juliet.call("messages.sendChatState", romeo.fullJid, "paused");
  await romeo.take("chat-state", { state: "paused" });
  await juliet.call("messages.sendChatState", romeo.fullJid, "gone");
  await romeo.take("chat-state", { state: "gone" });
  assert.deepEqual([(await romeo.seen("message")).length, (await juliet.seen("message")).length], [1, 1]);
});

stage.test("who stops typing has paused, without a further call", async (stage) => {
  const [romeo, juliet] = await contacts(stage);
  await romeo.call("messages.sendChatState", juliet.jid, "composing");
  await juliet.take("chat-state", { state: "composing" });
  await juliet.take("chat-state", { state: "paused" });
});

stage.test("a stranger learns of no typing, and what is no state is refused", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  await romeo.call("messages.sendChatState", juliet.jid, "composing");
  await romeo.settle();
  await juliet.settle();
  assert.deepEqual(await states(juliet), []);
  for (const args of [[juliet.jid, "typing"], ["@", "active"], [juliet.jid, "active", { type: "normal" }]]) {
    await assert.rejects(romeo.call("messages.sendChatState", ...args), { code: "invalid-argument" });
  }
});

// Receipts.

const stagesOf = async (client, id) => (await client.seen("delivery", { id })).map(({ stage }) => stage);

stage.test("what has arrived at either device is delivered, once, and comes with no message of its own", async (stage) => {
  const [romeo, juliet, chamber] = await contacts(stage, { stanzas: true });
  const { id } = await romeo.call("messages.send", { to: juliet.jid, body: "Hi" });
  await juliet.take("message");
  await chamber.take("message");
  assert.deepEqual(await romeo.take("delivery", { id, stage: "delivered" }), { id, to: juliet.jid, stage: "delivered" });
  // Both devices have got it by now, and their answers are on the way.
  for (const client of [juliet, chamber, romeo]) await client.settle();
  const answers = await romeo.seen("stanza", { direction: "in" });
  assert.equal(answers.filter(({ xml }) => xml.includes(`<received`) && xml.includes(id)).length, 2);
  assert.deepEqual(await stagesOf(romeo, id), ["queued", "sent", "acked", "delivered"]);
  assert.equal((await romeo.seen("message")).length, 1);

  const quiet = await romeo.call("messages.send", { to: juliet.jid, body: "Hush", receipt: false });
  await juliet.take("message", { id: quiet.id });
  for (const client of [juliet, chamber, romeo]) await client.settle();
  assert.deepEqual(await stagesOf(romeo, quiet.id), ["queued", "sent", "acked"]);
});

stage.test("a message to somebody who is offline is delivered when they are back", async ({ server, account, online }) => {
  const [one, other] = [account("romeo"), account("juliet")];
  server.writeRoster(other.jid, [{ jid: one.jid, subscription: "from" }]);
  const romeo = await online(one);
  const { id } = await romeo.call("messages.send", { to: other.jid, body: "Hi" });
  assert.deepEqual(await stagesOf(romeo, id), ["queued", "sent", "acked"]);
  const juliet = await online(other);
  await juliet.take("message", { id, delayed: true });
  await romeo.take("delivery", { id, stage: "delivered" });
});

stage.test("receipts go to contacts, to all or to nobody, as the app says", async ({ server, account, online }) => {
  const romeo = await online("romeo");
  for (const [receipts, isContact, isDelivered] of [["contacts", false, false], ["all", false, true], ["none", true, false]]) {
    const other = account("juliet");
    if (isContact) server.writeRoster(other.jid, [{ jid: romeo.jid, subscription: "both" }]);
    const juliet = await online(other, { receipts });
    const { id } = await romeo.call("messages.send", { to: juliet.jid, body: "Hi" });
    await juliet.take("message", { id });
    await juliet.settle();
    await romeo.settle();
    assert.equal((await stagesOf(romeo, id)).includes("delivered"), isDelivered, receipts);
  }
});

// What was seen.

stage.test("what was seen is displayed, after delivered, and the user's other devices learn of it", async (stage) => {
  const [romeo, juliet, chamber] = await contacts(stage);
  const first = await romeo.call("messages.send", { to: juliet.jid, body: "One" });
  const second = await romeo.call("messages.send", { to: juliet.jid, body: "Two" });
  await juliet.take("message", { id: first.id });
  const message = await juliet.take("message", { id: second.id, markable: true });
  await romeo.take("delivery", { id: second.id, stage: "delivered" });
  await juliet.call("messages.markDisplayed", message);
  await juliet.call("messages.markDisplayed", message);
  assert.deepEqual(await romeo.take("delivery", { stage: "displayed" }), { id: second.id, to: juliet.jid, stage: "displayed" });
  assert.deepEqual(await chamber.take("displayed", { id: second.id }), { with: romeo.jid, id: second.id });
  for (const client of [juliet, chamber, romeo]) await client.settle();
  // All before it counts as seen, too.
  assert.deepEqual(await stagesOf(romeo, first.id), ["queued", "sent", "acked", "delivered"]);
  assert.deepEqual(await stagesOf(romeo, second.id), ["queued", "sent", "acked", "delivered", "displayed"]);
  assert.equal((await romeo.seen("message")).length, 2);
  assert.deepEqual(await juliet.seen("displayed"), []);
});

stage.test("what was seen before the client is online is said then, and the newest alone", async (stage) => {
  const { server, account, online, client } = stage;
  const [one, other] = [account("romeo"), account("juliet")];
  server.writeRoster(other.jid, [{ jid: one.jid, subscription: "from" }]);
  const romeo = await online(one);
  const ids = [];
  for (const body of ["One", "Two"]) ids.push((await romeo.call("messages.send", { to: other.jid, body })).id);
  const juliet = await client(other);
  await assert.rejects(juliet.call("messages.markDisplayed", { to: romeo.jid, id: ids[0] }), { code: "not-connected" });
  const connected = juliet.call("connect");
  for (const id of ids) await juliet.call("messages.markDisplayed", { to: romeo.jid, id });
  await connected;
  await romeo.take("delivery", { id: ids[1], stage: "displayed" });
  await juliet.settle();
  await romeo.settle();
  assert.equal((await stagesOf(romeo, ids[0])).includes("displayed"), false);
});

stage.test("what was seen goes to those who ask and may know, as the app says", async ({ server, account, online }) => {
  const romeo = await online("romeo");
  for (const [markers, isContact, options, isSeen] of [
    ["contacts", true, {}, true],
    ["contacts", true, { markable: false }, false],
    ["contacts", false, {}, false],
    ["all", false, {}, true],
    ["none", true, {}, false],
  ]) {
    const other = account("juliet");
    if (isContact) server.writeRoster(other.jid, [{ jid: romeo.jid, subscription: "both" }]);
    const juliet = await online(other, { markers });
    const { id } = await romeo.call("messages.send", { to: juliet.jid, body: "Hi", ...options });
    await juliet.call("messages.markDisplayed", await juliet.take("message", { id }));
    await juliet.settle();
    await romeo.settle();
    assert.equal((await stagesOf(romeo, id)).includes("displayed"), isSeen, JSON.stringify([markers, isContact, options]));
  }
  await assert.rejects(romeo.call("messages.markDisplayed", { to: "juliet@localhost" }), { code: "invalid-argument" });
  await assert.rejects(romeo.call("messages.markDisplayed", { direction: "in", type: "groupchat", from: "room@localhost/a", id: "m1" }), { code: "invalid-argument" });
});

stage.test("a device that was not there learns at its login what was read meanwhile", async (stage) => {
  const [romeo, juliet, chamber] = await contacts(stage);
  await chamber.call("disconnect");
  const { id } = await romeo.call("messages.send", { to: juliet.jid, body: "Hi" });
  const message = await juliet.take("message", { id });
  assert.ok(message.stanzaId, "the archive's id");
  await juliet.call("messages.markDisplayed", message);
  await romeo.take("delivery", { id, stage: "displayed" });
  await juliet.settle();
  await chamber.call("connect");
  assert.deepEqual(await chamber.take("displayed", { with: romeo.jid, stanzaId: message.stanzaId }), { with: romeo.jid, stanzaId: message.stanzaId });
});

stage.test("what was read in private is known to the user's other devices, and to nobody else", async (stage) => {
  const [romeo, juliet, chamber] = await contacts(stage);
  const { id } = await romeo.call("messages.send", { to: juliet.jid, body: "Hi", markable: false });
  const message = await juliet.take("message", { id });
  await juliet.call("messages.markDisplayed", message);
  assert.deepEqual(await chamber.take("displayed"), { with: romeo.jid, stanzaId: message.stanzaId });
  for (const client of [juliet, romeo]) await client.settle();
  assert.equal((await stagesOf(romeo, id)).includes("displayed"), false);
  assert.deepEqual(await juliet.seen("displayed"), []);
});
