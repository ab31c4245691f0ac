// Files, marks of encryption, payloads of any kind, and extensions that an app brings, between clients on Prosody.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();

stage.test("a file, a link, a mark of encryption and a payload arrive as they were sent", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const attachments = [
    {
      id: "f1",
      urls: ["https://files.example.com/rose.jpg"],
      name: "röse.jpg",
      mediaType: "image/jpeg",
      size: 3_032_449,
      width: 4096,
      height: 2160,
      durationMs: 63_000,
      modified: 1_437_943_560_000,
      description: "A rose",
      hashes: { "sha-256": "2XarmwTlNxDAMkvymloX3S5+VbylNrJt/l5QyPa+YoU=" },
      disposition: "inline",
      thumbnails: [{ uri: "data:image/png;base64,eA==", mediaType: "image/png", width: 128, height: 96 }],
    },
  ];
  const links = [{ about: "https://example.com/", title: "A <page>", images: [{ url: "https://example.com/1.png", alt: "A balcony" }] }];
  const encryption = { namespace: "urn:xmpp:omemo:2", name: "OMEMO 2" };
  const payloads = ["<poll xmlns='urn:example:poll' id='p1'>Go?<option>yes</option></poll>"];
  const sent = await romeo.call("messages.send", { to: juliet.jid, body: "Look", attachments, links, encryption, payloads });

  const poll = { name: "poll", xmlns: "urn:example:poll", attrs: { id: "p1" }, children: ["Go?", { name: "option", xmlns: "urn:example:poll", attrs: {}, children: ["yes"] }] };
  const got = await juliet.take("message");
  for (const message of [sent, got]) {
    assert.deepEqual([message.body, message.attachments, message.links, message.encryption, message.payloads], ["Look", attachments, links, encryption, [poll]]);
  }
});

stage.test("a file without a text is its address for clients that know no better", async ({ online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  await romeo.call("messages.send", { to: juliet.jid, attachments: [{ urls: ["https://files.example.com/rose.jpg"], name: "rose.jpg" }] });
  const got = await juliet.take("message");
  assert.deepEqual(got.attachments, [{ urls: ["https://files.example.com/rose.jpg"], name: "rose.jpg" }]);
  assert.deepEqual([got.body, got.fallbacks], [undefined, [{ for: "urn:xmpp:sfs:0", body: "https://files.example.com/rose.jpg" }]]);
});

stage.test("an extension of the app reads messages and presences, and answers requests", async ({ page, online }) => {
  const romeo = await online("romeo");
  const juliet = await online("juliet");
  const outcome = await page.evaluate(async ([from, to]) => {
    const [romeo, juliet] = [stage.client(from), stage.client(to)];
    const { xml, XmppError } = waxwing;
    const seen = [];
    const remove = stage.client(to).extend({
      name: "polls",
      namespaces: ["urn:example:poll"],
      onMessage: (payload) => ({ poll: { question: payload.attrs.question } }),
      onPresence: (payload, { from }) => void seen.push([payload.name, from]),
      onIq(payload, { type }) {
        if (payload.name === "vote") return xml`<counted xmlns="urn:example:poll" as=${type}/>`;
        throw new XmppError({ code: "stanza-error", message: "no", condition: "not-allowed", type: "auth", text: "No & never" });
      },
    });
    const message = new Promise((resolve) => juliet.once("message", resolve));
    await romeo.messages.send({ to: juliet.jid, payloads: [xml`<poll xmlns="urn:example:poll" question="Go?"/>`] });
    const { poll, body, payloads } = await message;
    const ask = (name) => romeo.request(xml`<iq type="set" to=${juliet.jid}>${{ name, xmlns: "urn:example:poll", attrs: {}, children: [] }}</iq>`);
    // With a text, and to oneself as well.
    const [told, heard] = [romeo, juliet].map((client) => new Promise((resolve) => client.once("message", resolve)));
    stage.client(from).extend({ name: "polls", namespaces: ["urn:example:poll"], onMessage: () => ({ poll: { question: "mine" } }) });
    await romeo.messages.send({ to: juliet.jid, body: "A poll", payloads: [xml`<poll xmlns="urn:example:poll" question="Stay?"/>`] });
    const questions = [(await told).poll.question, (await heard).poll.question];
    const answer = await ask("vote");
    const refusal = await ask("other").catch(({ condition, type, text }) => ({ condition, type, text }));
    romeo.sendRaw(xml`<presence to=${juliet.jid}><poll xmlns="urn:example:poll"/></presence>`);
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    remove();
    const none = await ask("vote").catch(({ condition }) => condition);
    return { poll, body, payloads, questions, answer: answer.children[0].attrs, refusal, seen, none };
  }, [romeo.id, juliet.id]);
  assert.deepEqual(outcome, {
    poll: { question: "Go?" },
    body: undefined,
    payloads: [{ name: "poll", xmlns: "urn:example:poll", attrs: { question: "Go?" }, children: [] }],
    questions: ["mine", "Stay?"],
    answer: { as: "set" },
    refusal: { condition: "not-allowed", type: "auth", text: "No & never" },
    seen: [["poll", romeo.fullJid]],
    none: "service-unavailable",
  });
});
