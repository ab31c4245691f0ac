// What is measured inside the page of how cost grows: each function takes how much there is to do, and returns milliseconds by row.

import { Client, init } from "waxwing";
import * as stub from "./stub-server.js";

const { tick } = stub;

const FRAMES_A_TASK = 500;
/** What short frames are measured over, so that a clock of 0.1 ms can see them. */
const LEAST_BYTES = 4_000_000;
const WARM_UP = 500;
/** Longer than any sample: the app says when to connect again. */
const NEVER_MS = 600_000;
const TIMEOUT_MS = 1_500;

/** Before the first sample: everything is loaded, and compiled as far as it gets by that. */
export async function prepare() {
  stub.install();
  await init();
  await offline(WARM_UP, "none");
  await requests(WARM_UP);
}

/** A message with a body of so many bytes: from the socket to the listener. */
export function body(bytes) {
  return receive(Math.max(1, Math.ceil(LEAST_BYTES / bytes)), (n) => stub.messageOf(n, "x".repeat(bytes)));
}

/** A message with so many children that nobody knows. */
export function children(count) {
  const elements = Array.from({ length: count }, (_, n) => `<child n="${n}"/>`).join("");
  return receive(Math.max(1, Math.ceil(LEAST_BYTES / 20 / count)), (n) => stub.messageOf(n, "x", elements));
}

/** From connect() to a roster of so many contacts in the app's hands. */
export async function roster(count) {
  stub.setContacts(count);
  stub.rosterItems();
  const client = open();
  const ms = await timed(async () => {
    await client.connect();
    if (client.roster.items.length !== count) throw new Error(`${client.roster.items.length} contacts of ${count}`);
  });
  await client.disconnect();
  stub.setContacts(0);
  return { ms };
}

/** So many messages are written while the client waits for its next connection, each in a task of its own; then it connects. */
export async function offline(count, storage) {
  const client = open({ storage });
  await client.connect();
  stub.socket.cut();
  await until(() => client.state === "waiting");
  let failures = 0;
  let taken = 0;
  client.on("error", () => (failures += 1));
  const queueMs = await timed(async () => {
    for (let n = 0; n < count; n += 1) {
      void client.messages.send({ to: "juliet@stub.test", body: `Message number ${n}: what's in a name? <&>` }).then(() => (taken += 1));
      await tick();
    }
    await tick();
  });
  if (failures > 0) throw new Error(`${count} messages could not be stored in ${storage}`);
  const bodies = [];
  stub.onMessage((frame) => bodies.push(frame));
  const sendMs = await timed(async () => {
    await client.connect();
    await until(() => bodies.length === count);
  });
  stub.onMessage(undefined);
  for (const [n, frame] of bodies.entries()) {
    if (!frame.includes(`Message number ${n}:`)) throw new Error(`message ${n} is out of order: ${frame}`);
  }
  await until(() => taken === count);
  await client.disconnect();
  return { queueMs, sendMs };
}

/** So many requests at once, until all are answered. */
export async function requests(count) {
  const client = open();
  await client.connect();
  const ms = await timed(() => Promise.all(times(count, () => client.request(VERSION))));
  await client.disconnect();
  return { ms };
}

/** So many requests that nobody answers: from the deadline of the last one until all have failed; and those that the app gives up all at once. */
export async function failures(count) {
  const client = open();
  await client.connect();
  stub.setDeaf(true);
  const settled = (requests) => Promise.allSettled(requests);
  let began;
  const late = settled(times(count, () => ((began = performance.now()), client.request(VERSION, { timeoutMs: TIMEOUT_MS }))));
  await late;
  const timeoutMs = Math.max(0.1, performance.now() - began - TIMEOUT_MS);
  const abort = new AbortController();
  const given = settled(times(count, () => client.request(VERSION, { signal: abort.signal })));
  await tick();
  const abortMs = await timed(() => {
    abort.abort();
    return given;
  });
  stub.setDeaf(false);
  await client.disconnect();
  return { timeoutMs, abortMs };
}

const VERSION = `<iq type="get" to="stub.test"><query xmlns="jabber:iq:version"/></iq>`;

function open(options = {}) {
  const { url, jid, password } = stub.ACCOUNT;
  const reconnect = { minDelayMs: NEVER_MS, maxDelayMs: NEVER_MS };
  return new Client({ url, jid, password, reconnect, storage: "none", timeouts: { connectMs: NEVER_MS, requestMs: NEVER_MS }, ...options });
}

async function receive(count, make) {
  const client = open();
  await client.connect();
  let characters = 0;
  let seen = 0;
  client.on("message", ({ body }) => {
    characters += body.length;
    seen += 1;
  });
  const deliver = async (events) => {
    for (const [n, event] of events.entries()) {
      stub.socket.fire(event);
      if (n % FRAMES_A_TASK === FRAMES_A_TASK - 1) await tick();
    }
  };
  await deliver(times(Math.min(count, WARM_UP), (n) => stub.frameEvent(make(n))));
  const events = times(count, (n) => stub.frameEvent(make(n)));
  seen = 0;
  const ms = await timed(() => deliver(events));
  if (seen !== count || characters === 0) throw new Error(`${seen} messages of ${count}`);
  await client.disconnect();
  return { ms: ms / count };
}

const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

async function until(isSo) {
  while (!isSo()) await tick();
}

async function timed(run) {
  await tick();
  globalThis.gc?.();
  await tick();
  const began = performance.now();
  await run();
  return performance.now() - began;
}
