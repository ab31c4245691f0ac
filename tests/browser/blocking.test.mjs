// client.blocking on Prosody's mod_blocklist.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

stage.test("who is blocked does not get through, looks like nobody to us, and is back when unblocked", async ({ online }) => {
  const romeo = await online("romeo");
  const iago = await online("iago");
  assert.deepEqual(await romeo.take("blocking"), { change: "loaded", jids: [] });

  await romeo.call("blocking.block", iago.jid);
  assert.deepEqual(await romeo.get("blocking.items"), [iago.jid]);
  assert.deepEqual(await romeo.take("blocking"), { change: "blocked", jids: [iago.jid] });

  await iago.call("messages.send", { to: romeo.jid, body: "Trust me" });
  const { id } = await romeo.call("messages.send", { to: iago.jid, body: "No" });
  const { error } = await romeo.take("delivery", { id, stage: "failed" });
  assert.equal(error.condition, "not-acceptable");
  assert.deepEqual(error.applicationCondition, { name: "blocked", xmlns: "urn:xmpp:blocking:errors" });
  await romeo.settle();
  assert.deepEqual(await romeo.seen("message", { direction: "in", type: "chat" }), []);

  await romeo.call("blocking.unblock", iago.jid);
  assert.deepEqual(await romeo.get("blocking.items"), []);
  assert.deepEqual(await romeo.take("blocking"), { change: "unblocked", jids: [iago.jid] });
  await iago.call("messages.send", { to: romeo.jid, body: "I hate the Moor" });
  await romeo.take("message", { from: iago.fullJid, body: "I hate the Moor" });
  assert.deepEqual(await romeo.seen("message", { body: "Trust me" }), []);
});

stage.test("another client of the account is told, and the next login finds the list", async ({ online, account }) => {
  const who = account("romeo");
  const one = await online(who);
  const two = await online(who);
  await one.take("blocking", { change: "loaded" });
  await two.take("blocking", { change: "loaded" });
  await one.call("blocking.block", ["iago@localhost", "Shakespeare.example", "roderigo@localhost/ship"]);
  const { jids } = await two.take("blocking", { change: "blocked" });
  const all = ["iago@localhost", "roderigo@localhost/ship", "shakespeare.example"];
  assert.deepEqual(jids.sort(), all);
  assert.deepEqual(await two.get("blocking.items"), all);

  await two.call("blocking.unblock", "iago@localhost");
  assert.deepEqual(await one.take("blocking", { change: "unblocked" }), { change: "unblocked", jids: ["iago@localhost"] });

  await one.call("disconnect");
  assert.deepEqual(await one.get("blocking.items"), all.slice(1), "as the roster, it stays readable");
  await two.call("blocking.unblockAll");
  assert.deepEqual(await two.get("blocking.items"), []);
  await two.call("blocking.block", "iago@localhost");
  await one.call("connect");
  assert.deepEqual((await one.take("blocking", { change: "loaded" })).jids, ["iago@localhost"]);
  assert.deepEqual(await one.get("blocking.items"), ["iago@localhost"]);
});

stage.test("items is one frozen array until something changes", async ({ online, page }) => {
  const romeo = await online("romeo");
  await romeo.take("blocking", { change: "loaded" });
  const outcome = await page.evaluate(async (id) => {
    const { blocking } = stage.client(id);
    const before = blocking.items;
    const isSame = before === blocking.items;
    await blocking.block("iago@localhost");
    return { isSame, isFrozen: Object.isFrozen(blocking.items), isOther: before !== blocking.items, before };
  }, romeo.id);
  assert.deepEqual(outcome, { isSame: true, isFrozen: true, isOther: true, before: [] });
});

stage.test("what makes no sense is refused, and nobody is unblocked by mistake", async ({ client, online }) => {
  const romeo = await online("romeo");
  await romeo.take("blocking", { change: "loaded" });
  await romeo.call("blocking.block", "iago@localhost");
  for (const [method, ...values] of [
    ["block", []],
    ["block", "not a jid"],
    ["block", ["iago@localhost", 3]],
    ["block", "iago@localhost", { report: { reason: "boredom" } }],
    ["block", "iago@localhost", { report: { text: "no reason" } }],
    ["block", "iago@localhost", { why: "spam" }],
    ["block", ["iago@localhost", "a@b"], { report: { reason: "spam" } }],
    ["unblock", []],
    ["unblock"],
    ["unblockAll", "iago@localhost"],
  ]) {
    await assert.rejects(romeo.call(`blocking.${method}`, ...values), { code: "invalid-argument" }, JSON.stringify([method, ...values]));
  }
  assert.deepEqual(await romeo.get("blocking.items"), ["iago@localhost"]);
  const early = await client("juliet");
  assert.deepEqual(await early.get("blocking.items"), []);
  await assert.rejects(early.call("blocking.block", "iago@localhost"), { code: "not-connected" });
});
