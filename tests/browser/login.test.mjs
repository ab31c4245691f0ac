// Logging in to Prosody: every mechanism it knows, and every way in which it can go wrong.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { domains } from "../support/prosody.mjs";
import { freePort } from "../support/prosody-process.mjs";
import { setStage } from "../support/stage.mjs";

const ONLY_PLAIN = "only-plain.localhost";
const stage = setStage({
  hosts: `VirtualHost "${ONLY_PLAIN}"
  disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER" }`,
});

const FAILED_SOCKET = [/WebSocket connection to .* failed/];
const FAILED_SEARCH = [/^Failed to load resource/, ...FAILED_SOCKET];

/** The mechanisms that a client tried, as its stanza events show them. Nothing else of a login may be seen. */
async function mechanismsOf(client) {
  const frames = await client.seen("stanza");
  for (const { xml } of frames) {
    for (const secret of client.password ? [client.password, btoa(`\0${client.account.user}\0${client.password}`)] : []) {
      assert.ok(!xml.includes(secret), xml);
    }
    if (/^<(auth|challenge|response)\b/.test(xml)) assert.match(xml, /^<[^>]*(\/>|>\(hidden\)<\/\w+>)$/);
  }
  return frames.flatMap(({ xml }) => /^<auth\b[^>]* mechanism=["']([^"']+)/.exec(xml)?.[1] ?? []);
}

for (const [host, mechanism] of [
  [domains.sha1, "SCRAM-SHA-1"],
  [domains.sha256, "SCRAM-SHA-256"],
  [domains.plain, "SCRAM-SHA-256"],
  [ONLY_PLAIN, "PLAIN"],
]) {
  stage.test(`a host that ${host === domains.plain ? "knows every mechanism" : `knows ${mechanism}`} is logged in to with ${mechanism}: ${host}`, async ({ account, online }) => {
    const romeo = await online(account("romeo", host), { stanzas: true });
    assert.deepEqual(await mechanismsOf(romeo), [mechanism]);
    assert.equal(await romeo.get("state"), "online");
    assert.ok(romeo.fullJid.startsWith(`${romeo.jid}/`), romeo.fullJid);
    assert.deepEqual(
      (await romeo.seen("state")).map(({ current, previous, error, resumed }) => ({ current, previous, error, resumed })),
      [
        { current: "connecting", previous: "offline", error: undefined, resumed: undefined },
        { current: "online", previous: "connecting", error: undefined, resumed: false },
      ],
    );
    await romeo.call("disconnect");
    assert.equal(await romeo.get("state"), "offline");
    assert.equal(await romeo.get("jid"), undefined);
    assert.equal((await romeo.seen("state")).at(-1).error, undefined);
  });
}

stage.test("a JID that is a host alone is an anonymous login", async ({ client }) => {
  const nobody = await client({ jid: domains.anonymous, password: undefined }, { stanzas: true });
  await nobody.call("connect");
  assert.match(await nobody.get("jid"), /^[^@/]+@anon\.localhost\/.+/);
  assert.deepEqual(await mechanismsOf(nobody), ["ANONYMOUS"]);
});

stage.test("a password of any characters logs in", async ({ server, online }) => {
  const password = "pass wörd, =2C \u{1f600}<&\">\u00a0end";
  const account = server.register("intricate", password, domains.plain);
  const one = await online(account);
  assert.ok(one.fullJid.startsWith(account.jid));
});

stage.test("credentials() is asked with the mechanisms on offer and the JID", async ({ page, server, account }) => {
  const romeo = account("romeo");
  const asked = await page.evaluate(
    async ({ url, jid, password }) => {
      const asked = [];
      const client = new waxwing.Client({
        jid,
        url,
        credentials: async (question) => {
          asked.push(question);
          return { password };
        },
      });
      stage.adopt(client);
      await client.connect();
      return { asked, state: client.state };
    },
    { url: server.url, ...romeo },
  );
  assert.equal(asked.state, "online");
  assert.equal(asked.asked.length, 1);
  assert.equal(asked.asked[0].jid, romeo.jid);
  assert.ok(asked.asked[0].mechanisms.includes("SCRAM-SHA-1"), JSON.stringify(asked.asked));
});

stage.test("a wrong password is auth-failed, and is not tried again with a weaker mechanism", async ({ account, client }) => {
  for (const host of [domains.sha1, domains.sha256, domains.plain]) {
    const romeo = await client(account("romeo", host), { password: "wrong", stanzas: true });
    await assert.rejects(romeo.call("connect"), { name: "XmppError", code: "auth-failed", condition: "not-authorized" });
    assert.equal(await romeo.get("state"), "offline");
    const last = (await romeo.seen("state")).at(-1);
    assert.equal(last.current, "offline");
    assert.equal(last.error.code, "auth-failed");
    assert.ok(!(await mechanismsOf(romeo)).includes("PLAIN"));
  }
});

stage.test("a client whose password was wrong can be replaced by one that has the right one", async ({ account, client, online }) => {
  const romeo = account("romeo");
  const wrong = await client(romeo, { password: "wrong" });
  await assert.rejects(wrong.call("connect"), { code: "auth-failed" });
  await assert.rejects(wrong.call("connect"), { code: "auth-failed" });
  await online(romeo);
});

stage.test("an unknown user is auth-failed", async ({ client }) => {
  for (const host of [domains.sha1, domains.sha256, domains.plain, ONLY_PLAIN]) {
    const nobody = await client({ jid: `nobody@${host}`, password: "any" });
    await assert.rejects(nobody.call("connect"), { code: "auth-failed", condition: "not-authorized" });
    assert.equal(await nobody.get("state"), "offline");
  }
});

stage.test("an unknown host is a stream error", async ({ client }) => {
  const lost = await client({ jid: "romeo@nowhere.localhost", password: "any" });
  await assert.rejects(lost.call("connect"), { code: "stream-error", condition: "host-unknown" });
  assert.equal(await lost.get("state"), "offline");
});

stage.test("a server that is down is connection-failed", { expected: FAILED_SOCKET }, async ({ account, client }) => {
  const romeo = await client(account("romeo"), { url: `ws://127.0.0.1:${await freePort()}/xmpp-websocket` });
  await assert.rejects(romeo.call("connect"), (error) => {
    assert.equal(error.code, "connection-failed");
    assert.ok(error.remediation, "there is no remediation");
    return true;
  });
  assert.equal(await romeo.get("state"), "offline");
});

stage.test("an address that speaks no XMPP is connection-failed", { expected: FAILED_SOCKET }, async ({ account, client, server }) => {
  const romeo = await client(account("romeo"), { url: server.url.replace("xmpp-websocket", "elsewhere") });
  await assert.rejects(romeo.call("connect"), { code: "connection-failed" });
});

stage.test("without a url, and with nobody at its domain, it is discovery-failed, with a remediation", { expected: FAILED_SEARCH }, async ({ account, client }) => {
  const romeo = await client(account("romeo"), { url: undefined });
  await assert.rejects(romeo.call("connect"), (error) => {
    assert.equal(error.code, "discovery-failed");
    assert.match(error.remediation, /url/);
    return true;
  });
  assert.equal(await romeo.get("state"), "offline");
});

stage.test("plain ws:// to another host is refused before anything is connected", async ({ page, account, client }) => {
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  for (const url of ["ws://xmpp.example.net/ws", "ws://localhost.example.net/ws", "ws://127.0.0.1.example.net/", "ws://10.0.0.1/"]) {
    await assert.rejects(client(account("romeo"), { url }), { code: "insecure" });
  }
  assert.deepEqual(sockets, []);
});

stage.test("a server that does not answer is a timeout after connectMs", async ({ account, client }) => {
  const sockets = new Set();
  const silent = createServer((socket) => sockets.add(socket.on("error", () => {})));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  try {
    const url = `ws://127.0.0.1:${silent.address().port}/`;
    const romeo = await client(account("romeo"), { url, timeouts: { connectMs: 200 } });
    await assert.rejects(romeo.call("connect"), { code: "timeout" });
    assert.equal(await romeo.get("state"), "offline");
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

stage.test("the resource is the one of the option, else of the JID, else the server's", async ({ account, online }) => {
  const romeo = account("romeo");
  const balcony = await online(romeo, { resource: "Balkon für zwei" });
  assert.equal(balcony.fullJid, `${romeo.jid}/Balkon für zwei`);
  const orchard = await online({ ...romeo, jid: `${romeo.jid}/orchard` });
  assert.equal(orchard.fullJid, `${romeo.jid}/orchard`);
  const garden = await online({ ...romeo, jid: `${romeo.jid}/orchard 2` }, { resource: "garden" });
  assert.equal(garden.fullJid, `${romeo.jid}/garden`);
  const any = await online(romeo);
  assert.match(any.fullJid, /\/.+/);
});

stage.test("a second connect() shares the promise of the first", async ({ page, server, account }) => {
  const outcome = await page.evaluate(
    async ({ url, jid, password }) => {
      const client = new waxwing.Client({ jid, password, url });
      stage.adopt(client);
      const first = client.connect();
      const second = client.connect();
      await first;
      const sockets = [];
      client.on("state", (event) => sockets.push(event.current));
      await client.connect();
      return { isShared: first === second, later: sockets, state: client.state };
    },
    { url: server.url, ...account("romeo") },
  );
  assert.deepEqual(outcome, { isShared: true, later: [], state: "online" });
});

stage.test("disconnect() during connect() aborts it, at every point of the login", async ({ page, server, account }) => {
  const romeo = account("romeo");
  const outcomes = await page.evaluate(
    async ({ url, jid, password }) => {
      const outcomes = [];
      // After none, one, two ... frames of the login.
      for (let frames = 0; ; frames += 1) {
        const client = new waxwing.Client({ jid, password, url });
        let count = 0;
        let disconnected;
        const disconnect = () => (disconnected ??= client.disconnect());
        client.on("stanza", () => {
          count += 1;
          if (count === frames && client.state === "connecting") disconnect();
        });
        const connected = client.connect();
        if (frames === 0) disconnect();
        const code = await connected.then(() => "online", (error) => error.code);
        await disconnected;
        if (code === "online") return outcomes;
        outcomes.push(`${frames} ${code} ${client.state}`);
      }
    },
    { url: server.url, ...romeo },
  );
  assert.ok(outcomes.length > 8, `the login has more frames than that: ${outcomes}`);
  assert.deepEqual(outcomes, outcomes.map((_, frames) => `${frames} aborted offline`));
});

stage.test("a signal aborts connect()", async ({ page, server, account }) => {
  const outcome = await page.evaluate(
    async ({ url, jid, password }) => {
      const client = new waxwing.Client({ jid, password, url });
      stage.adopt(client);
      const codeOf = (promise) => promise.then(() => "online", (error) => `${error.code}: ${error.cause}`);
      const before = await codeOf(client.connect({ signal: AbortSignal.abort("no wish") }));
      const controller = new AbortController();
      const during = codeOf(client.connect({ signal: controller.signal }));
      controller.abort("changed my mind");
      const outcome = { before, during: await during, state: client.state };
      // The signal of an attempt that is over does nothing, and the client is as good as new.
      const late = new AbortController();
      await client.connect({ signal: late.signal });
      late.abort();
      return { ...outcome, after: client.state };
    },
    { url: server.url, ...account("romeo") },
  );
  assert.deepEqual(outcome, { before: "aborted: no wish", during: "aborted: changed my mind", state: "offline", after: "online" });
});
