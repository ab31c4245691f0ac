// What is measured inside the page. Each function opens clients of one contender, and returns plain numbers.

import * as stub from "./stub-server.js";

const { tick } = stub;

/** As many frames as a busy socket hands over in one task. */
const FRAMES_A_TASK = 500;

/** The file of the contender, relative to the page. */
let contender;
/** Of the WebAssembly instances that this page has made. */
const memories = [];

/** Imports a contender. Returns how long that took, with all that connect() would have to load, in milliseconds. */
export async function load(file) {
  watchMemories();
  stub.install();
  const began = performance.now();
  contender = await import(file);
  const importMs = performance.now() - began;
  return {
    importMs,
    prepare: async () => {
      const began = performance.now();
      await contender.prepare?.();
      return importMs + (performance.now() - began);
    },
  };
}

/** Messages a second, from the socket to a listener that reads the body. */
export async function dispatch(count) {
  const client = await online();
  let seen;
  let characters = 0;
  client.onMessage((body) => {
    characters += body.length;
    seen.add();
  });
  const receive = async (incoming) => {
    seen = counter(incoming.length);
    await deliver(incoming);
    await seen.done;
  };
  await receive(events(warmUp(count), stub.chatMessage));
  const incoming = events(count, stub.chatMessage);
  const ms = await timed(() => receive(incoming));
  await client.close();
  if (characters === 0) throw new Error("the messages had no body");
  return { perSecond: (count / ms) * 1000 };
}

/** Milliseconds from connect() to a roster of that size. */
export async function roster(count) {
  stub.setContacts(count);
  const client = await contender.open(stub.ACCOUNT);
  await contender.prepare?.();
  const ms = await timed(() => client.connect());
  if (client.rosterSize() !== count) throw new Error(`${client.rosterSize()} contacts of ${count}`);
  await client.close();
  return { ms };
}

/** Milliseconds for the presences of so many contacts. */
export async function presences(count) {
  const client = await online({ contacts: count });
  const seen = counter(count);
  client.onPresence(() => seen.add());
  const incoming = events(count, stub.presence);
  const ms = await timed(async () => {
    await deliver(incoming);
    await seen.done;
  });
  await client.close();
  return { ms };
}

/** Calls of send() a second, until all messages are on the socket. */
export async function sends(count) {
  const client = await online();
  const send = async (bodies) => {
    const wanted = stub.socket.messages + bodies.length;
    for (const body of bodies) client.send("juliet@stub.test", body);
    while (stub.socket.messages < wanted) await tick();
  };
  const body = (n) => `Message number ${n}: what's in a name? <&>`;
  await send(times(warmUp(count), body));
  const bodies = times(count, body);
  const ms = await timed(() => send(bodies));
  await client.close();
  return { perSecond: (count / ms) * 1000 };
}

/** The longest time in which nothing else could run, while a roster and all its presences arrive, each frame in a task of its own. */
export async function longestBlock(count) {
  stub.setContacts(count);
  const client = await contender.open(stub.ACCOUNT);
  await contender.prepare?.();
  const incoming = events(count, stub.presence);
  const seen = counter(count);
  client.onPresence(() => seen.add());
  await settle();
  const watch = watchBlocks();
  await client.connect();
  for (const event of incoming) {
    stub.socket.fire(event);
    await tick();
  }
  await seen.done;
  const ms = watch.stop();
  await client.close();
  return { ms };
}

/** What is kept for each message after so many: bytes of the heap, and of WebAssembly memory. `heapBytes` collects garbage first. */
export async function memory(count, heapBytes) {
  const client = await online();
  const before = Math.min(5_000, count);
  const seen = counter(before + count);
  client.onMessage(() => seen.add());
  await deliver(events(before, stub.chatMessage));
  const [heap, wasm] = [await heapBytes(), wasmBytes()];
  for (let sent = 0; sent < count; sent += 1_000) await deliver(events(Math.min(1_000, count - sent), (n) => stub.chatMessage(sent + n)));
  await seen.done;
  await settle();
  const [heapAfter, wasmAfter] = [await heapBytes(), wasmBytes()];
  await client.close();
  return { bytesEach: Math.max(0, heapAfter - heap) / count, wasmGrowth: wasmAfter - wasm, wasmBytes: wasmAfter };
}

/** Milliseconds from connect() to the roster, on a real server. */
export async function login(account) {
  const client = await contender.open(account);
  const ms = await timed(() => client.connect());
  await client.close();
  return { ms };
}

/** Goes online, and stays. */
export async function connect(account) {
  const client = await contender.open(account);
  await client.connect();
}

/** Messages a second from one client to another of the same kind, through a real server. `isWarmedUp` is called before it counts. */
export async function conversation(from, to, count, isWarmedUp) {
  const [sender, receiver] = [await contender.open(from), await contender.open(to)];
  await Promise.all([sender.connect(), receiver.connect()]);
  let seen;
  receiver.onMessage((text) => text?.includes("Message number") && seen.add());
  const send = async (count) => {
    seen = counter(count);
    for (let n = 0; n < count; n += 1) {
      sender.send(to.jid, `Message number ${n}`);
      if (n % FRAMES_A_TASK === FRAMES_A_TASK - 1) await tick();
    }
    await seen.done;
  };
  await send(warmUp(count));
  await isWarmedUp();
  const ms = await timed(() => send(count));
  return { perSecond: (count / ms) * 1000, close: () => Promise.all([sender.close(), receiver.close()]) };
}

async function online({ contacts = 0 } = {}) {
  stub.setContacts(contacts);
  const client = await contender.open(stub.ACCOUNT);
  await client.connect();
  return client;
}

/** What is counted by the second runs first with so many. */
const warmUp = (count) => Math.ceil(count / 10);

const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const events = (count, make) => times(count, (n) => stub.frameEvent(make(n)));

/** As a browser hands over what a socket has received: many frames in one task, and after each what its listeners have put off runs. */
async function deliver(events) {
  for (const [n, event] of events.entries()) {
    stub.socket.fire(event);
    await (n % FRAMES_A_TASK === FRAMES_A_TASK - 1 ? tick() : undefined);
  }
}

async function timed(run) {
  await settle();
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** What happened before shall not be paid for in what is measured next. */
async function settle() {
  await tick();
  globalThis.gc?.();
  await tick();
}

/** Resolves `done` when as many have come as were sent. */
function counter(most) {
  let count = 0;
  let finish;
  const done = new Promise((resolve) => (finish = resolve));
  return { done, add: () => (count += 1) === most && finish() };
}

/** A task that queues itself again and again finds out how long it had to wait. */
function watchBlocks() {
  let longest = 0;
  let last = performance.now();
  let isOn = true;
  const beat = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isOn) port.postMessage(0);
  };
  const channel = new MessageChannel();
  const port = channel.port2;
  channel.port1.onmessage = beat;
  port.postMessage(0);
  return {
    stop: () => {
      beat();
      isOn = false;
      return longest;
    },
  };
}

function watchMemories() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given);
    // A release calls it by a letter or two.
    memories.push(...Object.values((made.instance ?? made).exports).filter((value) => value instanceof WebAssembly.Memory));
    return made;
  };
}

function wasmBytes() {
  return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}
