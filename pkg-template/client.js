// The public classes. They hold nothing but a function that returns what is behind them: a Proxy around a client, such as
// a framework's, then never gets between the engine and its owner.

import * as check from "./check.js";
import { iterate } from "./events.js";
import { Inner } from "./inner.js";
import { sourceOf } from "./xml.js";

/** The key of the function that returns what is behind. */
export const inner = Symbol("inner");

export class Part {
  constructor(behind) {
    hide(this, inner, behind);
  }
}

class Roster extends Part {
  get items() {
    return this[inner]().cached("roster", (engine) => engine.rosterItems());
  }

  get(jid) {
    const checked = bare(check.jid(jid, "jid"));
    return this[inner]().engine?.rosterItem(checked);
  }

  async add(contact, options) {
    const checked = check.contact(contact);
    await this[inner]().call((engine, token) => engine.rosterAdd(token, JSON.stringify(checked)), check.waiting(options));
  }

  async update(change, options) {
    const checked = check.contact(change);
    await this[inner]().call((engine, token) => engine.rosterUpdate(token, JSON.stringify(checked)), check.waiting(options));
  }

  async remove(jid, options) {
    const checked = bare(check.jid(jid, "jid"));
    await this[inner]().call((engine, token) => engine.rosterRemove(token, checked), check.waiting(options));
  }

  async subscribe(jid, options) {
    const checked = check.jid(jid, "jid");
    const { nick, status } = check.introduction(options);
    this[inner]().run((engine) => engine.subscribe(checked, nick, status));
  }

  async approve(jid) {
    const checked = check.jid(jid, "jid");
    this[inner]().run((engine) => engine.approve(checked));
  }

  async deny(jid) {
    const checked = check.jid(jid, "jid");
    this[inner]().run((engine) => engine.deny(checked));
  }

  async unsubscribe(jid) {
    const checked = check.jid(jid, "jid");
    this[inner]().run((engine) => engine.unsubscribe(checked));
  }
}

class Presence extends Part {
  async set(presence) {
    const checked = check.presence(presence);
    const behind = this[inner]();
    // Before there is an engine, it becomes the first presence.
    if (behind.engine) behind.run((engine) => engine.setPresence(JSON.stringify(checked)));
    else behind.options.presence = checked;
  }

  of(jid) {
    const checked = check.jid(jid, "jid");
    return this[inner]().engine?.presenceOf(checked);
  }

  resources(jid) {
    const checked = bare(check.jid(jid, "jid"));
    return this[inner]().engine?.presenceResources(checked) ?? [];
  }

  async sendTo(jid, presence) {
    const to = check.jid(jid, "jid");
    const checked = check.directedPresence(presence);
    this[inner]().run((engine) => engine.sendPresenceTo(to, JSON.stringify(checked)));
  }
}

/** `check` says what a message may have: an extension knows more fields. */
export class Messages extends Part {
  check(message) {
    return check.message(message);
  }

  /** Not an async function, which would make three promises of one. */
  send(message, options) {
    try {
      const behind = this[inner]();
      if (options === undefined && behind.canPost && isText(message)) return post(behind.posts, message);
      const checked = this.check(message);
      const waiting = check.waiting(options);
      checked.id ??= newId();
      return behind.callWhenLoaded((engine, token) => engine.sendMessage(token, JSON.stringify(checked)), waiting);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

/** Whether it has a recipient, a body, perhaps an id, and nothing else, as most messages do. */
function isText(message) {
  if (typeof message !== "object" || message === null || Object.getPrototypeOf(message) !== Object.prototype) return false;
  for (const name in message) if (name !== "to" && name !== "body" && name !== "id") return false;
  return message.to !== undefined && message.body !== undefined;
}

/** As `send()`, without an object for each step. */
function post(posts, { to, id, body }) {
  const checked = to === posts.to ? to : check.jid(to, "message.to");
  return posts.add(checked, id === undefined ? newId() : check.nonEmpty(id, "message.id"), check.text(body, "message.body"));
}

class Account extends Part {
  async logout() {
    await this[inner]().logout();
  }
}

const PARTS = { roster: Roster, presence: Presence, messages: Messages, account: Account };

/** `index.js` and `core.js` each make it their own, with the engine that they load, and the parts and options that it has beside those of the core. */
export class Client {
  constructor(options, loader, parts = {}, fields = {}) {
    const behind = new Inner(check.clientOptions(options, fields), loader);
    hide(this, inner, () => behind);
    behind.parts = {};
    for (const [name, Part] of Object.entries({ ...PARTS, ...parts })) behind.parts[name] = new Part(() => behind);
  }

  get state() {
    return this[inner]().state;
  }

  get jid() {
    return this[inner]().engine?.jid();
  }

  get roster() {
    return this[inner]().parts.roster;
  }

  get presence() {
    return this[inner]().parts.presence;
  }

  get messages() {
    return this[inner]().parts.messages;
  }

  get account() {
    return this[inner]().parts.account;
  }

  /** Not an async function: calls without a signal share one promise. */
  connect(options) {
    try {
      return this[inner]().connect(check.signalOnly(options).signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  disconnect() {
    return this[inner]().disconnect();
  }

  on(name, listener) {
    return this[inner]().listeners.add(name, listener);
  }

  once(name, listener) {
    return this[inner]().listeners.add(name, listener, true);
  }

  off(name, listener) {
    this[inner]().listeners.remove(name, listener);
  }

  events(name, options) {
    return iterate(this[inner]().listeners, name, check.signalOnly(options).signal);
  }

  async request(xml, options) {
    const source = sourceOf(xml);
    const { signal, timeoutMs } = check.waiting(options);
    return this[inner]().call((engine, token) => engine.request(token, source, timeoutMs), { signal });
  }

  sendRaw(xml) {
    const source = sourceOf(xml);
    this[inner]().run((engine) => engine.sendRaw(source));
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Client.prototype, Symbol.asyncDispose, {
    value() {
      return this[inner]().dispose();
    },
    writable: true,
    configurable: true,
  });
}

const ID_LENGTH = 16;
/** What stands for six bits: RFC 4648, section 5. */
const ALPHABET = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
const decoder = new TextDecoder();

/** Random ids that were made together, and where the next begins. */
let ids = "";
let nextId = 0;

/** 96 bits that nobody guesses. The package makes the ids of messages, since it has to know them; all others are the engine's. */
function newId() {
  if (nextId === ids.length) {
    ids = decoder.decode(crypto.getRandomValues(new Uint8Array(64 * ID_LENGTH)).map((byte) => ALPHABET[byte & 63]));
    nextId = 0;
  }
  nextId += ID_LENGTH;
  return ids.slice(nextId - ID_LENGTH, nextId);
}

/** Not enumerable, so that a client prints without what is behind it; not fixed, since a Proxy may answer with another function. */
function hide(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
}

export function bare(jid) {
  return jid.split("/", 1)[0];
}
