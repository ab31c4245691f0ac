// client.disco on Prosody: server, account, services and clients.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage({ modules: ["lastactivity"], hosts: 'Component "rooms.localhost" "muc"\n  muc_room_default_public = true' });

const INFO = "http://jabber.org/protocol/disco#info";
const CAPS = "http://jabber.org/protocol/caps";

/** Accounts that see each other. */
function friends({ account, server }, ...names) {
  const accounts = names.map((name) => account(name));
  const all = accounts.map(({ jid }) => ({ jid, subscription: "both" }));
  accounts.forEach(({ jid }) => server.writeRoster(jid, all.filter((contact) => contact.jid !== jid)));
  return accounts;
}

/** Whom the client has asked for disco#info, with the node; but for so many questions of its own, which a login brings along. */
async function asked(client, own = 0) {
  const out = (await client.seen("stanza", { direction: "out" })).map(({ xml }) => xml).filter((xml) => xml.startsWith("<iq") && xml.includes(`type='get'`) && xml.includes(INFO));
  return out.slice(own).map((xml) => ({ to: / to='([^']*)'/.exec(xml)[1], node: / node='([^']*)'/.exec(xml)?.[1] }));
}

stage.test("the server and the account say what they can do, once a session", async ({ online }) => {
  const romeo = await online("romeo", { stanzas: true });
  await romeo.settle();
  const { length: own } = await asked(romeo);
  const server = await romeo.call("disco.info", "localhost");
  assert.deepEqual(server.identities.map(({ category, type }) => ({ category, type })), [{ category: "server", type: "im" }]);
  for (const feature of [INFO, "urn:xmpp:blocking", "urn:xmpp:ping"]) assert.ok(server.features.includes(feature), feature);
  assert.equal(await romeo.call("disco.supports", "localhost", "urn:xmpp:blocking"), true);
  assert.equal(await romeo.call("disco.supports", "LOCALHOST", "urn:example:none"), false);
  const account = await romeo.call("disco.info", romeo.jid);
  assert.ok(account.identities.some(({ category, type }) => category === "account" && type === "registered"), JSON.stringify(account));
  await romeo.call("disco.info", romeo.jid);
  assert.deepEqual(await asked(romeo, own), [{ to: "localhost", node: undefined }, { to: romeo.jid, node: undefined }]);
});

stage.test("of clients that say the same in their presence, one is asked", async (given) => {
  const [one, two, three] = friends(given, "romeo", "juliet", "nurse");
  const romeo = await given.online(one, { stanzas: true });
  const juliet = await given.online(two);
  const nurse = await given.online(three);
  for (const { fullJid } of [juliet, nurse]) await romeo.take("presence", { from: fullJid });

  await romeo.settle();
  const { length: own } = await asked(romeo);
  const info = await romeo.call("disco.info", juliet.fullJid);
  assert.deepEqual(info.identities, [{ category: "client", type: "web", name: "Waxwing", lang: "en" }]);
  assert.ok(info.features.includes(CAPS) && info.features.includes("urn:xmpp:caps"), info.features.join());
  assert.equal(await romeo.call("disco.supports", nurse.fullJid, "jabber:iq:version"), true);
  assert.equal(await romeo.call("disco.supports", nurse.fullJid, "urn:example:none"), false);
  const [question, ...more] = await asked(romeo, own);
  assert.deepEqual(more, []);
  assert.equal(question.to, juliet.fullJid);
  assert.match(question.node, /^urn:xmpp:caps#sha-256\..+=$/);

  // Those who know only the older hash have the answer from us, too.
  const presence = (await romeo.seen("stanza", { direction: "in" })).map(({ xml }) => xml).find((xml) => xml.startsWith("<presence") && xml.includes(juliet.fullJid));
  const [c] = /<c [^>]*http:\/\/jabber.org\/protocol\/caps[^>]*>/.exec(presence);
  const node = `${/node=['"]([^'"]*)/.exec(c)[1]}#${/ver=['"]([^'"]*)/.exec(c)[1]}`;
  assert.deepEqual(await romeo.call("disco.info", juliet.fullJid, node), info);
  await assert.rejects(romeo.call("disco.info", juliet.fullJid, "urn:example:none"), { code: "stanza-error", condition: "item-not-found" });
});

stage.test("whoever wears the hash of another deceives nobody", async (given) => {
  const [one, two, three] = friends(given, "romeo", "juliet", "mallory");
  const romeo = await given.online(one, { stanzas: true });
  const juliet = await given.online(two, { presence: false });
  const mallory = await given.online(three, { presence: false });
  // What the hash stands for, mallory's client does not say.
  const c = `<c xmlns="${CAPS}" hash="sha-1" node="http://code.google.com/p/exodus" ver="QgayPKawpkPSDYmwT/WM94uAlu0="/>`;
  await mallory.call("sendRaw", `<presence>${c}</presence>`);
  await romeo.take("presence", { from: mallory.fullJid });
  await assert.rejects(romeo.call("disco.info", mallory.fullJid), { code: "stanza-error", condition: "item-not-found" });
  await juliet.call("presence.set", {});
  await romeo.take("presence", { from: juliet.fullJid });
  assert.equal(await romeo.call("disco.supports", juliet.fullJid, CAPS), true);
});

stage.test("items are the services of a server and the rooms of a service", async ({ online, page }) => {
  const romeo = await online("romeo");
  for (const name of ["balcony", "garden"]) {
    await romeo.call("sendRaw", `<presence to="${name}@rooms.localhost/romeo"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
    const form = '<query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"/></query>';
    await romeo.call("request", `<iq type="set" to="${name}@rooms.localhost">${form}</iq>`);
  }
  const items = (jid) =>
    page.evaluate(
      async ([id, jid]) => {
        const items = [];
        for await (const item of stage.client(id).disco.items(jid)) items.push(item);
        return items;
      },
      [romeo.id, jid],
    );
  assert.ok((await items("localhost")).some(({ jid }) => jid === "rooms.localhost"));
  const service = await romeo.call("disco.info", "rooms.localhost");
  assert.ok(service.features.includes("http://jabber.org/protocol/muc"));
  assert.deepEqual((await items("rooms.localhost")).map(({ jid }) => jid).sort(), ["balcony@rooms.localhost", "garden@rooms.localhost"]);
});

stage.test("version, time and last activity are asked of servers, accounts and clients", async (given) => {
  const [one, two] = friends(given, "romeo", "juliet");
  const romeo = await given.online(one);
  const juliet = await given.online(two);
  await romeo.take("presence", { from: juliet.fullJid });
  assert.equal((await romeo.call("disco.version", "localhost")).name, "Prosody");
  const { name, version, ...rest } = await romeo.call("disco.version", juliet.fullJid);
  assert.deepEqual([name, rest], ["Waxwing", {}]);
  assert.match(version, /^\d+\.\d+\.\d+/);
  for (const jid of ["localhost", juliet.fullJid]) {
    const { timestamp, offsetMinutes } = await romeo.call("disco.time", jid);
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000, `${timestamp}`);
    assert.ok(Number.isInteger(offsetMinutes) && Math.abs(offsetMinutes) <= 14 * 60, `${offsetMinutes}`);
  }
  const { seconds } = await romeo.call("disco.lastActivity", "localhost");
  assert.ok(Number.isInteger(seconds) && seconds >= 0, `${seconds}`);
  // Those who see our presence have idleSince there, and others are not to know.
  await assert.rejects(romeo.call("disco.lastActivity", juliet.fullJid), { code: "stanza-error", condition: "service-unavailable" });

  await juliet.call("presence.set", { status: "Good night" });
  await juliet.call("disconnect");
  await romeo.take("presence", { from: juliet.fullJid, type: "unavailable" });
  const since = await romeo.call("disco.lastActivity", juliet.jid);
  assert.ok(since.seconds >= 0 && since.seconds < 60, JSON.stringify(since));
});

stage.test("what makes no sense is refused before anything is asked", async ({ client, online }) => {
  const romeo = await online("romeo", { stanzas: true });
  await romeo.settle();
  const { length: own } = await asked(romeo);
  for (const [method, ...values] of [
    ["info"],
    ["info", "not a jid"],
    ["info", "localhost", ""],
    ["info", "localhost", "node", { timeout: 3 }],
    ["supports", "localhost"],
    ["supports", "localhost", ""],
    ["items", "localhost", 7],
    ["version", ""],
    ["time", null],
    ["lastActivity", "localhost", "soon"],
  ]) {
    await assert.rejects(romeo.call(`disco.${method}`, ...values), { code: "invalid-argument" }, JSON.stringify([method, ...values]));
  }
  assert.deepEqual(await asked(romeo, own), []);
  const early = await client("juliet");
  await assert.rejects(early.call("disco.info", "localhost"), { code: "not-connected" });
});

stage.test("a report goes only where it is taken, and else nobody is blocked", async ({ online }) => {
  const romeo = await online("romeo");
  await romeo.take("blocking", { change: "loaded" });
  await assert.rejects(romeo.call("blocking.block", "iago@localhost", { report: { reason: "spam" } }), { code: "unsupported" });
  assert.deepEqual(await romeo.get("blocking.items"), []);
});
