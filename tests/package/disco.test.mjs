// client.disco, as far as it is JavaScript, against an entity that answers as it likes.

import assert from "node:assert/strict";
import { test } from "node:test";

const PKG = new URL("../../pkg/", import.meta.url);
const { Disco } = await import(new URL("disco.js", PKG));
const { XmppError } = await import(new URL("error.js", PKG));

const ITEMS = "http://jabber.org/protocol/disco#items";
const PAGES = "http://jabber.org/protocol/rsm";

const element = (name, xmlns, attrs = {}, ...children) => ({ name, xmlns, attrs, children });

/** `answers` are payloads, or errors; `asked` collects the questions. */
function discoWith(answers, asked = []) {
  const engine = { request: (_, source) => asked.push(source) };
  const call = async (start) => {
    start(engine, 1);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return element("iq", "jabber:client", { type: "result" }, answer);
  };
  return new Disco(() => ({ call }));
}

const item = (n) => element("item", ITEMS, { jid: `room${n}@a` });
const set = (...children) => element("set", PAGES, {}, ...children);
const leaf = (name, text, attrs) => element(name, PAGES, attrs, text);

async function all(iterable) {
  const found = [];
  for await (const { jid } of iterable) found.push(jid);
  return found;
}

test("pages are asked for one after the other, until there is none", async () => {
  const asked = [];
  const answers = [
    element("query", ITEMS, {}, item(1), item(2), set(leaf("first", "1", { index: "0" }), leaf("last", "2"), leaf("count", "3"))),
    element("query", ITEMS, {}, item(3), set(leaf("first", "3", { index: "2" }), leaf("last", "3"), leaf("count", "3"))),
  ];
  assert.deepEqual(await all(discoWith(answers, asked).items("a", "n<1>")), ["room1@a", "room2@a", "room3@a"]);
  assert.equal(asked.length, 2);
  assert.match(asked[0], /^<iq type="get" to="a"><query xmlns="[^"]*disco#items" node="n&lt;1&gt;"><set xmlns="[^"]*rsm"><max>100<\/max><\/set><\/query><\/iq>$/);
  assert.match(asked[1], /<after>2<\/after>/);
});

test("without numbers, an empty page is the end", async () => {
  const asked = [];
  const answers = [element("query", ITEMS, {}, item(1), set(leaf("last", "1"))), element("query", ITEMS, {}, set())];
  assert.deepEqual(await all(discoWith(answers, asked).items("a")), ["room1@a"]);
  assert.equal(asked.length, 2);
});

test("an entity that repeats itself is asked no more", async () => {
  const page = () => element("query", ITEMS, {}, item(1), set(leaf("last", "1")));
  assert.deepEqual(await all(discoWith([page(), page(), page()]).items("a")), ["room1@a", "room1@a"]);
});

test("an entity that takes the question for pages amiss is asked without", async () => {
  const asked = [];
  const refusal = new XmppError({ code: "stanza-error", message: "no", condition: "bad-request" });
  assert.deepEqual(await all(discoWith([refusal, element("query", ITEMS, {}, item(1), element("item", ITEMS), element("item", "urn:other", { jid: "b" }))], asked).items("a")), ["room1@a"]);
  assert.equal(asked.length, 2);
  assert.ok(!asked[1].includes("rsm"), asked[1]);
  await assert.rejects(all(discoWith([refusal, refusal]).items("a")), { condition: "bad-request" });
});

test("a loop that is left asks for nothing more, and arguments are checked at once", async () => {
  const asked = [];
  const answers = [element("query", ITEMS, {}, item(1), item(2), set(leaf("last", "2")))];
  for await (const { jid } of discoWith(answers, asked).items("a")) {
    assert.equal(jid, "room1@a");
    break;
  }
  assert.equal(asked.length, 1);
  assert.throws(() => discoWith([]).items("not a jid"), { code: "invalid-argument" });
});

test("time is read with its zone, and what is none is an error", async () => {
  const time = (utc, tzo) => element("time", "urn:xmpp:time", {}, element("tzo", "urn:xmpp:time", {}, tzo), element("utc", "urn:xmpp:time", {}, utc));
  for (const [tzo, offsetMinutes] of [["-06:00", -360], ["+05:45", 345], ["Z", 0], ["nonsense", 0]]) {
    assert.deepEqual(await discoWith([time("2006-12-19T17:58:35Z", tzo)]).time("a"), { timestamp: 1_166_551_115_000, offsetMinutes });
  }
  await assert.rejects(discoWith([time("soon", "Z")]).time("a"), { code: "protocol-error" });
  await assert.rejects(discoWith([element("time", "urn:xmpp:time")]).time("a"), { code: "protocol-error" });
});

test("version and last activity are read as far as they are there", async () => {
  const query = (xmlns, attrs, ...children) => element("query", xmlns, attrs, ...children);
  const version = (name, text) => element(name, "jabber:iq:version", {}, text);
  const exodus = query("jabber:iq:version", {}, version("name", "Exodus"), version("version", "0.7"), version("os", "Windows"));
  assert.deepEqual(await discoWith([exodus]).version("a"), { name: "Exodus", version: "0.7", os: "Windows" });
  assert.deepEqual(await discoWith([query("jabber:iq:version")]).version("a"), { name: "", version: "" });
  assert.deepEqual(await discoWith([query("jabber:iq:last", { seconds: "903" }, "Heading Home")]).lastActivity("a"), { seconds: 903, status: "Heading Home" });
  for (const seconds of ["", "-1", "1e3", "soon", undefined]) {
    await assert.rejects(discoWith([query("jabber:iq:last", { seconds })]).lastActivity("a"), { code: "protocol-error" });
  }
  await assert.rejects(discoWith([element("other", "urn:other")]).version("a"), { code: "protocol-error" });
});
