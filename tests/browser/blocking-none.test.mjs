// client.blocking on a server without blocking.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage({ disabledModules: ["blocklist"] });

stage.test("a server without blocking lets everybody in, and says so to who wants to block", async ({ online }) => {
  const romeo = await online("romeo");
  await assert.rejects(romeo.call("blocking.block", "iago@localhost"), ({ code, condition, remediation }) => {
    assert.deepEqual([code, condition], ["stanza-error", "service-unavailable"]);
    assert.match(remediation, /XEP-0191/);
    return true;
  });
  assert.deepEqual(await romeo.get("blocking.items"), []);
  assert.deepEqual(await romeo.seen("error"), []);
  assert.deepEqual(await romeo.seen("blocking"), []);
});
