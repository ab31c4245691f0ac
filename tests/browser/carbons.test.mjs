// Two devices of one account and a contact, through Prosody: each device sees both sides of a conversation, once.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

const told = async (client) => (await client.seen("message")).map(({ body, direction, carbon = false }) => [body, direction, carbon]);

/** Two devices of Romeo's, and Juliet. */
async function people({ account, online }) {
  const romeo = account("romeo");
  return { phone: await online(romeo, { resource: "phone" }), desk: await online(romeo, { resource: "desk" }), juliet: await online("juliet") };
}

stage.test("what one device sends and gets the other one sees too, once and with its archive id", async (given) => {
  const { phone, desk, juliet } = await people(given);
  const sent = await phone.call("messages.send", { to: juliet.fullJid, body: "from the phone" });
  const copy = await desk.take("message");
  assert.deepEqual(
    { ...copy, timestamp: 0, stanzaId: typeof copy.stanzaId, lang: undefined },
    { id: sent.id, from: phone.fullJid, to: juliet.fullJid, type: "chat", direction: "out", body: "from the phone", originId: sent.id, stanzaId: "string", carbon: true, timestamp: 0, lang: undefined },
  );
  // The copy may come before the message itself.
  await juliet.take("message", { body: "from the phone" });
  await juliet.call("messages.send", { to: phone.fullJid, body: "to the phone" });
  const got = await phone.take("message", { direction: "in" });
  const copied = await desk.take("message", { direction: "in" });
  assert.equal(copied.stanzaId, got.stanzaId);
  assert.ok(got.stanzaId && !got.carbon && copied.carbon);
  // To the account: both get it by themselves.
  await juliet.call("messages.send", { to: phone.jid, body: "to both" });
  for (const device of [phone, desk]) await device.take("message", { body: "to both" });
  for (const client of [phone, desk, juliet]) await client.settle();
  assert.deepEqual(await told(phone), [["from the phone", "out", false], ["to the phone", "in", false], ["to both", "in", false]]);
  assert.deepEqual(await told(desk), [["from the phone", "out", true], ["to the phone", "in", true], ["to both", "in", false]]);
  assert.deepEqual((await told(juliet)).map(([body]) => body), ["from the phone", "to the phone", "to both"]);
});

stage.test("a stranger's copies are ignored, whatever they say", async (given) => {
  const { phone, desk, juliet } = await people(given);
  for (const kind of ["received", "sent"]) {
    const inner = `<message xmlns="jabber:client" type="chat" from="${kind === "sent" ? phone.fullJid : juliet.fullJid}" to="${juliet.jid}"><body>forged</body></message>`;
    const copy = `<${kind} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${kind}>`;
    await juliet.call("sendRaw", `<message type="chat" to="${desk.fullJid}"><body>a text of its own</body>${copy}</message>`);
  }
  await juliet.call("messages.send", { to: desk.fullJid, body: "the end" });
  for (const device of [phone, desk]) {
    await device.take("message", { body: "the end" });
    assert.deepEqual((await told(device)).map(([body]) => body), ["the end"]);
  }
});

stage.test("a page that comes back after both devices have talked sees what it missed, once and both ways", async (given) => {
  const { phone, desk, juliet } = await people(given);
  await juliet.call("messages.send", { to: desk.fullJid, body: "before" });
  await desk.take("message", { body: "before" });
  await desk.call("messages.send", { to: juliet.fullJid, body: "of the desk" });
  await desk.call("disconnect");
  await phone.call("messages.send", { to: juliet.fullJid, body: "meanwhile, from the phone" });
  await juliet.call("messages.send", { to: phone.fullJid, body: "meanwhile, to the phone" });
  await phone.take("message", { body: "meanwhile, to the phone" });
  await desk.call("connect");
  await desk.take("message", { body: "meanwhile, to the phone", direction: "in" });
  await desk.settle();
  assert.deepEqual((await desk.seen("message")).map(({ body, direction }) => [body, direction]), [
    ["before", "in"],
    ["of the desk", "out"],
    ["meanwhile, from the phone", "out"],
    ["meanwhile, to the phone", "in"],
  ]);
});
