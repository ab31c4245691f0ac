// A network that fails on demand: a proxy on a free loopback port between a browser and a WebSocket server. It reads the frames
// (RFC 6455, section 5) and forwards them as bytes, so that a connection can be cut at a frame, or inside one.
//
//   import * as network from "../support/fault-proxy.mjs";
//
//   const proxy = await network.start(server);                     // `server.port` is asked anew for each connection
//   ... new Client({ url: proxy.url }) ...
//   proxy.at({ to: "server", frame: 7 }, network.cutHard());       // the 7th frame of a connection, counted from 1
//   proxy.at({ to: "client", text: /<resumed/ }, network.halfOpen());
//   await proxy.happened(1);                                       // so many faults of at() and atRandom() have happened
//   proxy.apply(network.cutClean());                               // now, to each connection that is open
//   proxy.atRandom({ seed, faults, gap: 20 });                     // a fault every 20 frames on the average
//   await proxy.stop();
//
// A fault strikes when its frame has come in and before it is forwarded; with `isLate: true`, after it. at() strikes once. A fault
// lasts until its connection ends; on a connection that is silent, later faults strike nothing. atRandom() takes the faults in a shuffled
// order that only the seed decides, each as often as it is listed; when and where the frames meet them depends on the programs too.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { atEnd } from "./cleanup.mjs";

const HEAD_END = "\r\n\r\n";
const OPCODE = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8 });
/** What a sender may have on its way before it is made to wait. */
const HIGH_WATER = 1 << 20;

/** Both sides see a close frame with this code (RFC 6455, section 7.4). */
export const cutClean = (code = 1000, reason = "") => ({
  name: `clean cut ${code}`,
  strike: (link) => link.close(code, reason),
});
/** TCP is reset on both sides. */
export const cutHard = () => ({ name: "hard cut", strike: (link) => link.reset() });
/** Half of the frame still gets through before TCP is reset. */
export const cutInside = () => ({ name: "cut inside a frame", strike: (link, pipe, frame) => link.cutInside(pipe, frame) });
/** Nothing gets through any more, and nobody is told: both sockets stay open. */
export const halfOpen = () => ({ name: "half-open", strike: (link) => link.silence("server", "client") });
/** As half-open, one way only. */
export const drop = (to) => ({ name: `dropped to ${to}`, strike: (link) => link.silence(to) });
/** Every frame takes so much longer, both ways. */
export const delay = (ms) => ({ name: `delay ${ms} ms`, strike: (link) => link.each((pipe) => (pipe.delayMs = ms)) });
/** So many bytes a second, each way. */
export const throttle = (rate) => ({ name: `throttle ${rate} B/s`, strike: (link) => link.each((pipe) => (pipe.rate = rate)) });

/** Starts a proxy before the server on the loopback port `target.port`. */
export async function start(target) {
  const proxy = new FaultProxy(target);
  await proxy.listen();
  return proxy;
}

/** Numbers from 0 up to 1 that only the seed decides (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class FaultProxy {
  /** The names of the faults that have happened, in order. */
  happenings = [];
  /** How many connections there were. */
  connections = 0;

  constructor(target) {
    this.target = target;
    this.links = new Set();
    this.rules = [];
    this.waiters = [];
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    // Whoever forgets to stop it is not kept alive by it.
    this.server.unref();
    this.forget = atEnd(() => this.resetAll());
  }

  /** For `new Client({ url })`. */
  get url() {
    return `ws://127.0.0.1:${this.server.address().port}/xmpp-websocket`;
  }

  async listen() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
  }

  /** Ends every connection, and listens no more. */
  async stop() {
    const closed = once(this.server, "close");
    this.server.close();
    this.resetAll();
    await closed;
    this.forget();
  }

  /** Plans a fault for the first frame on that way that has this number, or whose text fits. */
  at({ to, frame, text, isLate = false }, fault) {
    const fits = typeof text === "function" ? text : (found) => text.test(found);
    const isDue = (pipe, found) => pipe.to === to && (frame === undefined ? fits(found.text) : pipe.count === frame);
    this.rules.push({ isDue, isLate, take: () => fault, isOnce: true });
  }

  /** Plans these faults for frames that the seed decides, on whatever connection they are; `gap` is the mean number of frames between them. */
  atRandom({ seed, faults, gap }) {
    const draw = random(seed);
    const order = shuffled(faults, draw);
    const next = () => 1 + Math.floor(draw() * 2 * gap);
    let left = next();
    const rule = {
      isDue: () => (left -= 1) <= 0,
      take: () => {
        left = next();
        rule.isLate = draw() < 0.5;
        const fault = order.pop();
        rule.isOnce = order.length === 0;
        return fault;
      },
      isLate: false,
      isOnce: order.length === 1,
    };
    if (order.length > 0) this.rules.push(rule);
  }

  /** Applies a fault now, to every connection that is open. */
  apply(fault) {
    for (const link of [...this.links]) fault.strike(link, link.toServer, undefined);
  }

  /** Resolves when so many planned faults have happened. */
  happened(count) {
    if (this.happenings.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ count, resolve }));
  }

  accept(socket) {
    this.connections += 1;
    const link = new Link(this, socket, connect({ port: this.target.port, host: "127.0.0.1", allowHalfOpen: true }));
    this.links.add(link);
  }

  /** The fault for this frame, if one is planned. */
  judge(pipe, frame) {
    const rule = this.rules.find(({ isDue }) => isDue(pipe, frame));
    if (!rule) return undefined;
    const { isLate } = rule;
    const fault = rule.take();
    if (rule.isOnce) this.rules.splice(this.rules.indexOf(rule), 1);
    this.happenings.push(fault.name);
    const [due, early] = partition(this.waiters, ({ count }) => this.happenings.length >= count);
    this.waiters = early;
    for (const { resolve } of due) resolve();
    return { fault, isLate };
  }

  resetAll() {
    for (const link of [...this.links]) link.reset();
  }
}

/** One connection of a client, and the one that was made for it. */
class Link {
  constructor(proxy, client, server) {
    this.proxy = proxy;
    this.sockets = { client, server };
    this.toServer = new Pipe(this, "server", client, server);
    this.toClient = new Pipe(this, "client", server, client);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.unref();
      // What follows an error is a close, which says enough.
      socket.on("error", () => {});
      for (const event of ["end", "close"]) socket.on(event, () => this.ended());
    }
  }

  each(act) {
    for (const pipe of [this.toServer, this.toClient]) act(pipe);
  }

  silence(...ways) {
    this.each((pipe) => {
      if (ways.includes(pipe.to)) pipe.isSilent = true;
    });
  }

  reset() {
    this.each((pipe) => (pipe.isFinished = true));
    for (const socket of Object.values(this.sockets)) {
      // A socket that is already being shut down cannot be reset: Node 20 would never let go of it, nor end.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  close(code, reason) {
    this.each((pipe) => pipe.finish(closeFrame(code, reason, pipe.to === "server")));
  }

  cutInside(pipe, frame) {
    if (frame === undefined || pipe.isSilent) return this.reset();
    pipe.finish(frame.bytes.subarray(0, Math.ceil(frame.bytes.length / 2)));
    // Once those bytes have left the process.
    setImmediate(() => this.reset());
  }

  /** One side says no more, or is gone. The other learns of it, unless the way there is silent. */
  ended() {
    const { client, server } = this.sockets;
    const isOver = (socket) => socket.readableEnded || socket.destroyed;
    if (isOver(client)) this.toServer.end();
    if (isOver(server)) this.toClient.end();
    // What was silent ends when both sides have given it up.
    if (isOver(client) && isOver(server) && (this.toServer.isSilent || this.toClient.isSilent)) this.reset();
    if (client.destroyed && server.destroyed) {
      this.each((pipe) => pipe.clear());
      this.proxy.links.delete(this);
    }
  }
}

/** One way of a connection: the HTTP head as it is, then frames. */
class Pipe {
  /** Frames with data that came in, without those of control. */
  count = 0;
  isSilent = false;
  isFinished = false;
  delayMs = 0;
  /** In bytes a second. */
  rate = Infinity;

  constructor(link, to, from, into) {
    this.link = link;
    this.to = to;
    this.from = from;
    this.into = into;
    this.input = Buffer.alloc(0);
    this.isOpen = false;
    this.queue = [];
    this.queued = 0;
    this.freeAtMs = 0;
    from.on("data", (bytes) => this.take(bytes));
  }

  take(bytes) {
    if (this.isFinished || this.isSilent) return;
    this.input = this.input.length === 0 ? bytes : Buffer.concat([this.input, bytes]);
    if (!this.isOpen && !this.takeHead()) return;
    for (let frame = this.takeFrame(); frame; frame = this.takeFrame()) this.handle(frame);
  }

  takeHead() {
    const at = this.input.indexOf(HEAD_END);
    if (at < 0) return false;
    const head = this.input.subarray(0, at + HEAD_END.length).toString("latin1");
    this.input = this.input.subarray(at + HEAD_END.length);
    this.isOpen = true;
    // Without extensions the frames are not compressed.
    this.forward(Buffer.from(head.replace(/^Sec-WebSocket-Extensions:.*\r\n/gim, ""), "latin1"));
    return true;
  }

  /** RFC 6455, section 5.2. */
  takeFrame() {
    const { input } = this;
    if (this.isFinished || input.length < 2) return undefined;
    let at = 2;
    let length = input[1] & 0x7f;
    if (length === 126) {
      if (input.length < 4) return undefined;
      [length, at] = [input.readUInt16BE(2), 4];
    } else if (length === 127) {
      if (input.length < 10) return undefined;
      [length, at] = [Number(input.readBigUInt64BE(2)), 10];
    }
    const isMasked = (input[1] & 0x80) !== 0;
    const mask = isMasked ? input.subarray(at, at + 4) : undefined;
    if (isMasked) at += 4;
    if (input.length < at + length) return undefined;
    this.input = input.subarray(at + length);
    return { opcode: input[0] & 0x0f, bytes: input.subarray(0, at + length), text: unmask(input.subarray(at, at + length), mask) };
  }

  handle(frame) {
    if (frame.opcode > OPCODE.binary) return this.forward(frame.bytes);
    this.count += 1;
    const judged = this.isSilent ? undefined : this.link.proxy.judge(this, frame);
    if (judged?.isLate) this.forward(frame.bytes);
    judged?.fault.strike(this.link, this, judged.isLate ? undefined : frame);
    if (!judged?.isLate) this.forward(frame.bytes);
  }

  forward(bytes) {
    if (this.isFinished || this.isSilent) return;
    if (this.delayMs === 0 && this.rate === Infinity && this.queue.length === 0) return void this.into.write(bytes);
    const now = performance.now();
    this.freeAtMs = Math.max(now, this.freeAtMs) + (bytes.length / this.rate) * 1_000;
    this.queue.push({ bytes, dueMs: this.freeAtMs + this.delayMs });
    this.queued += bytes.length;
    if (this.queued > HIGH_WATER) this.from.pause();
    this.timer ??= setTimeout(() => this.release(), this.queue[0].dueMs - now);
  }

  release() {
    this.timer = undefined;
    while (this.queue.length > 0 && this.queue[0].dueMs <= performance.now()) {
      const { bytes } = this.queue.shift();
      this.queued -= bytes.length;
      if (!this.isSilent) this.into.write(bytes);
    }
    if (this.queued <= HIGH_WATER) this.from.resume();
    if (this.queue.length > 0) this.timer = setTimeout(() => this.release(), Math.max(0, this.queue[0].dueMs - performance.now()));
    else if (this.isEnding) this.into.end();
  }

  /** The sender has no more to say: neither have we, once what is on its way has arrived. */
  end() {
    if (this.isSilent || this.isEnding) return;
    this.isEnding = true;
    if (this.queue.length === 0) this.into.end();
  }

  /** The last bytes of this way. What the sender says from now on is lost. */
  finish(bytes) {
    if (this.isFinished) return;
    this.clear();
    if (!this.isSilent) this.into.write(bytes);
    this.isFinished = true;
  }

  clear() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.queue = [];
    this.queued = 0;
  }
}

/** RFC 6455, sections 5.5.1 and 5.3: a client masks; here with zeros. */
function closeFrame(code, reason, isMasked) {
  const text = Buffer.from(reason);
  const head = Buffer.from([0x80 | OPCODE.close, (isMasked ? 0x80 : 0) | (2 + text.length)]);
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([head, isMasked ? Buffer.alloc(4) : Buffer.alloc(0), payload, text]);
}

function unmask(payload, mask) {
  if (!mask) return payload.toString("utf8");
  return Buffer.from(payload.map((byte, at) => byte ^ mask[at & 3])).toString("utf8");
}

function shuffled(items, draw) {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(draw() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

function partition(items, isFirst) {
  const first = items.filter((item) => isFirst(item));
  return [first, items.filter((item) => !first.includes(item))];
}
