// A server that dies with messages on the wire, and comes back without the session: each message arrives once, or is told as unknown.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as prosody from "../support/prosody.mjs";
import { setStage } from "../support/stage.mjs";

const stage = setStage();
const expected = [/WebSocket connection to .* failed/];
const reconnect = { minDelayMs: 1, maxDelayMs: 200 };

/**
 * Romeo and Juliet, online. From now on Romeo's first socket loses the frames that `globalThis.loses` says: those that go out never
 * reach the server, those that come in never reach the client. Neither end can tell.
 */
async function overABadWire({ page, account, client }, server) {
  await page.evaluate(() => {
    globalThis.loses = () => false;
    const Real = WebSocket;
    let bad;
    globalThis.WebSocket = class extends Real {
      constructor(...values) {
        super(...values);
        bad ??= this;
      }

      send(frame) {
        if (this !== bad || !loses(frame)) super.send(frame);
      }

      set onmessage(listener) {
        super.onmessage = listener && ((event) => {
          if (this !== bad || !loses(event.data)) listener(event);
        });
      }
    };
  });
  const fresh = (user) => (server ? server.register(user, "s3cret") : account(user));
  const clients = [];
  for (const user of ["romeo", "juliet"]) {
    const made = await client(fresh(user), { reconnect, ...(server && { url: server.url }) });
    await made.call("connect");
    clients.push(made);
  }
  return clients;
}

/** Sends them all at once; resolves when they are on the wire. The outcomes are collected by outcomesOf(). */
const send = (page, client, to, bodies) =>
  page.evaluate(
    ([id, to, bodies]) => {
      const { messages } = stage.client(id);
      globalThis.outcomes = bodies.map((body) => messages.send({ to, body }).then(() => "acked", ({ code }) => code));
    },
    [client.id, to, bodies],
  );

const outcomes = (page) => page.evaluate(() => Promise.all(outcomes));

const numbered = (count) => Array.from({ length: count }, (_, index) => `message <${index}>`);

const bodiesOf = async (client) => (await client.seen("message", { direction: "in" })).map(({ body }) => body);

/** Each message has one end, and only one. */
async function endsOf(client) {
  const ends = new Map();
  for (const { id, stage, error } of await client.seen("delivery")) {
    if (stage === "queued" || stage === "sent") continue;
    assert.equal(ends.has(id), false, `${id} is ${stage} after it was ${ends.get(id)}`);
    ends.set(id, error?.code ?? stage);
  }
  const sent = await client.seen("message", { direction: "out" });
  return sent.map(({ id }) => ends.get(id));
}

/** Both are back, in a session of their own, and have said and heard all that is due. */
async function backAgain(clients) {
  for (const client of clients) {
    await client.take("state", { current: "waiting" });
    await client.take("state", { current: "online", previous: "connecting", resumed: false });
  }
  for (const client of clients) await client.settle();
}

stage.test("what had arrived is found in the archive and not sent again", { expected }, async (given) => {
  const { page, server } = given;
  const [romeo, juliet] = await overABadWire(given);
  await Promise.all([romeo, juliet].map((client) => client.take("state", { current: "online" })));
  await page.evaluate(() => void (globalThis.loses = (frame) => frame.startsWith("<a ")));
  const bodies = numbered(5);
  await send(page, romeo, juliet.jid, bodies);
  await juliet.take("message", { body: bodies.at(-1) });
  assert.deepEqual(await romeo.seen("delivery", { stage: "acked" }), []);

  await server.kill();
  await server.restart();
  assert.deepEqual(await outcomes(page), bodies.map(() => "acked"));
  await backAgain([romeo, juliet]);
  assert.deepEqual(await endsOf(romeo), bodies.map(() => "acked"));
  assert.deepEqual(await bodiesOf(juliet), bodies);
});

stage.test("what the archive lacks goes out again, once and in order, before what is said later", { expected }, async (given) => {
  const { page, server } = given;
  const [romeo, juliet] = await overABadWire(given);
  await Promise.all([romeo, juliet].map((client) => client.take("state", { current: "online" })));
  // The connection breaks behind the third message; nobody notices.
  await page.evaluate(() => {
    let isBroken = false;
    globalThis.loses = (frame) => frame.startsWith("<a ") || (isBroken ||= frame.includes("message &lt;3"));
  });
  const bodies = numbered(6);
  await send(page, romeo, juliet.jid, bodies);
  await juliet.take("message", { body: bodies[2] });
  await server.kill();
  await romeo.take("state", { current: "waiting" });
  const later = romeo.call("messages.send", { to: juliet.jid, body: "and another thing" });
  await server.restart();
  assert.deepEqual(await outcomes(page), bodies.map(() => "acked"));
  await later;
  await romeo.take("state", { current: "online", resumed: false });
  await juliet.take("message", { body: "and another thing" });
  await juliet.settle();
  assert.deepEqual(await bodiesOf(juliet), [...bodies, "and another thing"]);
  assert.deepEqual(await endsOf(romeo), [...bodies, ""].map(() => "acked"));
});

stage.test("where there is no archive, what may have arrived is told as unknown and not sent again", { expected }, async (given) => {
  const { page } = given;
  const own = await prosody.start({ disabledModules: ["mam"] });
  try {
    const [romeo, juliet] = await overABadWire(given, own);
    await Promise.all([romeo, juliet].map((client) => client.take("state", { current: "online" })));
    await page.evaluate(() => void (globalThis.loses = (frame) => frame.startsWith("<a ") || frame.includes("message &lt;2")));
    const bodies = numbered(3);
    await send(page, romeo, juliet.jid, bodies);
    await juliet.take("message", { body: bodies[1] });
    await own.kill();
    await own.restart();
    assert.deepEqual(await outcomes(page), bodies.map(() => "delivery-unknown"));
    await backAgain([romeo, juliet]);
    assert.deepEqual(await endsOf(romeo), bodies.map(() => "delivery-unknown"));
    assert.deepEqual(await bodiesOf(juliet), bodies.slice(0, 2));
    await romeo.call("messages.send", { to: juliet.jid, body: "Did you hear me?" });
    await juliet.take("message", { body: "Did you hear me?" });
  } finally {
    await own.stop();
  }
});

stage.test("a server that dies in the middle of 300 messages has each once, and what is unknown is said to be", { expected }, async (given) => {
  const { page, server } = given;
  const [romeo, juliet] = await overABadWire(given);
  await Promise.all([romeo, juliet].map((client) => client.take("state", { current: "online" })));
  const bodies = numbered(300);
  await send(page, romeo, juliet.jid, bodies);
  await juliet.take("message", { body: bodies[20] });
  await server.kill();
  await server.restart();
  const ends = await outcomes(page);
  await backAgain([romeo, juliet]);
  assert.deepEqual(await endsOf(romeo), ends);
  for (const end of ends) assert.ok(["acked", "delivery-unknown"].includes(end), end);

  const heard = await bodiesOf(juliet);
  const order = heard.map((body) => bodies.indexOf(body));
  assert.deepEqual(order, [...new Set(order)].sort((a, b) => a - b), "each at most once, and in order");
  // What the server took and had no time to deliver is in her archive: all but the one that it was at, perhaps, which his has already.
  const [his, hers] = [archiveOf(server, romeo), archiveOf(server, juliet)];
  const count = (archive, body) => archive.split(`"${body}"`).length - 1;
  const confirmed = bodies.filter((_, index) => ends[index] === "acked");
  // Prosody writes a message into its file and then into the file's index: what it was at in between is not in the archive that it shows
  // us, and goes out again. Nobody has heard it before.
  const twice = bodies.filter((body) => count(his, body) > 1 || count(hers, body) > 1);
  assert.ok(twice.length <= 1, `${twice} were stored twice`);
  assert.deepEqual(confirmed.filter((body) => count(his, body) === 0), []);
  const missing = confirmed.filter((body) => count(hers, body) === 0);
  assert.ok(missing.length <= 1, `she has no ${missing}`);
});

function archiveOf(server, { account: { user, host } }) {
  return readFileSync(join(server.folder, "data", host, "archive", `${user.replaceAll("-", "%2d")}.list`), "utf8");
}
