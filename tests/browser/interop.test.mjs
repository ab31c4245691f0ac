// A conversation with those whom people use already: strophe.js and StanzaJS in the same browser, slixmpp over TCP, all on one Prosody.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { atEnd } from "../support/cleanup.mjs";
import { freePort } from "../support/prosody-process.mjs";
import { setStage } from "../support/stage.mjs";

const INTEROP = fileURLToPath(new URL("../support/interop/", import.meta.url));
/** Where strophe.js and StanzaJS are. */
const PACKAGES = fileURLToPath(new URL("../../benches/browser/node_modules/", import.meta.url));
/** Debian's, which has Debian's slixmpp. */
const PYTHON = "/usr/bin/python3";
const WAIT_MS = 20_000;

const tcpPort = await freePort();
const stage = setStage({ config: `c2s_ports = { ${tcpPort} }\nc2s_interfaces = { "127.0.0.1" }` });

const PEERS = {
  "strophe.js": { open: openInPage("strophe.js"), isAnsweringReceipts: false, knowsReactions: true },
  StanzaJS: { open: openInPage("stanza.js"), isAnsweringReceipts: true, knowsReactions: false },
  slixmpp: { open: openSlixmpp, isAnsweringReceipts: true, knowsReactions: true },
};

for (const [name, { open, isAnsweringReceipts, knowsReactions }] of Object.entries(PEERS)) {
  stage.test(`a conversation with ${name}: messages, receipts, markers, chat states, corrections, reactions`, async ({ page, server, account, client }) => {
    const [romeoAccount, julietAccount] = [account("romeo"), account("juliet")];
    // Receipts and chat states are for contacts.
    server.writeRoster(romeoAccount.jid, [{ jid: julietAccount.jid, subscription: "both" }]);
    server.writeRoster(julietAccount.jid, [{ jid: romeoAccount.jid, subscription: "both" }]);
    const romeo = await client(romeoAccount);
    await romeo.call("connect");
    const juliet = await open({ page, server, account: julietAccount });
    const from = await juliet.jid();
    await romeo.take("presence", { from, type: "available" });

    // From us to them, and what they say about it.
    const { id } = await romeo.call("messages.send", { to: juliet.bare, body: "Art thou <not> Romeo? ❦" });
    const heard = await juliet.take({ kind: "message", id });
    assert.equal(heard.body, "Art thou <not> Romeo? ❦");
    if (!isAnsweringReceipts) await juliet.do("receipt", { to: heard.from, about: id });
    await romeo.take("delivery", { id, stage: "delivered" });
    await juliet.do("displayed", { to: heard.from, about: id });
    await romeo.take("delivery", { id, stage: "displayed" });
    await juliet.do("composing", { to: heard.from });
    await romeo.take("chat-state", { from, state: "composing" });

    // From them to us, and what we say about it.
    await juliet.do("send", { to: heard.from, id: "answer-1", body: "Neither, fair saint" });
    const answer = await romeo.take("message", { direction: "in", from, body: "Neither, fair saint" });
    await juliet.take({ kind: "receipt", about: "answer-1" });
    await romeo.call("messages.markDisplayed", answer);
    await juliet.take({ kind: "displayed", about: "answer-1" });
    await romeo.call("messages.sendChatState", from, "composing");
    await juliet.take({ kind: "composing" });

    // Corrections and reactions, both ways.
    await juliet.do("correct", { to: heard.from, about: "answer-1", body: "Neither, fair maid" });
    await romeo.take("message", { direction: "in", from, body: "Neither, fair maid", replaces: "answer-1" });
    const corrected = await romeo.call("messages.correct", { to: juliet.bare, id }, { body: "Art thou Romeo?" });
    assert.equal(corrected.replaces, id);
    await juliet.take({ kind: "message", body: "Art thou Romeo?", replaces: id });
    if (knowsReactions) {
      await juliet.do("react", { to: heard.from, about: id, emoji: "🌹" });
      const { reactions } = await romeo.take("message", { direction: "in", from, reactions: { id } });
      assert.deepEqual(reactions.emojis, ["🌹"]);
      await romeo.call("messages.react", answer, ["❤️"]);
      await juliet.take({ kind: "reaction", about: "answer-1", emoji: "❤️" });
    }
    assert.deepEqual((await romeo.seen("delivery", { id })).map(({ stage }) => stage), ["queued", "sent", "acked", "delivered", "displayed"]);
    await juliet.close();
  });
}

/** A library in the page of the test. */
function openInPage(file) {
  return async ({ page, server, account }) => {
    const { outputFiles } = await build({
      entryPoints: [INTEROP + file],
      bundle: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      define: { global: "globalThis" },
      nodePaths: [PACKAGES],
      write: false,
      logLevel: "error",
    });
    const events = new Events();
    await page.exposeFunction("tellPeer", (event) => events.add(event));
    await page.evaluate(
      async ([code, options]) => {
        const { open } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
        globalThis.peer = await open(options, (event) => globalThis.tellPeer(event));
      },
      [outputFiles[0].text, { url: server.url, jid: account.jid, password: account.password }],
    );
    const call = (name, ...values) => page.evaluate(([name, values]) => globalThis.peer[name](...values), [name, values]);
    return {
      bare: account.jid,
      jid: () => call("jid"),
      do: call,
      take: (match) => events.take(match),
      close: () => call("close"),
    };
  };
}

/** slixmpp in a process of its own. */
async function openSlixmpp({ account }) {
  const child = spawn(PYTHON, [INTEROP + "slixmpp_peer.py", "127.0.0.1", `${tcpPort}`, account.jid, account.password], { stdio: ["pipe", "pipe", "inherit"] });
  const forget = atEnd(() => child.kill());
  const events = new Events();
  createInterface(child.stdout).on("line", (line) => events.add(JSON.parse(line)));
  child.once("exit", (code) => events.add({ kind: "exit", code }));
  const { jid } = await events.take({ kind: "online" });
  return {
    bare: account.jid,
    jid: () => jid,
    do: (name, values) => void child.stdin.write(`${JSON.stringify({ do: name, ...values })}\n`),
    take: (match) => events.take(match),
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
      forget();
    },
  };
}

/** What a peer has seen. */
class Events {
  all = [];
  waiting = [];

  add(event) {
    this.all.push(event);
    for (const look of [...this.waiting]) look();
  }

  /** The first event with all that is in `match`, that came or is to come. */
  take(match) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${JSON.stringify(match)} came, but ${JSON.stringify(this.all)}`)), WAIT_MS);
      const look = () => {
        const found = this.all.find((event) => Object.entries(match).every(([key, value]) => event[key] === value));
        if (!found) return;
        clearTimeout(timer);
        this.waiting = this.waiting.filter((other) => other !== look);
        resolve(found);
      };
      this.waiting.push(look);
      look();
    });
  }
}
