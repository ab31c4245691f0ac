// What is said of other messages: corrections, retractions, reactions and replies, through Prosody.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

/** Says something and returns it as it was sent, and as it came. */
async function say(from, to, body) {
  const sent = await from.call("messages.send", { to: to.jid, body });
  return [sent, await to.take("message", { id: sent.id })];
}

stage.test("a message is corrected, and once more, and each correction names the original", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const [sent] = await say(romeo, juliet, "through yonder airlock");
  const first = await romeo.call("messages.correct", sent, { body: "through yonder windows" });
  assert.equal(first.replaces, sent.id);
  assert.notEqual(first.id, sent.id);
  const second = await romeo.call("messages.correct", first, { body: "through yonder window" });
  for (const [correction, body] of [[first, "through yonder windows"], [second, "through yonder window"]]) {
    const got = await juliet.take("message", { id: correction.id });
    assert.deepEqual([got.body, got.replaces], [body, sent.id]);
  }
});

stage.test("a correction says again what it does not change", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const sent = await romeo.call("messages.send", { to: juliet.jid, type: "normal", subject: "the balcony", body: "Hi", thread: "t1" });
  await juliet.take("message");
  await romeo.call("messages.correct", sent, { body: "Ho" });
  const { type, subject, body, thread, replaces } = await juliet.take("message");
  assert.deepEqual({ type, subject, body, thread, replaces }, { type: "normal", subject: "the balcony", body: "Ho", thread: "t1", replaces: sent.id });
});

stage.test("a message is taken back, and the text for other clients is not shown", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet", { stanzas: true });
  const [sent] = await say(romeo, juliet, "to the wrong one");
  const retraction = await romeo.call("messages.retract", sent);
  assert.deepEqual([retraction.retracts, retraction.body], [sent.id, undefined]);
  const got = await juliet.take("message", { id: retraction.id });
  assert.deepEqual([got.retracts, got.body, got.fallbacks.length], [sent.id, undefined, 1]);
  const isRetraction = ({ xml }) => xml.includes("urn:xmpp:message-retract:1");
  const { xml } = (await juliet.seen("stanza", { direction: "in" })).find(isRetraction);
  assert.match(xml, /<body>[^<]+<\/body>/);
  assert.ok(!xml.includes("<markable"), "nobody sees it");
});

stage.test("reactions replace one another, and none takes them back", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const [sent, heard] = await say(romeo, juliet, "Wilt thou?");
  for (const emojis of [["\u{1f44b}"], ["\u{1f44b}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}"], []]) {
    const reaction = await juliet.call("messages.react", heard, emojis);
    assert.deepEqual(reaction.reactions, { id: sent.id, emojis });
    const got = await romeo.take("message", { direction: "in" });
    assert.deepEqual([got.reactions, got.body], [{ id: sent.id, emojis }, undefined]);
  }
});

stage.test("a reply names what it answers, and its quote is kept apart", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet", { stanzas: true });
  const [sent, heard] = await say(romeo, juliet, "Shall I hear more,\r\nor \u{1f422} speak?");
  const answer = await juliet.call("messages.reply", heard, { body: "\u{1f339} speak" });
  const got = await romeo.take("message", { direction: "in" });
  const fallbacks = [{ for: "urn:xmpp:reply:0", body: "> Shall I hear more,\n> or \u{1f422} speak?\n" }];
  for (const message of [answer, got]) {
    assert.deepEqual([message.body, message.replyTo, message.fallbacks], ["\u{1f339} speak", { id: sent.id, to: romeo.fullJid }, fallbacks]);
  }
  // A correction of it is still a reply.
  await juliet.call("messages.correct", answer, { body: "speak" });
  const corrected = await romeo.take("message", { direction: "in" });
  assert.deepEqual([corrected.body, corrected.replaces, corrected.replyTo, corrected.fallbacks], ["speak", answer.id, got.replyTo, fallbacks]);
});

stage.test("corrections, reactions and retractions arrive in order", async ({ online, page }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  await page.evaluate(
    async ([id, to]) => {
      const { messages } = stage.client(id);
      const sends = [];
      for (let round = 0; round < 20; round += 1) {
        const target = { to, id: `m${round}` };
        sends.push(messages.send({ ...target, body: `${round}` }), messages.correct(target, { body: `${round}!` }), messages.react(target, ["\u{1f44d}"]));
        sends.push(messages.reply(target, { body: "Well" }), messages.retract(target));
      }
      await Promise.all(sends);
    },
    [romeo.id, juliet.jid],
  );
  await juliet.take("message", { retracts: "m19" });
  const what = ({ body, replaces, reactions, replyTo, retracts }) => [body, replaces ?? reactions?.id ?? replyTo?.id ?? retracts];
  const expected = Array.from({ length: 20 }, (_, round) => {
    const id = `m${round}`;
    return [[`${round}`, undefined], [`${round}!`, id], [undefined, id], ["Well", id], [undefined, id]];
  });
  assert.deepEqual((await juliet.seen("message")).map(what), expected.flat());
});

stage.test("what somebody else says of a message is not believed", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const mallory = await online("mallory");
  const [sent] = await say(romeo, juliet, "I love thee");
  const about = { to: juliet.jid, id: sent.id };
  await mallory.call("messages.correct", about, { body: "I love thee not" });
  await mallory.call("messages.retract", about);
  await mallory.call("messages.react", about, ["\u{1f92e}"]);
  // Juliet speaks of what Romeo said, as if it were hers.
  await juliet.call("messages.correct", { to: romeo.jid, id: sent.id }, { body: "I owe thee" });
  await juliet.call("messages.retract", { to: romeo.jid, id: sent.id });
  await say(mallory, juliet, "the last of mine");
  await say(juliet, romeo, "and the last of mine");
  await mallory.settle();
  assert.deepEqual((await juliet.seen("message", { direction: "in" })).map(({ body }) => body), ["I love thee", "the last of mine"]);
  assert.deepEqual((await romeo.seen("message", { direction: "in" })).map(({ body }) => body), ["and the last of mine"]);
});

stage.test("what cannot be meant is refused at once", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const [, heard] = await say(romeo, juliet, "Hi");
  const refused = (verb, ...args) => assert.rejects(juliet.call(`messages.${verb}`, ...args), { code: "invalid-argument" }, `${verb} ${JSON.stringify(args)}`);
  await refused("correct", heard, { body: "not mine" });
  await refused("retract", heard);
  await refused("correct", { to: romeo.jid, id: "m1" }, {});
  await refused("correct", { to: romeo.jid, id: "m1" }, { to: romeo.jid, body: "Ho" });
  await refused("react", heard, ["not an emoji"]);
  await refused("react", heard, ["\u{1f44b}\u{1f44b}"]);
  await refused("react", heard, "\u{1f44b}");
  await refused("react", { ...heard, type: "groupchat", stanzaId: undefined }, ["\u{1f44b}"]);
  await refused("reply", heard, {});
  await refused("reply", { to: "@", id: "m1" }, { body: "Ho" });
  await juliet.settle();
  assert.deepEqual(await juliet.seen("message", { direction: "out" }), []);
});

// What a message says about its text.

stage.test("a call for attention reaches who is there, and nobody later", async ({ online, account }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const call = await romeo.call("messages.requestAttention", juliet.jid);
  assert.deepEqual([call.type, call.attention, call.body], ["headline", true, undefined]);
  const got = await juliet.take("message", { id: call.id });
  assert.deepEqual([got.type, got.attention], ["headline", true]);

  const absent = account("nurse");
  await romeo.call("messages.send", { to: absent.jid, attention: true, body: "kept" });
  const nurse = await online(absent);
  const late = await nurse.take("message");
  assert.deepEqual([late.body, late.delayed, late.attention], ["kept", true, undefined]);
});

stage.test("spoilers, hints and texts without styles arrive as they were sent, and a correction keeps them", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const parts = { spoiler: "the end", hints: ["no-permanent-store"], unstyled: true };
  const sent = await romeo.call("messages.send", { to: juliet.jid, body: "*both* of them die", ...parts });
  const { spoiler, hints, unstyled } = await juliet.take("message");
  assert.deepEqual({ spoiler, hints, unstyled }, parts);
  await romeo.call("messages.correct", sent, { body: "_both_ of them die" });
  const corrected = await juliet.take("message");
  assert.deepEqual([corrected.spoiler, corrected.hints, corrected.unstyled], Object.values(parts));
  await assert.rejects(romeo.call("messages.send", { to: juliet.jid, body: "Hi", hints: ["no-copy"] }), { code: "invalid-argument" });
});

stage.test("what is about a message is kept where the message is", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const [, heard] = await say(romeo, juliet, "Hi");
  const [kept, not] = [await juliet.call("messages.react", heard, ["\u{1f44b}"]), await juliet.call("messages.react", { ...heard, hints: ["no-store"] }, [])];
  assert.deepEqual([kept.hints, not.hints], [["store"], undefined]);
});

stage.test("a text is read for its styles in the page", async ({ page }) => {
  const found = await page.evaluate(() => [waxwing.parseStyling("*Hi*\n> `there`"), waxwing.actionOf("/me waves")]);
  const quote = [{ type: "paragraph", spans: [{ type: "code", mark: "`", text: "there" }] }];
  assert.deepEqual(found, [
    [{ type: "paragraph", spans: [{ type: "strong", mark: "*", spans: [{ type: "text", text: "Hi" }] }] }, { type: "quote", blocks: quote }],
    "waves",
  ]);
});
