// waxwing/core: what differs from the whole package, and that both get along in one program.

import assert from "node:assert/strict";
import { test } from "node:test";

const PKG = new URL("../../pkg/", import.meta.url);
const core = await import(new URL("core.js", PKG));
const full = await import(new URL("index.js", PKG));

// Nobody listens there, and Node 20 has no WebSocket.
const OPTIONS = { jid: "romeo@example.net", password: "x", url: "ws://127.0.0.1:1/" };

test("a client of the core wants a url, and says who does not", () => {
  for (const options of [{ jid: "romeo@example.net" }, { jid: "romeo@example.net", url: undefined }]) {
    assert.throws(() => new core.Client(options), ({ code, message, remediation }) => {
      assert.deepEqual([code, message], ["invalid-argument", "options.url is missing"]);
      assert.match(remediation, /pass url, or import from "waxwing"/);
      return true;
    });
  }
  assert.throws(() => new core.Client({ ...OPTIONS, urls: [] }), { code: "invalid-argument", message: "options has no field urls" });
  assert.throws(() => new core.Client(), { code: "invalid-argument" });
});

test("a client of the core has usable empty getters before any WebAssembly is loaded, and all that another has", () => {
  const client = new core.Client(OPTIONS);
  assert.deepEqual([client.state, client.jid, client.roster.items, client.presence.resources("juliet@example.com")], ["offline", undefined, [], []]);
  assert.equal(client.constructor.name, "Client");
  const other = new full.Client(OPTIONS);
  for (const part of ["roster", "presence", "account"]) assert.equal(client[part].constructor, other[part].constructor);
  // Extensions add to it.
  assert.ok(other.messages instanceof client.messages.constructor);
});

test("both builds load in one program, each once, and throw the same errors", async () => {
  assert.equal(core.XmppError, full.XmppError);
  for (const { Client, init } of [core, full]) {
    await init();
    const client = new Client(OPTIONS);
    const states = [];
    client.on("state", ({ current }) => states.push(current));
    await assert.rejects(client.connect(), (error) => error instanceof core.XmppError && error.code === "connection-failed");
    assert.deepEqual(states, ["connecting", "offline"]);
  }
});
