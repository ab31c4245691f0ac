// What others learn of a conversation beside its messages: who is typing, what has arrived and what was read. Two devices of Juliet's, and Romeo.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

/** Romeo, and Juliet on two devices, who see each other's presence. */
async function contacts({ server, account, online }, options = {}) {
  const [romeo, juliet] = [account("romeo"), account("juliet")];
  server.writeRoster(romeo.jid, [{ jid: juliet.jid, subscription: "both" }]);
  server.writeRoster(juliet.jid, [{ jid: romeo.jid, subscription: "both" }]);
  return [await online(romeo, options), await online(juliet, options), await online(juliet, options)];
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
