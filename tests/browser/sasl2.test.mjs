// Logging in to Prosody with SASL2, and all that goes along with it: binding, stream management, resumption, tokens.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { encodeName } from "../support/lua.mjs";
import { domains, sasl2 } from "../support/prosody.mjs";
import { setStage } from "../support/stage.mjs";

const ONLY_PLAIN = "only-plain.localhost";
const ROTATING = "rotating.localhost";
const REFUSING = "refusing.localhost";
/** A module of ours, for the host that lists SASL2 and refuses to speak it. */
const modules = mkdtempSync(join(tmpdir(), "waxwing-modules-"));
after(() => rmSync(modules, { recursive: true, force: true }));
mkdirSync(join(modules, "mod_refuse_sasl2"));
writeFileSync(
  join(modules, "mod_refuse_sasl2", "mod_refuse_sasl2.lua"),
  `local st = require "util.stanza";
module:hook_tag("urn:xmpp:sasl:2", "authenticate", function (session)
  session.send(st.stanza("failure", { xmlns = "urn:xmpp:sasl:2" }):tag("invalid-mechanism", { xmlns = "urn:ietf:params:xml:ns:xmpp-sasl" }));
  return true;
end, 1000);
`,
);

const stage = setStage({
  modules: sasl2,
  config: `plugin_paths = { "${modules}" }`,
  hosts: `VirtualHost "${ONLY_PLAIN}"
  disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER" }
VirtualHost "${ROTATING}"
  sasl2_fast_token_min_ttl = -1
VirtualHost "${REFUSING}"
  modules_enabled = { "refuse_sasl2" }`,
});

/** What a client sent, as its stanza events show it, with what is hidden left out. */
async function sentBy(client) {
  const frames = await client.seen("stanza", { direction: "out" });
  return frames.map(({ xml }) => /^<(\S+?)[\s/>]/.exec(xml)[1] + (/ mechanism=["']([^"']+)/.exec(xml)?.[1] ?? "").replace(/^/, " ").trimEnd());
}

/** Where the server keeps the tokens of an account. */
function tokenFile(server, { user, host }) {
  return join(server.folder, "data", encodeName(host), "fast_tokens", `${encodeName(user)}.dat`);
}

function tokensOf(server, account) {
  const file = tokenFile(server, account);
  return existsSync(file) ? (readFileSync(file, "utf8").match(/secret-token/g) ?? []).length : 0;
}

/** A client in a page that is asked for its credentials, with what it was asked and what it sent. */
async function asking(page, { jid, url }, answers) {
  await page.evaluate(
    ({ jid, url, answers }) => {
      globalThis.asked = [];
      globalThis.sent = [];
      globalThis.said = [];
      globalThis.client = new waxwing.Client({
        jid,
        url,
        storage: "none",
        log: (entry) => said.push(entry, entry.error?.stack),
        reconnect: { minDelayMs: 1, maxDelayMs: 100 },
        credentials: async ({ mechanisms }) => {
          asked.push(mechanisms);
          return answers[asked.length - 1];
        },
      });
      for (const name of ["state", "error", "message", "stanza"]) client.on(name, (event) => said.push(event, event.stack));
      client.on("stanza", ({ direction, xml }) => {
        const mechanism = /^<(?:authenticate|auth)\b[^>]* mechanism=["']([^"']+)/.exec(xml)?.[1];
        if (direction === "out" && mechanism) sent.push(mechanism);
      });
      // So that a test can cut the connection.
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (frame) {
        globalThis.socket = this;
        send.call(this, frame);
      };
      globalThis.until = (state) =>
        new Promise((resolve) => {
          const off = client.on("state", (event) => {
            if (event.current !== state) return;
            off();
            resolve(event);
          });
        });
    },
    { jid, url, answers },
  );
}

/** No event and no entry of the log has shown a password or a token. */
async function assertSilence(page, ...secrets) {
  const said = await page.evaluate(() => JSON.stringify(said));
  assert.ok(said.includes("(hidden)"));
  for (const secret of ["secret-token", ...secrets]) assert.ok(!said.includes(secret), `${secret} is in what the client says`);
}

/** Logs in, and says by which mechanisms, how often the app was asked so far, and how it ended. */
function logIn(page) {
  return page.evaluate(async () => {
    sent.length = 0;
    const outcome = await client.connect().then(() => client.state, ({ code, condition }) => `${code} ${condition}`);
    return { outcome, mechanisms: [...sent], asked: asked.length };
  });
}

for (const [host, mechanism, frames] of [
  [domains.sha1, "SCRAM-SHA-1", 2],
  [domains.sha256, "SCRAM-SHA-256", 2],
  [domains.plain, "SCRAM-SHA-256", 2],
  [ONLY_PLAIN, "PLAIN", 1],
]) {
  stage.test(`${mechanism} and Bind 2 need ${frames} frames of ours to log in and one for the roster: ${host}`, async ({ account, online }) => {
    const romeo = await online(account("romeo", host), { stanzas: true });
    assert.match(romeo.fullJid, new RegExp(`^${romeo.jid}/Waxwing~`));
    const login = [`authenticate ${mechanism}`, ...(frames === 2 ? ["response"] : []), "iq"];
    assert.deepEqual((await sentBy(romeo)).slice(0, frames + 2), ["open", ...login]);
    const seen = JSON.stringify(await romeo.seen("stanza"));
    for (const secret of [romeo.password, btoa(`\0${romeo.account.user}\0${romeo.password}`), "secret-token"]) assert.ok(!seen.includes(secret), secret);
    // The session is managed: a message is acknowledged without a ping.
    await romeo.call("messages.send", { to: romeo.jid, body: "counted" });
    assert.ok(!(await romeo.seen("stanza", { direction: "out" })).some(({ xml }) => xml.includes("<ping ") || xml.startsWith("<enable")));
  });
}

stage.test("an anonymous login by SASL2", async ({ client }) => {
  const nobody = await client({ jid: domains.anonymous, password: undefined }, { stanzas: true });
  await nobody.call("connect");
  assert.deepEqual((await sentBy(nobody)).slice(0, 3), ["open", "authenticate ANONYMOUS", "iq"]);
});

stage.test("a resource that the app wants is bound", async ({ account, online }) => {
  const { jid, password } = account("romeo");
  const romeo = await online({ jid: `${jid}/balcony`, password });
  assert.equal(romeo.fullJid, `${jid}/balcony`);
});

stage.test("a wrong password is refused", async ({ account, client }) => {
  const romeo = await client({ ...account("romeo"), password: "wrong" });
  await assert.rejects(romeo.call("connect"), { code: "auth-failed", condition: "not-authorized" });
});

stage.test("a server that lists SASL2 and refuses it is logged in to by SASL", async ({ account, online }) => {
  const romeo = await online(account("romeo", REFUSING), { stanzas: true });
  const sent = await sentBy(romeo);
  assert.deepEqual(sent.slice(0, 4), ["open", "authenticate SCRAM-SHA-1", "auth SCRAM-SHA-1", "response"]);
});

stage.test("the second login is by token, and nobody is asked for a password", async ({ page, server, account }) => {
  const romeo = account("romeo");
  await asking(page, { ...romeo, url: server.url }, [{ password: romeo.password }, { password: "wrong" }]);
  assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["SCRAM-SHA-1"], asked: 1 });
  for (let login = 0; login < 2; login += 1) {
    await page.evaluate(() => client.disconnect());
    assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["HT-SHA-256-NONE"], asked: 1 });
  }
});

stage.test("a token that is exchanged at every login works at every login", async ({ page, server, account }) => {
  const romeo = account("romeo", ROTATING);
  await asking(page, { ...romeo, url: server.url }, [{ password: romeo.password }, { password: "wrong" }]);
  await logIn(page);
  for (let login = 0; login < 4; login += 1) {
    await page.evaluate(() => client.disconnect());
    assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["HT-SHA-256-NONE"], asked: 1 });
  }
  await assertSilence(page, romeo.password, btoa("secret-token").slice(0, 15));
  // The one in use, and its successor.
  assert.equal(tokensOf(server, romeo), 2);
});

stage.test("a token that the server has revoked gives way to the password, on the same connection", async ({ page, server, account }) => {
  const romeo = account("romeo");
  await asking(page, { ...romeo, url: server.url }, [{ password: romeo.password }, { password: romeo.password }, { password: "wrong" }]);
  await logIn(page);
  await page.evaluate(() => client.disconnect());
  rmSync(tokenFile(server, romeo));
  assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["HT-SHA-256-NONE", "SCRAM-SHA-1"], asked: 2 });
  await page.evaluate(() => client.disconnect());
  assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["HT-SHA-256-NONE"], asked: 2 });
});

stage.test("a logout makes the token worthless, and the next login asks", async ({ page, server, account }) => {
  const romeo = account("romeo");
  await asking(page, { ...romeo, url: server.url }, [{ password: romeo.password }, { password: romeo.password }]);
  await logIn(page);
  await page.evaluate(() => client.disconnect());
  await logIn(page);
  assert.equal(tokensOf(server, romeo), 1);
  const after = await page.evaluate(async () => {
    sent.length = 0;
    await client.account.logout();
    return { sent: [...sent], state: client.state, jid: client.jid, items: client.roster.items };
  });
  assert.deepEqual(after, { sent: ["HT-SHA-256-NONE"], state: "offline", jid: undefined, items: [] });
  assert.equal(tokensOf(server, romeo), 0);
  assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["SCRAM-SHA-1"], asked: 2 });
  // Twice, and without ever having been online.
  await page.evaluate(async () => {
    await client.account.logout();
    await client.account.logout();
  });
});

stage.test("a session whose connection was cut is resumed along with the login, by token", { expected: [/WebSocket/] }, async ({ page, server, account }) => {
  const romeo = account("romeo");
  await asking(page, { ...romeo, url: server.url }, [{ password: romeo.password }]);
  await logIn(page);
  const outcome = await page.evaluate(async () => {
    const jid = client.jid;
    const frames = [];
    client.on("stanza", ({ direction, xml }) => direction === "out" && frames.push(/^<(\S+?)[\s/>]/.exec(xml)[1]));
    const arrived = new Promise((resolve) => client.on("message", ({ direction, body }) => direction === "in" && resolve(body)));
    const online = until("online");
    socket.close();
    const sent = client.messages.send({ to: jid, body: "over the gap" });
    const { resumed } = await online;
    return { resumed, isSame: client.jid === jid, frames: frames.slice(frames.indexOf("open")).slice(0, 3), sent: (await sent).body, arrived: await arrived };
  });
  assert.deepEqual(outcome, {
    resumed: true,
    isSame: true,
    frames: ["open", "authenticate", "message"],
    sent: "over the gap",
    arrived: "over the gap",
  });
  assert.deepEqual(await page.evaluate(() => [sent.at(-1), asked.length]), ["HT-SHA-256-NONE", 1]);
});

stage.test("a session that the server no longer has is replaced in the same round trip", { expected: [/WebSocket/] }, async ({ page, server, account }) => {
  const romeo = account("romeo");
  await asking(page, { ...romeo, url: server.url }, [{ password: romeo.password }]);
  await logIn(page);
  const online = page.evaluate(() => until("online").then(({ resumed }) => resumed));
  await server.restart();
  assert.equal(await online, false);
  assert.deepEqual(await page.evaluate(() => [sent.at(-1), asked.length, client.state]), ["HT-SHA-256-NONE", 1, "online"]);
});

stage.test("a stored token logs in without a password, and a logout leaves nothing in the storage", async ({ page, server, account, client }) => {
  const romeo = account("romeo");
  const keys = () => page.evaluate((jid) => Object.keys(localStorage).filter((key) => key.includes(jid)), romeo.jid);
  const first = await client(romeo, { storage: "local" });
  await first.call("connect");
  await first.call("disconnect");
  assert.deepEqual(await keys(), [`waxwing:1:${romeo.jid}:keychain`]);
  const second = await client({ ...romeo, password: "wrong" }, { storage: "local", stanzas: true });
  await second.call("connect");
  assert.equal((await sentBy(second))[1], "authenticate HT-SHA-256-NONE");
  await second.call("disconnect");
  // Never connected: what it knows it has from the storage.
  const third = await client({ ...romeo, password: undefined }, { storage: "local" });
  await third.call("account.logout");
  assert.deepEqual([await keys(), tokensOf(server, romeo)], [[], 0]);
});

stage.test("what came while nobody was there arrives at a login by Bind 2", async ({ account, client, online }) => {
  const romeo = await client(account("romeo"));
  const juliet = await online("juliet");
  await juliet.call("messages.send", { to: romeo.jid, body: "while you were away" });
  await romeo.call("connect");
  await romeo.take("message", { direction: "in", body: "while you were away", delayed: true });
});

stage.test("a token of the app logs in by OAUTHBEARER, and one that is no good is refused", async ({ page, server, account }) => {
  const romeo = account("romeo");
  const lua = `> local tokens = require "core.modulemanager".get_module("localhost", "tokenauth");
    local grant = tokens.create_grant("${romeo.jid}", "${romeo.jid}", 3600);
    return (tokens.create_token("${romeo.jid}", grant, "prosody:registered", 3600, "oauth2"))`;
  const token = /secret-token:[\w+/=]+/.exec(await server.shell(lua.replaceAll("\n", " ")))[0];
  await asking(page, { ...romeo, url: server.url }, [{ token: "secret-token:AAAA" }, { token }]);
  assert.deepEqual(await logIn(page), { outcome: "auth-failed not-authorized", mechanisms: ["OAUTHBEARER"], asked: 1 });
  assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["OAUTHBEARER"], asked: 2 });
  await assertSilence(page, token, btoa("secret-token").slice(0, 15));
  // From here on by the token that the server itself gave.
  await page.evaluate(() => client.disconnect());
  assert.deepEqual(await logIn(page), { outcome: "online", mechanisms: ["HT-SHA-256-NONE"], asked: 2 });
});
