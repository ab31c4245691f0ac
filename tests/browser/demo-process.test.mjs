// The process behind `cargo xtask demo`: where it listens, what it serves, and that nothing of it is left.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const DEMO = fileURLToPath(new URL("../support/demo.mjs", import.meta.url));
const TEST_MS = 90_000;

/** Starts the demo; resolves with what it says once it is ready. */
async function start(port) {
  const child = spawn(process.execPath, [DEMO, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let printed = "";
  for await (const part of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    printed += part;
    if (printed.includes("Ctrl-C ends everything.")) break;
  }
  child.stdout.resume();
  const [, site] = /Open +(http:\/\/\S+)/.exec(printed) ?? assert.fail(`it ended early, after: ${printed}`);
  const [, folder] = /run from (\S+)\.\n/.exec(printed);
  const [, xmpp] = /XMPP at ws(:\S+)/.exec(printed);
  return { child, ended, printed, site, folder, server: `http${xmpp}` };
}

const answers = (url) => fetch(url).then(() => true, () => false);

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) {
  test(`${signal} ends the demo with all that it started, and its folder goes`, { timeout: TEST_MS }, async () => {
    const { child, ended, site, folder, server } = await start(0);
    assert.deepEqual([await answers(site), await answers(server), existsSync(folder)], [true, true, true]);
    child.kill(signal);
    assert.deepEqual(await ended, [code, null]);
    assert.deepEqual([await answers(site), existsSync(folder)], [false, false]);
    // Prosody was killed; that the system has done so may take a moment.
    while (await answers(server)) await delay(10);
  });
}

test("a demo whose port is taken listens on the next free one, says so, and serves the site and its accounts", { timeout: TEST_MS }, async () => {
  const occupant = createServer().listen(0, "127.0.0.1");
  await once(occupant, "listening");
  const { port } = occupant.address();
  const { child, ended, printed, site } = await start(port);
  try {
    const listening = Number(new URL(site).port);
    assert.ok(listening > port, site);
    assert.ok(printed.includes(`Port ${port} is taken, so the site listens on ${listening}.`), printed);

    const { url, accounts } = await (await fetch(new URL("/demo.json", site))).json();
    assert.match(url, /^ws:\/\/127\.0\.0\.1:\d+\/xmpp-websocket$/);
    assert.ok(printed.includes(url), printed);
    assert.deepEqual(accounts.map(({ jid }) => jid), ["romeo@localhost", "juliet@localhost"]);
    for (const { password } of accounts) {
      assert.match(password, /^[\w-]{12}$/);
      assert.equal(printed.includes(password), false, "passwords are not printed");
    }
    assert.match(await (await fetch(site)).text(), /<title>Waxwing demo<\/title>/);
  } finally {
    occupant.close();
    child.kill("SIGINT");
    await ended;
  }
});
