// A connection that is lost, and made again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

const PASSWORD = "s3cret";
const FAILED = /WebSocket connection to .* failed/;

let chromium;

before(async () => {
  chromium = await browser.launch();
});

after(() => chromium?.close());

test("a server that dies in mid-conversation: waiting, then online again, and what was queued arrives in order", async () => {
  const own = await prosody.start();
  const page = await chromium.newPage();
  try {
    const { jid } = own.register("romeo", PASSWORD);
    await page.evaluate(async (options) => {
      globalThis.client = new waxwing.Client({ ...options, reconnect: { minDelayMs: 1, maxDelayMs: 200 } });
      globalThis.seen = [];
      globalThis.until = (state) => new Promise((resolve) => {
        if (client.state === state) resolve();
        else client.on("state", ({ current }) => current === state && resolve());
      });
      client.on("state", ({ current, error, retryInMs, resumed }) => seen.push({ current, code: error?.code, isTimed: retryInMs !== undefined, resumed }));
      await client.connect();
      // A request that is never answered, since it never leaves.
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (frame) {
        if (!frame.includes("urn:example:lost")) send.call(this, frame);
      };
      globalThis.inFlight = client.request(waxwing.xml`<iq type="get"><lost xmlns="urn:example:lost"/></iq>`).catch(({ code }) => code);
    }, { jid, password: PASSWORD, url: own.url });
    const waiting = page.evaluate(() => until("waiting"));
    await own.kill();
    await waiting;
    const result = page.evaluate(async () => {
      const bodies = [];
      const both = new Promise((resolve) => client.on("message", ({ direction, body }) => direction === "in" && bodies.push(body) === 2 && resolve()));
      const self = client.presence;
      const sent = ["one", "two"].map((body) => client.messages.send({ to: "romeo@localhost", body }).then(({ body }) => body));
      await until("online");
      await both;
      return { sent: await Promise.all(sent), bodies, inFlight: await inFlight, state: client.state, isSame: self === client.presence };
    });
    await own.restart();
    assert.deepEqual(await result, { sent: ["one", "two"], bodies: ["one", "two"], inFlight: "connection-lost", state: "online", isSame: true });
    const seen = await page.evaluate(() => seen);
    assert.deepEqual(seen[2], { current: "waiting", code: "connection-lost", isTimed: true, resumed: undefined });
    assert.deepEqual(seen.at(-1), { current: "online", code: undefined, isTimed: false, resumed: false });
    await page.evaluate(() => client.disconnect());
    page.assertNoErrors(FAILED);
  } finally {
    await page.close();
    await own.stop();
  }
});

test("connect() in the state waiting tries again at once, and reconnect: false stays offline", async () => {
  const own = await prosody.start();
  const page = await chromium.newPage();
  try {
    const { jid } = own.register("romeo", PASSWORD);
    await page.evaluate(async (options) => {
      globalThis.patient = new waxwing.Client({ ...options, reconnect: { minDelayMs: 2_000_000_000, maxDelayMs: 2_000_000_000 } });
      globalThis.stubborn = new waxwing.Client({ ...options, reconnect: false });
      await Promise.all([patient.connect(), stubborn.connect()]);
      const reach = (client, state) => new Promise((resolve) => client.on("state", ({ current }) => current === state && resolve()));
      globalThis.lost = Promise.all([reach(patient, "waiting"), reach(stubborn, "offline")]);
    }, { jid, password: PASSWORD, url: own.url });
    await own.kill();
    await page.evaluate(() => lost);
    assert.equal(await page.evaluate(() => patient.connect().catch(({ code }) => code)), "connection-failed");
    assert.equal(await page.evaluate(() => patient.state), "waiting");
    await own.restart();
    assert.deepEqual(await page.evaluate(() => patient.connect().then(() => [patient.state, stubborn.state])), ["online", "offline"]);
    await page.evaluate(() => patient.disconnect());
    page.assertNoErrors(FAILED);
  } finally {
    await page.close();
    await own.stop();
  }
});
