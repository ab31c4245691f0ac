// What a server does not let pass: it fails in words, and the conversation goes on.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

/** Without that module Prosody is deaf in the session after a refused fragment, and it takes a minute until a new one is made. */
const stage = setStage({ modules: ["fresh_reader"] });

/** Chromium sends more than 131,000 bytes in fragments, and Prosody ends the connection at the first (RFC 7395, section 3.3.3). */
const FRAGMENTED = 140_000;

stage.test("a message that ends every connection fails in words, and the next one arrives", { expected: [/WebSocket connection/] }, async ({ online }) => {
  const juliet = await online("juliet");
  const romeo = await online("romeo", { reconnect: { minDelayMs: 1, maxDelayMs: 1 }, timeouts: { pingMs: 400, pongMs: 400 } });
  const large = romeo.call("messages.send", { to: juliet.jid, id: "large", body: "x".repeat(FRAGMENTED) }).catch((error) => error);
  const small = romeo.call("messages.send", { to: juliet.jid, id: "small", body: "small" });
  const failed = await romeo.take("delivery", { id: "large", stage: "failed" });
  assert.equal(failed.error.code, "limit-exceeded");
  assert.match(failed.error.remediation, /Send less/);
  assert.equal((await large).code, "limit-exceeded");
  assert.equal((await small).body, "small");
  await juliet.take("message", { id: "small" });
  assert.equal((await juliet.seen("message", { id: "large" })).length, 0);
  assert.equal(await romeo.get("state"), "online");
});
