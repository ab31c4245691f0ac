// waxwing/core on a real server: a conversation between a client of the core and one of the whole package.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

stage.test("a client of the core logs in, has its roster, sees presence, talks, and resumes after a cut", { expected: [/WebSocket/] }, async ({ page, account, server, online }) => {
  await page.evaluate(async () => {
    globalThis.sockets = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(...rest) {
        super(...rest);
        sockets.push(this);
      }
    };
    globalThis.full = waxwing;
    globalThis.waxwing = await import("/pkg/core.js");
  });
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  const juliet = await online("juliet");
  assert.deepEqual(requests.filter((path) => path.endsWith(".wasm")), ["/pkg/waxwing_core_bg.wasm"]);
  await page.evaluate(() => void (globalThis.waxwing = full));
  const romeo = await online("romeo");

  await juliet.call("roster.add", { jid: romeo.jid, name: "Romeo" });
  await juliet.call("roster.subscribe", romeo.jid);
  await romeo.take("subscription", { from: juliet.jid, type: "subscribe" });
  await romeo.call("roster.approve", juliet.jid);
  await juliet.take("presence", { from: romeo.fullJid, type: "available" });
  const [contact] = await juliet.get("roster.items");
  assert.deepEqual([contact.jid, contact.name, contact.subscription], [romeo.jid, "Romeo", "to"]);

  await juliet.call("messages.send", { to: romeo.jid, body: "O Romeo" });
  await romeo.take("message", { from: juliet.fullJid, body: "O Romeo" });
  await romeo.call("messages.send", { to: juliet.fullJid, body: "By a name" });
  await juliet.take("message", { from: romeo.fullJid, body: "By a name" });

  const sent = page.evaluate(async ([id, to]) => {
    sockets[0].close();
    const { body } = await stage.client(id).messages.send({ to, body: "over the gap" });
    return body;
  }, [juliet.id, romeo.jid]);
  await juliet.take("state", { current: "waiting" });
  await juliet.take("state", { current: "online", resumed: true });
  assert.equal(await sent, "over the gap");
  await romeo.take("message", { body: "over the gap" });
  assert.equal(await juliet.get("jid"), juliet.fullJid);
  await juliet.call("disconnect");
});
