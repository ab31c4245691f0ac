// What is behind a Client: its engine, the calls that wait for an answer, and its listeners.

import { aborted, errorFrom, notConnected, report, XmppError } from "./error.js";
import { EVENTS, Listeners } from "./events.js";
import { deriveKey } from "./keys.js";
import { FIRST_POST, Posts } from "./posts.js";
import { storeOf } from "./storage.js";

const NO_ITEMS = Object.freeze([]);

export class Inner {
  constructor(options, loader) {
    this.options = options;
    this.loader = loader;
    this.engine = undefined;
    this.listeners = new Listeners(() => this.tellInterests());
    this.calls = new Map();
    this.lastToken = 0;
    this.posts = new Posts(this);
    // Nobody listens to what becomes of messages of ours.
    this.isQuiet = true;
    // The connect() that goes on, and the disconnect().
    this.attempt = undefined;
    this.closing = undefined;
    // The connect() that waits for the WebAssembly module, and the sends that wait with it.
    this.loading = undefined;
    this.early = [];
    // What the app brings: see extensions.js.
    this.extensions = undefined;
    /** See cached(). */
    this.made = {};
    // Where messages are kept: see message-store.js.
    this.store = undefined;
    this.sink = new Sink(this);
  }

  get state() {
    if (this.loading) return "connecting";
    return this.engine?.state() ?? "offline";
  }

  /** A list of the engine's: frozen, and the same array until the event of that name says that it is another. */
  cached(name, make) {
    if (!this.engine) return NO_ITEMS;
    return (this.made[name] ??= Object.freeze(make(this.engine)));
  }

  /** Texts need no call of their own then: see posts.js. */
  get canPost() {
    return this.engine !== undefined && this.loading === undefined;
  }

  connect(signal) {
    if (signal?.aborted) return Promise.reject(abortedBy(signal));
    // While the stream closes, the engine connects again right after.
    if (this.state === "online" && !this.closing) return Promise.resolve();
    const attempt = this.attempt ?? this.begin();
    if (!signal) {
      attempt.isKept = true;
      return attempt.promise;
    }
    return this.join(attempt, signal);
  }

  disconnect() {
    if (this.loading) {
      this.stopLoading(aborted("disconnect() was called"));
      return Promise.resolve();
    }
    // Even offline the engine may hold a socket, which waits for the server's last word.
    if (!this.engine) return Promise.resolve();
    if (this.closing) return this.closing;
    // In the field before the command runs: a listener may call again.
    const { promise, resolve, reject } = deferred();
    this.closing = promise;
    const settled = (settle) => (outcome) => {
      if (this.closing === promise) this.closing = undefined;
      settle(outcome);
    };
    this.call((engine, token) => engine.disconnect(token)).then(settled(resolve), settled(reject));
    return promise;
  }

  /** The engine goes too, and with it the roster and presence that outlive a disconnect(). */
  async dispose() {
    await this.disconnect();
    this.discard();
  }

  /** Also for a client that was never connected: what is to be forgotten may be stored. */
  async logout() {
    if (this.loading) this.stopLoading(aborted("logout() was called"));
    await this.loader.load();
    const engine = this.engine ?? this.makeEngine();
    await this.call((_, token) => engine.logout(token));
    await this.store?.remove();
    this.discard();
  }

  /** Unless a connect() came meanwhile. */
  discard() {
    if (this.state !== "offline" || this.attempt) return;
    this.engine?.free();
    this.engine = undefined;
    this.made = {};
  }

  /** Starts a command whose outcome the sink tells. */
  call(start, { signal, timeoutMs } = {}) {
    if (signal?.aborted) return Promise.reject(abortedBy(signal));
    if (!this.engine) return Promise.reject(notConnected());
    this.posts.flush();
    return new Promise((resolve, reject) => {
      const token = (this.lastToken = (this.lastToken + 1) % FIRST_POST);
      const call = { resolve, reject, cleanUp: undefined };
      this.calls.set(token, call);
      if (signal || timeoutMs !== undefined) this.limit(call, token, signal, timeoutMs);
      try {
        start(this.engine, token);
      } catch (error) {
        this.settle(token, errorFrom(error));
      }
    });
  }

  /** Gives a call up when its signal or its time says so. */
  limit(call, token, signal, timeoutMs) {
    const giveUp = (error) => {
      this.settle(token, error);
      this.engine?.cancel(token);
    };
    const abort = () => giveUp(abortedBy(signal));
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(timedOut(timeoutMs)), timeoutMs);
    const forget = signal && onAbort(signal, abort);
    call.cleanUp = () => {
      clearTimeout(timer);
      forget?.();
    };
  }

  /** As call(), and while the module loads it waits its turn. */
  callWhenLoaded(start, options = {}) {
    if (!this.loading) return this.call(start, options);
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(abortedBy(signal));
    return new Promise((resolve, reject) => {
      this.early.push((error) => (error ? reject(error) : this.call(start, options).then(resolve, reject)));
    });
  }

  /** Runs a command that is done when it returns. */
  run(start) {
    if (!this.engine) throw notConnected();
    this.posts.flush();
    try {
      return start(this.engine);
    } catch (error) {
      throw errorFrom(error);
    }
  }

  settle(token, error, value) {
    if (token >= FIRST_POST) return this.posts.settle(token, error, value);
    const call = this.calls.get(token);
    if (!call) return;
    this.calls.delete(token);
    call.cleanUp?.();
    if (error) call.reject(error);
    else call.resolve(value);
  }

  // Connecting.

  begin() {
    const attempt = { ...deferred(), token: 0, waiters: 0, isKept: false };
    this.attempt = attempt;
    if (this.loader.engine) {
      this.start(attempt);
      return attempt;
    }
    this.loading = attempt;
    this.loader.load().then(
      () => this.loading === attempt && this.start(attempt),
      (error) => this.loading === attempt && this.stopLoading(error),
    );
    this.emit("state", { current: "connecting", previous: "offline" });
    return attempt;
  }

  start(attempt) {
    try {
      this.engine ??= this.makeEngine();
    } catch (error) {
      this.stopLoading(errorFrom(error), attempt);
      return;
    }
    const settled = (settle) => (outcome) => {
      if (this.attempt === attempt) this.attempt = undefined;
      settle(outcome);
    };
    const connected = this.call((engine, token) => {
      attempt.token = token;
      engine.connect(token);
    });
    // While the socket opens.
    queueMicrotask(() => this.loader.rehearse());
    connected.then(settled(attempt.resolve), (error) => {
      // The engine refused without a word about its state: the app was told that it is connecting.
      if (this.loading === attempt) this.stopLoading(error);
      else settled(attempt.reject)(error);
    });
    if (!this.loading) for (const send of this.early.splice(0)) send();
  }

  makeEngine() {
    const { password, credentials, presence = {}, reconnect = {}, timeouts = {}, allowInsecure = false, storage, ...rest } = this.options;
    const Engine = this.loader.engine;
    const options = {
      ...rest,
      password,
      asksCredentials: credentials !== undefined,
      allowInsecure,
      presence: presence || undefined,
      reconnect: reconnect || undefined,
      timeouts,
      events: EVENTS,
    };
    const engine = new Engine(JSON.stringify(options), this.sink, storeOf(storage));
    this.engine = engine;
    this.tellInterests();
    this.extensions?.tell(engine);
    this.store?.caps().then((caps) => caps && this.engine === engine && engine.command(0, "restoreCaps", caps));
    return engine;
  }

  /** It did not come to a connection: the module or the options are no good, or disconnect() was called. */
  stopLoading(error, attempt = this.loading) {
    const wasLoading = this.loading === attempt;
    this.loading = undefined;
    this.attempt = undefined;
    if (wasLoading) this.emit("state", { current: "offline", previous: "connecting", error });
    attempt.reject(error);
    for (const send of this.early.splice(0)) send(error);
  }

  /** A caller with a signal: the attempt is given up when nobody waits for it any more. */
  join(attempt, signal) {
    attempt.waiters += 1;
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(abortedBy(signal));
        attempt.waiters -= 1;
        if (attempt.waiters > 0 || attempt.isKept) return;
        if (this.loading === attempt) this.stopLoading(abortedBy(signal));
        else this.engine?.cancel(attempt.token);
      };
      const settled = (settle) => (outcome) => {
        signal.removeEventListener("abort", abort);
        settle(outcome);
      };
      signal.addEventListener("abort", abort, { once: true });
      attempt.promise.then(settled(resolve), settled(reject));
    });
  }

  // What the engine tells.

  handleEvent(name, payload) {
    if (name === "state") this.handleState(payload);
    delete this.made[name];
    if (payload === undefined) return;
    if (name === "state" && this.loading) {
      // That it is connecting the app knows already.
      this.loading = undefined;
      return;
    }
    if (name === "extension") return this.extensions.handle(payload);
    if (name === "message") this.extensions?.read(payload);
    if (name === "error") payload = errorFrom(payload);
    else if (payload.error) payload.error = errorFrom(payload.error);
    this.emit(name, payload);
  }

  handleState({ current }) {
    // Only while it is not offline does the engine keep its client alive.
    this.sink.inner = current === "offline" ? undefined : this;
    // From here on a connect() is a new one, even if a listener calls it before the old one is settled.
    if (current !== "connecting") this.attempt = undefined;
    if (current === "offline") this.closing = undefined;
  }

  handleCredentials(id, mechanisms, jid) {
    const answer = (kind, given = "") => this.engine?.credentials(id, kind, given);
    const ask = async () => this.options.credentials({ mechanisms, jid });
    ask().then(
      (given) => {
        const { password, token, external } = given ?? {};
        if (typeof password === "string") answer("password", password);
        else if (typeof token === "string") answer("token", token);
        else if (external === true) answer("external");
        else answer("nothing", "credentials() must resolve with { password }, { token } or { external: true }");
      },
      (error) => {
        report(error);
        answer("nothing", "credentials() failed");
      },
    );
  }

  emit(name, payload) {
    if (this.options.log) this.log(name, payload);
    if (this.store) this.keep(name, payload);
    this.listeners.emit(name, payload);
  }

  keep(name, payload) {
    if (name === "message") this.store.add(payload);
    else if (name === "delivery") this.store.setStage(payload.id, payload.stage);
    else if (name === "state" && payload.resumed === false) this.store.begin();
  }

  log(name, payload) {
    const entry = entryOf(name, payload);
    if (!entry) return;
    try {
      this.options.log({ timestamp: Date.now(), ...entry });
    } catch (error) {
      report(error);
    }
  }

  /** Events that nobody listens to are not made. The client itself needs to know the state. */
  tellInterests() {
    if (!this.engine) return;
    // They were sent before.
    this.posts.flush();
    const isKept = (name) => this.store && (name === "message" || name === "delivery");
    const isWanted = (name) => name === "state" || name === "extension" || isKept(name) || this.listeners.has(name) || (this.options.log && (name === "stanza" || name === "error"));
    const bits = EVENTS.reduce((bits, name, index) => (isWanted(name) ? bits | (1 << index) : bits), 0);
    // The core has no such thing.
    this.engine.command?.(0, "reportDisplayed", String(isWanted("displayed")));
    this.isQuiet = !(isWanted("message") || isWanted("delivery"));
    this.engine.listen(bits, Boolean(isWanted("stanza")), !this.isQuiet);
  }
}

/** In UTF-16 units. What is shorter is copied faster character by character, by what wasm-bindgen makes. */
const LONG_FRAME = 2000;
const encoder = new TextEncoder();

const MESSAGE_TYPES = ["chat", "normal", "groupchat", "headline", "error"];
const PRESENCE_TYPES = ["available", "unavailable", "error"];
const DELAYED = 1;
const CARBON = 2;
const OUT = 4;
const MARKABLE = 8;
const SHOWS = [undefined, "away", "chat", "dnd", "xa"];

/** The engine outlives no client: it holds this, and this holds the client only weakly, or while it is not offline. */
class Sink {
  core = undefined;
  /** The frame that the engine is handling. */
  frame = undefined;

  constructor(core) {
    this.weak = new WeakRef(core);
  }

  /** Hands each frame of a socket to the engine with the time; nothing for a binary one. A long one the engine has written when it is told how long. */
  listen(socket, receive) {
    socket.onmessage = ({ data }) => {
      const outer = this.frame;
      this.frame = data;
      const isText = typeof data === "string";
      const isLong = isText && data.length > LONG_FRAME;
      receive(isText && !isLong ? data : undefined, isLong ? data.length : 0, performance.now(), Date.now());
      this.frame = outer;
    };
  }

  write(bytes) {
    const { read, written } = encoder.encodeInto(this.frame, bytes);
    return read === this.frame.length ? written : -1;
  }

  send(socket, text, ends) {
    let start = 0;
    for (const end of ends) {
      socket.send(text.slice(start, end));
      start = end;
    }
  }

  async derive(id, ...request) {
    const key = await deriveKey(...request).catch(() => undefined);
    this.weak.deref()?.engine?.keyDerived(id, key);
  }

  event(index, payload) {
    this.weak.deref()?.handleEvent(EVENTS[index], payload && JSON.parse(payload));
  }

  /** What has all its texts in the frame is cut out of it: the engine says where each begins and ends. Nothing is thrown into the engine. */
  message(id, idEnd, from, fromEnd, to, toEnd, body, bodyEnd, lang, langEnd, originId, originIdEnd, stanzaId, stanzaIdEnd, type, timestamp, flags, extensions) {
    const { frame } = this;
    const message = {
      id: frame.slice(id, idEnd),
      from: frame.slice(from, fromEnd),
      to: frame.slice(to, toEnd),
      type: MESSAGE_TYPES[type],
      direction: flags & OUT ? "out" : "in",
      body: frame.slice(body, bodyEnd),
    };
    if (langEnd > 0) message.lang = frame.slice(lang, langEnd);
    if (originIdEnd > 0) message.originId = frame.slice(originId, originIdEnd);
    if (stanzaIdEnd > 0) message.stanzaId = frame.slice(stanzaId, stanzaIdEnd);
    message.timestamp = timestamp;
    if (flags & DELAYED) message.delayed = true;
    if (flags & CARBON) message.carbon = true;
    if (flags & MARKABLE) message.markable = true;
    try {
      const core = this.weak.deref();
      if (extensions) {
        Object.assign(message, JSON.parse(extensions));
        core?.extensions?.read(message);
      }
      core?.emit("message", message);
    } catch (error) {
      report(error);
    }
  }

  presence(from, fromEnd, status, statusEnd, type, show, priority) {
    const { frame } = this;
    const presence = { from: frame.slice(from, fromEnd), type: PRESENCE_TYPES[type] };
    if (show > 0) presence.show = SHOWS[show];
    if (statusEnd > 0) presence.status = frame.slice(status, statusEnd);
    presence.priority = priority;
    try {
      this.weak.deref()?.emit("presence", presence);
    } catch (error) {
      report(error);
    }
  }

  settled(token, error, value) {
    const core = this.weak.deref();
    // A message of ours, or whatever the command was for.
    if (value?.payloads) core?.extensions?.read(value);
    core?.settle(token, errorFrom(error), value);
  }

  arrived(first, last, from) {
    this.weak.deref()?.posts.arrived(first, last, from);
  }

  credentials(id, mechanisms, jid) {
    this.weak.deref()?.handleCredentials(id, mechanisms, jid);
  }
}

/** What the log says of an event: never a payload, which may be private. */
function entryOf(name, payload) {
  if (name === "state") {
    const { current, previous, error } = payload;
    return { level: "info", message: `${previous} -> ${current}`, ...(error && { error }) };
  }
  if (name === "error") return { level: "warn", message: payload.message, error: payload };
  if (name !== "stanza") return undefined;
  const { direction, xml } = payload;
  const element = /^<([^\s/>]+)/.exec(xml)?.[1] ?? "?";
  return { level: "debug", message: `${direction} <${element}>, ${xml.length} characters` };
}

const aborts = new WeakMap();

/**
 * Has `act` run when the signal says so. Returns what takes that back. All calls that share a signal share a listener: to remove one of
 * thousands, browsers look through all of them.
 */
function onAbort(signal, act) {
  let shared = aborts.get(signal);
  if (!shared) {
    const acts = new Set();
    shared = { acts, listener: () => acts.forEach((act) => act()) };
    aborts.set(signal, shared);
    signal.addEventListener("abort", shared.listener);
  }
  const { acts, listener } = shared;
  acts.add(act);
  return () => {
    acts.delete(act);
    if (acts.size > 0 || aborts.get(signal) !== shared) return;
    aborts.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

function abortedBy(signal) {
  return aborted("the call was aborted by its signal", signal.reason);
}

function timedOut(timeoutMs) {
  return new XmppError({ code: "timeout", message: `there was no answer in ${timeoutMs} ms` });
}
