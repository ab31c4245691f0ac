// The program that the README points to, as it stands in examples/: in a page without a bundler, watched by somebody else.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

stage.test("the seed program is seen, prints contacts and messages, and its last words arrive though it leaves at once", async ({ account, online, server }) => {
  const [own, other] = [account("romeo"), account("juliet")];
  server.writeRoster(own.jid, [{ jid: other.jid, name: "Juliet", subscription: "both" }]);
  server.writeRoster(other.jid, [{ jid: own.jid, subscription: "both" }]);
  const juliet = await online(other);

  const page = await stage.chromium.newPage({ path: "/tests/browser/import-map.html", waxwing: false });
  const printed = [];
  page.on("console", (message) => printed.push(message.text()));
  const options = { jid: own.jid, password: own.password, url: server.url };
  const ended = page.evaluate((options) => import("/examples/seed.js").then(({ run }) => run(options)), options);

  const { from } = await juliet.take("presence", { type: "available", status: "here for a moment" });
  assert.ok(from.startsWith(`${own.jid}/`), from);
  for (const body of ["Wherefore art thou?", "bye"]) await juliet.call("messages.send", { to: own.jid, body });
  await juliet.take("message", { direction: "in", from, body: "Good night!" });
  await juliet.take("presence", { type: "unavailable", from });
  await ended;
  assert.deepEqual(printed, ["contact: Juliet", `${juliet.fullJid}: Wherefore art thou?`, `${juliet.fullJid}: bye`]);
  await juliet.settle();
  assert.equal((await juliet.seen("message", { direction: "in" })).length, 1);
  page.assertNoErrors();
  await page.context().close();
});
