// Two clients talk to each other through Prosody: messages of every kind, their delivery, and requests.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

const stagesOf = async (client, id) => (await client.seen("delivery", { id })).map(({ stage }) => stage);

// Messages.

stage.test("a message and its answer", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const began = Date.now();

  const sent = await romeo.call("messages.send", { to: juliet.jid, body: "Art thou not Juliet?" });
  const { timestamp, ...rest } = sent;
  assert.deepEqual(rest, { id: sent.id, from: romeo.fullJid, to: juliet.jid, type: "chat", direction: "out", body: "Art thou not Juliet?", originId: sent.id });
  assert.ok(timestamp >= began && timestamp <= Date.now(), `${timestamp}`);
  assert.deepEqual(await romeo.seen("message"), [sent]);
  assert.deepEqual(
    await romeo.seen("delivery"),
    ["queued", "sent", "acked"].map((stage) => ({ id: sent.id, to: juliet.jid, stage })),
  );

  // Prosody stamps the language of the stream on what has none.
  const { stanzaId, ...got } = await juliet.take("message");
  assert.match(stanzaId, /./);
  assert.equal(got.timestamp >= began && got.timestamp <= Date.now(), true);
  assert.deepEqual(
    { ...got, timestamp: 0 },
    { id: sent.id, from: romeo.fullJid, to: juliet.jid, type: "chat", direction: "in", body: "Art thou not Juliet?", originId: sent.id, markable: true, lang: "en", timestamp: 0 },
  );

  await juliet.call("messages.send", { to: got.from, body: "Neither, fair saint.", thread: got.thread });
  await romeo.take("message", { direction: "in", from: juliet.fullJid, body: "Neither, fair saint." });
  await romeo.settle();
  await juliet.settle();
  assert.deepEqual([(await romeo.seen("message")).length, (await juliet.seen("message")).length], [2, 2]);
});

stage.test("what is not ASCII is cut out of its frame as whole as what is, wherever it stands", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  for (const [id, body] of [["schön", "Grüße, Юлия 👩‍👩‍👧"], ["罗密欧-😀", "你好 😀 & <再见>"], ["plain", "ASCII"], ["😀", "ß"]]) {
    const sent = await romeo.call("messages.send", { to: juliet.fullJid, id, body });
    assert.deepEqual([sent.id, sent.body], [id, body]);
    const { from, to, originId, lang, ...got } = await juliet.take("message");
    assert.deepEqual([got.id, from, to, got.body, originId, lang], [id, romeo.fullJid, juliet.fullJid, body, id, "en"]);
  }
});

stage.test("messages of all types arrive with subject, thread and parent thread", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  for (const type of ["chat", "normal", "headline", "groupchat"]) {
    const parts = { type, body: `a ${type}`, subject: "the balcony", thread: "t2", parentThread: "t1" };
    const sent = await romeo.call("messages.send", { to: juliet.fullJid, id: `my ${type}`, ...parts });
    assert.equal(sent.id, `my ${type}`);
    await romeo.take("message", { direction: "out", ...parts });
    // Prosody's archive keeps what people say to each other.
    const { stanzaId, ...got } = await juliet.take("message");
    assert.equal(stanzaId !== undefined, type === "chat" || type === "normal");
    assert.deepEqual({ ...got, timestamp: 0 }, {
      ...parts,
      id: sent.id,
      from: romeo.fullJid,
      to: juliet.fullJid,
      direction: "in",
      originId: sent.id,
      ...(type === "chat" && { markable: true }),
      lang: "en",
      timestamp: 0,
    });
  }
});

stage.test("a subject alone is a message, and so is an empty body", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  await romeo.call("messages.send", { to: juliet.jid, subject: "only this" });
  assert.equal((await juliet.take("message")).body, undefined);
  await romeo.call("messages.send", { to: juliet.jid, body: "" });
  assert.equal((await juliet.take("message")).body, "");
});

stage.test("texts in several languages arrive by language, and the reader's is chosen", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet", { language: "de" });
  await romeo.call("messages.send", {
    to: juliet.jid,
    lang: "en",
    body: "Good night",
    bodies: { de: "Gute Nacht", it: "Buona notte" },
    subjects: { de: "Abschied", en: "Parting" },
  });
  const got = await juliet.take("message");
  assert.equal(got.body, "Gute Nacht");
  assert.equal(got.subject, "Abschied");
  assert.equal(got.lang, "en");
  assert.deepEqual(got.bodies, { de: "Gute Nacht", en: "Good night", it: "Buona notte" });
  assert.deepEqual(got.subjects, { de: "Abschied", en: "Parting" });
});

for (const [what, body] of [
  ["emoji, also joined and coloured", "\u{1f600} \u{1f469}\u200d\u{1f4bb} \u{1f44d}\u{1f3fd} \u{1f1eb}\u{1f1f7}"],
  ["markup and quotes", `<&">' ]]> &amp; &lt; <!-- --> <?x?> </body>`],
  ["right-to-left text", "\u05e9\u05dc\u05d5\u05dd \u200f\u0645\u0631\u062d\u0628\u0627\u200e \u202eabc\u202c"],
  ["line feeds and tabs", "\na\n\nb\tc\t\n"],
  ["spaces at both ends", "  \n indented\u00a0 \t"],
  ["combining characters, not composed", "e\u0301 a\u0308 \u0e33 \u1112\u1161\u11ab g\u0303\u0300\u0301"],
  ["the edges of what XML can carry", "\u{10ffff} \ue000 \ufffd \u0085 \u2028 \ud7ff \u007f \u{1fffe}"],
]) {
  stage.test(`${what} arrive unchanged`, async ({ online }) => {
    const romeo = await online("romeo");
    const juliet = await online("juliet");
    const sent = await romeo.call("messages.send", { to: juliet.jid, body, subject: body });
    assert.equal(sent.body, body);
    const got = await juliet.take("message");
    assert.equal(got.body, body);
    assert.equal(got.subject, body);
  });
}

// Prosody 13 writes carriage returns as they are, and XML 1.0, section 2.11 has every reader take them for line feeds then.
stage.test("carriage returns leave as references, which is all that keeps them", async ({ online }) => {
  const romeo = await online("romeo", { stanzas: true });
  const juliet = await online("juliet");
  const body = "a\r\nb\rc\nd";
  const sent = await romeo.call("messages.send", { to: juliet.jid, body });
  assert.equal(sent.body, body);
  const { xml } = (await romeo.seen("stanza", { direction: "out" })).find(({ xml }) => xml.startsWith("<message"));
  assert.match(xml, /<body>a(&#xD;|&#13;)\nb\1c\nd<\/body>/);
  assert.equal((await juliet.take("message")).body, "a\nb\nc\nd");
});

stage.test("a body of 64 KB arrives unchanged", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const line = "Parting is such sweet sorrow \u{1f339} <&> ";
  const body = line.repeat(Math.ceil(65_536 / line.length)).slice(0, 65_536 - 1).concat("!");
  await romeo.call("messages.send", { to: juliet.jid, body });
  const got = await juliet.take("message");
  assert.equal(got.body.length, 65_536);
  assert.ok(got.body === body, "the body was changed");
});

// The other direction cannot be shown here: Chromium fragments what is that long, and Prosody takes no fragments.
stage.test("a body of 1 MB from the server arrives unchanged", async ({ online, server }) => {
  const juliet = await online("juliet");
  const message = `stanza.message({ from = "localhost", to = "${juliet.jid}", type = "chat" }, ("O Romeo, Romeo! "):rep(65536))`;
  await server.shell(`> local stanza = require "util.stanza"; prosody.core_post_stanza(prosody.hosts["localhost"], ${message})`);
  const got = await juliet.take("message");
  assert.equal(got.from, "localhost");
  assert.ok(got.body === "O Romeo, Romeo! ".repeat(65_536), "the body was changed");
});

stage.test("what XML cannot carry is refused with its offset, and nothing of it is sent", async ({ online, page }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const outcomes = await page.evaluate(
    async ([id, to]) => {
      const { messages } = stage.client(id);
      const texts = { "a backspace": "abc\b", "a null": "\0", "a lone high surrogate": "ab\ud83d", "a lone low one": "\u{1f600}\ude00", "U+FFFE": "x\ufffe" };
      const outcomes = {};
      for (const [what, body] of Object.entries(texts)) {
        outcomes[what] = await messages.send({ to, body }).then(
          () => "sent",
          ({ code, message }) => `${code} at ${/offset (\d+)/.exec(message)?.[1]}`,
        );
      }
      return outcomes;
    },
    [romeo.id, juliet.jid],
  );
  assert.deepEqual(outcomes, {
    "a backspace": "invalid-argument at 3",
    "a null": "invalid-argument at 0",
    "a lone high surrogate": "invalid-argument at 2",
    "a lone low one": "invalid-argument at 2",
    "U+FFFE": "invalid-argument at 1",
  });
  await romeo.settle();
  await juliet.settle();
  assert.deepEqual([await romeo.seen("message"), await romeo.seen("delivery"), await juliet.seen("message")], [[], [], []]);
  assert.equal(await romeo.get("state"), "online");
});

// Delivery.

stage.test("the queued event comes before send() returns", async ({ online, page }) => {
  const romeo = await online("romeo");
  const outcome = await page.evaluate(async (id) => {
    const sent = stage.client(id).messages.send({ to: "localhost", body: "Hi" });
    const [message] = stage.seen(id, "message", {});
    const [delivery] = stage.seen(id, "delivery", {});
    return { message: message?.id, delivery, id: (await sent).id };
  }, romeo.id);
  assert.ok(outcome.id);
  assert.equal(outcome.message, outcome.id);
  assert.deepEqual(outcome.delivery, { id: outcome.id, to: "localhost", stage: "queued" });
});

stage.test("a message to nobody comes back on that message", async ({ online }) => {
  const romeo = await online("romeo");
  for (const [to, type] of [
    ["nobody@localhost", "chat"],
    ["nobody@localhost/somewhere", "normal"],
    ["nobody@elsewhere.example", "chat"],
  ]) {
    const sent = await romeo.call("messages.send", { to, type, body: "Anybody?" });
    const failed = await romeo.take("delivery", { id: sent.id, stage: "failed" });
    const bounce = await romeo.take("message", { id: sent.id, type: "error" });
    assert.deepEqual(await stagesOf(romeo, sent.id), ["queued", "sent", "acked", "failed"], to);
    assert.equal(failed.to, to);
    for (const error of [failed.error, bounce.error]) {
      assert.equal(error.name, "XmppError");
      assert.equal(error.code, "stanza-error");
      const expected = to.endsWith("example") ? ["remote-server-not-found", "not-allowed", "service-unavailable"] : ["service-unavailable", "item-not-found"];
      assert.ok(expected.includes(error.condition), `${to}: ${error.condition}`);
      assert.match(error.type, /^(cancel|wait|modify|auth)$/);
    }
    assert.equal(bounce.from, to);
    assert.equal(bounce.direction, "in");
  }
  assert.equal(await romeo.get("state"), "online");
});

stage.test("a message to somebody who is offline waits, and says when it was sent", async ({ online, account }) => {
  const romeo = await online("romeo");
  const absent = account("juliet");
  const sent = await romeo.call("messages.send", { to: absent.jid, body: "Wherefore art thou?" });
  assert.deepEqual(await stagesOf(romeo, sent.id), ["queued", "sent", "acked"]);
  const loggedIn = Date.now();
  const juliet = await online(absent);
  const got = await juliet.take("message");
  assert.equal(got.body, "Wherefore art thou?");
  assert.equal(got.id, sent.id);
  assert.equal(got.delayed, true);
  // The server stamps whole seconds.
  assert.ok(got.timestamp <= loggedIn && got.timestamp >= sent.timestamp - 1000, `${got.timestamp} for ${sent.timestamp}`);
});

stage.test("500 messages in a burst arrive in order, each once", async ({ online, page }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const bodies = Array.from({ length: 500 }, (_, index) => `message ${index}`);
  const sent = await page.evaluate(
    async ([id, to, bodies]) => {
      const { messages } = stage.client(id);
      const settled = [];
      await Promise.all(bodies.map((body) => messages.send({ to, body }).then((message) => settled.push(message.body))));
      return settled;
    },
    [romeo.id, juliet.jid, bodies],
  );
  assert.deepEqual(sent, bodies);
  await juliet.take("message", { body: bodies.at(-1) });
  await juliet.settle();
  assert.deepEqual((await juliet.seen("message")).map(({ body }) => body), bodies);
  const acked = await romeo.seen("delivery", { stage: "acked" });
  assert.deepEqual(acked.map(({ id }) => id), (await romeo.seen("message")).map(({ id }) => id));
});

stage.test("what is sent while connecting is queued and goes out in order", async ({ client, online, page }) => {
  const juliet = await online("juliet");
  const romeo = await client("romeo");
  await assert.rejects(romeo.call("messages.send", { to: juliet.jid, body: "too early" }), { code: "not-connected" });
  const outcome = await page.evaluate(
    async ([id, to]) => {
      const client = stage.client(id);
      const connected = client.connect();
      const first = client.messages.send({ to, body: "first" });
      const state = client.state;
      // More of them at every step of the login.
      let steps = 0;
      const sends = [first];
      const off = client.on("stanza", () => {
        if (client.state === "connecting") sends.push(client.messages.send({ to, body: `step ${(steps += 1)}` }));
      });
      await connected;
      off();
      sends.push(client.messages.send({ to, body: "last" }));
      await Promise.all(sends);
      return { state, steps };
    },
    [romeo.id, juliet.jid],
  );
  assert.equal(outcome.state, "connecting");
  assert.ok(outcome.steps > 5, `only ${outcome.steps} steps`);
  await juliet.take("message", { body: "last" });
  const steps = Array.from({ length: outcome.steps }, (_, index) => `step ${index + 1}`);
  assert.deepEqual((await juliet.seen("message")).map(({ body }) => body), ["first", ...steps, "last"]);
  await romeo.call("disconnect");
  await assert.rejects(romeo.call("messages.send", { to: juliet.jid, body: "too late" }), { code: "not-connected" });
});

stage.test("disconnect() flushes what was sent", async ({ online, page }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const codes = await page.evaluate(
    async ([id, to]) => {
      const client = stage.client(id);
      const sends = Array.from({ length: 20 }, (_, index) => client.messages.send({ to, body: `${index}` }));
      await client.disconnect();
      return (await Promise.allSettled(sends)).map(({ value, reason }) => value?.body ?? reason.code);
    },
    [romeo.id, juliet.jid],
  );
  const expected = Array.from({ length: 20 }, (_, index) => `${index}`);
  assert.deepEqual(codes, expected);
  await juliet.take("message", { body: "19" });
  assert.deepEqual((await juliet.seen("message")).map(({ body }) => body), expected);
});

// Requests and raw stanzas.

stage.test("the server answers ping, version and disco", async ({ online }) => {
  const romeo = await online("romeo");
  const ask = (payload) => romeo.call("request", `<iq type="get" to="localhost">${payload}</iq>`);

  const pong = await ask('<ping xmlns="urn:xmpp:ping"/>');
  assert.equal(pong.name, "iq");
  assert.equal(pong.xmlns, "jabber:client");
  assert.equal(pong.attrs.type, "result");
  assert.equal(pong.attrs.from, "localhost");
  assert.deepEqual(pong.children, []);

  const [version] = (await ask('<query xmlns="jabber:iq:version"/>')).children;
  assert.equal(version.xmlns, "jabber:iq:version");
  assert.deepEqual(version.children.find(({ name }) => name === "name").children, ["Prosody"]);

  const [info] = (await ask('<query xmlns="http://jabber.org/protocol/disco#info"/>')).children;
  assert.ok(info.children.some(({ name, attrs }) => name === "feature" && attrs.var === "urn:xmpp:ping"));
});

stage.test("our client answers ping, version, time and disco, and nothing that it does not know", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const ask = async (payload) => (await juliet.call("request", `<iq type="get" to="${romeo.fullJid}">${payload}</iq>`)).children;

  assert.deepEqual(await ask('<ping xmlns="urn:xmpp:ping"/>'), []);

  const [version] = await ask('<query xmlns="jabber:iq:version"/>');
  assert.match(version.children.find(({ name }) => name === "name").children[0], /^waxwing$/i);
  assert.ok(version.children.find(({ name }) => name === "version").children[0]);

  const [time] = await ask('<time xmlns="urn:xmpp:time"/>');
  const utc = Date.parse(time.children.find(({ name }) => name === "utc").children[0]);
  assert.ok(Math.abs(Date.now() - utc) < 60_000, `${utc}`);
  assert.match(time.children.find(({ name }) => name === "tzo").children[0], /^(Z|[+-]\d\d:\d\d)$/);

  const [info] = await ask('<query xmlns="http://jabber.org/protocol/disco#info"/>');
  const identity = info.children.find(({ name }) => name === "identity");
  assert.equal(identity.attrs.category, "client");
  assert.equal(identity.attrs.type, "web");
  const features = info.children.filter(({ name }) => name === "feature").map(({ attrs }) => attrs.var);
  for (const feature of ["http://jabber.org/protocol/disco#info", "urn:xmpp:ping", "jabber:iq:version", "urn:xmpp:time"]) {
    assert.ok(features.includes(feature), `${feature} is missing in ${features}`);
  }

  await assert.rejects(ask('<query xmlns="urn:example:nothing"/>'), { code: "stanza-error", condition: "service-unavailable", type: "cancel" });
  assert.equal(await romeo.get("state"), "online");
});

stage.test("a request that fails rejects with the typed error", async ({ online }) => {
  const romeo = await online("romeo");
  const ask = (xml) => romeo.call("request", xml);
  await assert.rejects(ask('<iq type="get" to="localhost"><query xmlns="urn:example:nothing"/></iq>'), {
    name: "XmppError",
    code: "stanza-error",
    condition: "service-unavailable",
    type: "cancel",
  });
  await assert.rejects(ask('<iq type="get" to="nobody@elsewhere.example"><ping xmlns="urn:xmpp:ping"/></iq>'), { code: "stanza-error" });
  for (const xml of [
    "",
    "no XML",
    "<iq type='get'/><iq type='get'/>",
    "<message/>",
    "<iq type='result' id='a'/>",
    "<iq type='get'><a/><b/></iq>",
    "<iq type='get'><!-- --><a xmlns='b'/></iq>",
    "<iq type='get'><a></iq>",
  ]) {
    await assert.rejects(ask(xml), { code: "invalid-argument" }, xml);
  }
  await romeo.settle();
});

stage.test("a request ends at its deadline or by its signal, and a late answer is not taken for another's", async ({ online, page, server }) => {
  const romeo = await online("romeo");
  // The server hears this one and says nothing.
  await server.shell('> prosody.hosts["localhost"].events.add_handler("iq-get/host/urn:example:silence:query", function () return true end)');
  const outcome = await page.evaluate(async (id) => {
    const client = stage.client(id);
    const ask = '<iq type="get" to="localhost"><query xmlns="urn:example:silence"/></iq>';
    const codeOf = (promise) => promise.then(() => "answered", ({ code, cause }) => [code, cause]);
    const slow = codeOf(client.request(ask, { timeoutMs: 50 }));
    const controller = new AbortController();
    const given = codeOf(client.request(ask, { signal: controller.signal }));
    controller.abort("enough");
    return { slow: (await slow)[0], given: await given, before: await codeOf(client.request(ask, { signal: AbortSignal.abort("no") })) };
  }, romeo.id);
  assert.deepEqual(outcome, { slow: "timeout", given: ["aborted", "enough"], before: ["aborted", "no"] });
  await romeo.settle();
});

stage.test("the xml tag escapes what is inserted, and sendRaw() sends exactly that", async ({ online, page }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const body = `<&">' \n\t \u{1f600} ]]>`;
  await page.evaluate(
    ([id, to, body]) => {
      const { xml } = waxwing;
      const children = [xml`<body>${body}</body>`, xml`<x xmlns="urn:example:x" note="${body}"/>`];
      stage.client(id).sendRaw(xml`<message to="${to}" type="chat" id="raw">${children}</message>`);
    },
    [romeo.id, juliet.jid, body],
  );
  const got = await juliet.take("message");
  assert.equal(got.id, "raw");
  assert.equal(got.body, body);
  for (const xml of ["", "<message", "<message/><message/>", "<stream/>", "text", "<?xml version='1.0'?><message/>"]) {
    await assert.rejects(romeo.call("sendRaw", xml), { code: "invalid-argument" }, xml);
  }
  await romeo.call("disconnect");
  await assert.rejects(romeo.call("sendRaw", "<message to='localhost'/>"), { code: "not-connected" });
});

stage.test("the stanza event shows what is on the wire, both ways", async ({ online }) => {
  const romeo = await online("romeo", { stanzas: true });
  const juliet = await online("juliet", { stanzas: true });
  await romeo.call("messages.send", { to: juliet.jid, id: "seen", body: "on the wire" });
  await juliet.take("message");
  const isMessage = ({ xml }) => xml.startsWith("<message") && xml.includes("<body>on the wire</body>");
  assert.deepEqual((await romeo.seen("stanza")).filter(isMessage).map(({ direction }) => direction), ["out"]);
  assert.deepEqual((await juliet.seen("stanza")).filter(isMessage).map(({ direction }) => direction), ["in"]);
});
