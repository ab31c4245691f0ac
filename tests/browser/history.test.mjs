// What Prosody's archive has, for the app: page by page, both ways, by place, by time, by words; and what was missed, also over a cut.

import assert from "node:assert/strict";
import { setStage } from "../support/stage.mjs";

const stage = setStage();
const searching = setStage({ modules: ["archive_search"] });

const SENDER = "juliet@localhost/balcony";
const numbers = (first, last) => Array.from({ length: Math.abs(last - first) + 1 }, (_, at) => `message ${first < last ? first + at : first - at}`);
const bodies = (messages) => messages.map(({ body }) => body);

/** Has so many messages come for an account, whether it is online or not. */
async function post(server, account, first, last) {
  const message = `st.message({ from = "${SENDER}", to = "${account.jid}", type = "chat", id = "m"..i }):tag("body"):text("message "..i):up()`;
  const loop = `for i = ${first}, ${last} do prosody.core_post_stanza(prosody.hosts["localhost"], ${message}) end`;
  await server.shell(`> local st = require "util.stanza"; ${loop}`);
}

/** The messages of a loop over history(), or what it rejects with; `stopAfter` leaves the loop. */
async function read(client, jid, options, stopAfter = Infinity) {
  const outcome = await client.page.evaluate(
    async ([id, jid, options, stopAfter]) => {
      const messages = [];
      try {
        for await (const message of stage.client(id).messages.history(jid ?? undefined, options)) {
          messages.push(message);
          if (messages.length === stopAfter) break;
        }
      } catch ({ code, condition, message }) {
        return { messages, error: { code, condition, message } };
      }
      return { messages };
    },
    [client.id, jid ?? null, options, stopAfter === Infinity ? 1e9 : stopAfter],
  );
  if (outcome.error) throw Object.assign(new Error(outcome.error.message), outcome.error);
  return outcome.messages;
}

const asked = async (client) => (await client.seen("stanza", { direction: "out" })).filter(({ xml }) => xml.includes("queryid=")).length;

stage.test("1,000 messages are read both ways, by place and by time, as far as the loop goes", async ({ account, online, server }) => {
  const romeo = account("romeo");
  await post(server, romeo, 1, 1000);
  const client = await online(romeo, { stanzas: true, presence: false });

  // The newest first, and no further than the loop goes.
  const newest = await read(client, "juliet@localhost", {}, 10);
  assert.deepEqual(bodies(newest), numbers(1000, 991));
  assert.equal(await asked(client), 1);
  const { stanzaId, timestamp, lang, ...rest } = newest[0];
  assert.deepEqual(rest, { id: "m1000", from: SENDER, to: romeo.jid, type: "chat", direction: "in", body: "message 1000", delayed: true });
  assert.ok(stanzaId && Math.abs(timestamp - Date.now()) < 600_000);

  const all = await read(client, "juliet@localhost", { order: "oldest-first" });
  assert.deepEqual(bodies(all), numbers(1, 1000));
  assert.equal(new Set(all.map(({ stanzaId }) => stanzaId)).size, 1000);
  assert.deepEqual(bodies(await read(client, undefined, {})), numbers(1000, 1));
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { limit: 120 })), numbers(1000, 881));
  assert.deepEqual(await read(client, "juliet@localhost", { limit: 0 }), []);
  assert.deepEqual(await read(client, "nurse@localhost", {}), []);

  // From a message on, either way; by its id in the archive, or as it is.
  const at = (number) => all[number - 1];
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { before: at(500), limit: 70 })), numbers(499, 430));
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { after: at(500).stanzaId, limit: 70 })), numbers(501, 570));
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { after: at(990), order: "newest-first" })), numbers(1000, 991));
  // Between two of them.
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { after: at(100), before: at(221) })), numbers(101, 220));
  assert.deepEqual(bodies(await read(client, undefined, { after: at(100), before: at(221), order: "newest-first" })), numbers(220, 101));
  // By time.
  const end = at(300).timestamp;
  const until = await read(client, "juliet@localhost", { end, order: "oldest-first" });
  assert.deepEqual(bodies(until), bodies(all.filter(({ timestamp }) => timestamp <= end)).slice(0, until.length));
  assert.deepEqual(await read(client, "juliet@localhost", { start: Date.now() + 3_600_000 }), []);
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { start: at(1).timestamp - 60_000, end: Date.now() + 60_000, limit: 3 })), numbers(1000, 998));
  // None of that is news.
  assert.deepEqual(await client.seen("message"), []);
});

stage.test("what the archive does not know, or the caller does not say, is an error", async ({ account, online, server, page }) => {
  const romeo = account("romeo");
  await post(server, romeo, 1, 60);
  const client = await online(romeo, { presence: false });
  // The id of the sender is no place in the archive. Prosody's file storage then has nothing, where others say item-not-found.
  for (const range of [{ before: "m30" }, { after: "m30" }]) assert.deepEqual(await read(client, "juliet@localhost", range), []);
  await assert.rejects(read(client, "juliet@localhost", { search: "balcony" }), { code: "unsupported" });
  await assert.rejects(read(client, "a@b@c", {}), { code: "invalid-argument" });
  const sent = await client.call("messages.send", { to: "juliet@localhost", body: "no place in the archive" }).catch(({ code }) => code);
  const outcomes = await page.evaluate(
    async ([id, message]) => {
      const { messages } = stage.client(id);
      const codes = [];
      for (const options of [{ before: message }, { after: 7 }, { order: "random" }, { limit: -1 }, { search: "" }, { page: 1 }]) {
        try {
          messages.history("juliet@localhost", options);
        } catch ({ code }) {
          codes.push(code);
        }
      }
      // Aborted between two pages, and before the first.
      const abort = new AbortController();
      let count = 0;
      try {
        for await (const _ of messages.history("juliet@localhost", { signal: abort.signal })) if (++count === 55) abort.abort();
      } catch ({ code }) {
        codes.push(code, count);
      }
      await messages.history("juliet@localhost", { signal: abort.signal }).next().catch(({ code }) => codes.push(code));
      // A loop that was never begun asks nothing, and can be left.
      codes.push((await messages.history("juliet@localhost").return()).done);
      return codes;
    },
    [client.id, { ...sent, direction: "out", stanzaId: undefined }],
  );
  assert.deepEqual(outcomes, [...Array(6).fill("invalid-argument"), "aborted", 55, "aborted", true]);
  await client.call("disconnect");
  await assert.rejects(read(client, "juliet@localhost", {}), { code: "not-connected" });
});

searching.test("an archive with text search is searched", async ({ account, online, server }) => {
  const romeo = account("romeo");
  await post(server, romeo, 1, 120);
  const client = await online(romeo, { presence: false });
  assert.deepEqual(bodies(await read(client, "juliet@localhost", { search: "message 11" })), [...numbers(119, 110), "message 11"]);
  assert.deepEqual(bodies(await read(client, undefined, { search: "message 11", order: "oldest-first", limit: 2 })), ["message 11", "message 110"]);
  assert.deepEqual(await read(client, "juliet@localhost", { search: "nightingale" }), []);
});

stage.test("what was missed is shown once and in order, also where the connection is cut in the middle", async ({ account, online, server }) => {
  const romeo = account("romeo");
  const client = await online(romeo);
  await post(server, romeo, 1, 1);
  await client.take("message", { body: "message 1" });
  await client.call("disconnect");
  await post(server, romeo, 2, 1000);
  await client.call("connect");
  await client.take("message", { body: "message 301" });
  await client.call("disconnect");
  const before = (await client.seen("message")).length;
  assert.ok(before < 1000, `${before}`);
  await client.call("connect");
  await client.take("message", { body: "message 1000" });
  await post(server, romeo, 1001, 1001);
  await client.take("message", { body: "message 1001" });
  assert.deepEqual(bodies(await client.seen("message")), numbers(1, 1001));
  assert.deepEqual(await client.seen("error"), []);
});

stage.test("what the archive keeps is chosen, in part or as a whole", async ({ online }) => {
  const client = await online("romeo");
  const first = await client.call("messages.archivePreferences");
  assert.deepEqual([first.always, first.never], [[], []]);
  const never = ["mercutio@localhost", "room@muc.localhost/nick"];
  assert.deepEqual(await client.call("messages.setArchivePreferences", { never: never.slice(0, 1) }), { ...first, never: never.slice(0, 1) });
  const whole = { default: "never", always: ["juliet@localhost"], never: [] };
  assert.deepEqual(await client.call("messages.setArchivePreferences", whole), whole);
  assert.deepEqual(await client.call("messages.archivePreferences"), whole);
  await assert.rejects(client.call("messages.setArchivePreferences", { default: "sometimes" }), { code: "invalid-argument" });
  await assert.rejects(client.call("messages.setArchivePreferences", { often: [] }), { code: "invalid-argument" });
});
