// The public classes. They hold nothing but a function that returns what is behind them: a Proxy around a client, such as
// a framework's, then never gets between the engine and its owner.

import * as check from "./check.js";
import { Core } from "./core.js";
import { iterate } from "./events.js";
import { sourceOf } from "./xml.js";

const core = Symbol("core");

class Part {
  constructor(behind) {
    hide(this, core, behind);
  }
}

class Roster extends Part {
  get items() {
    return this[core]().items;
  }

  get(jid) {
    const checked = bare(check.jid(jid, "jid"));
    return this[core]().engine?.rosterItem(checked);
  }

  async add(contact, options) {
    const checked = check.contact(contact);
    await this[core]().call((engine, token) => engine.rosterAdd(token, checked), check.waiting(options));
  }

  async update(change, options) {
    const checked = check.contact(change);
    await this[core]().call((engine, token) => engine.rosterUpdate(token, checked), check.waiting(options));
  }

  async remove(jid, options) {
    const checked = bare(check.jid(jid, "jid"));
    await this[core]().call((engine, token) => engine.rosterRemove(token, checked), check.waiting(options));
  }

  async subscribe(jid) {
    const checked = check.jid(jid, "jid");
    this[core]().run((engine) => engine.subscribe(checked));
  }

  async approve(jid) {
    const checked = check.jid(jid, "jid");
    this[core]().run((engine) => engine.approve(checked));
  }

  async deny(jid) {
    const checked = check.jid(jid, "jid");
    this[core]().run((engine) => engine.deny(checked));
  }

  async unsubscribe(jid) {
    const checked = check.jid(jid, "jid");
    this[core]().run((engine) => engine.unsubscribe(checked));
  }
}

class Presence extends Part {
  async set(presence) {
    const checked = check.presence(presence);
    const behind = this[core]();
    // Before there is an engine, it becomes the first presence.
    if (behind.engine) behind.run((engine) => engine.setPresence(checked));
    else behind.options.presence = checked;
  }

  of(jid) {
    const checked = check.jid(jid, "jid");
    return this[core]().engine?.presenceOf(checked);
  }

  resources(jid) {
    const checked = bare(check.jid(jid, "jid"));
    return this[core]().engine?.presenceResources(checked) ?? [];
  }

  async sendTo(jid, presence) {
    const to = check.jid(jid, "jid");
    const checked = check.directedPresence(presence);
    this[core]().run((engine) => engine.sendPresenceTo(to, checked));
  }
}

class Messages extends Part {
  async send(message, options) {
    const checked = check.message(message);
    const { to, body } = checked;
    // What most messages are goes over in one piece; an object would cross the border field by field.
    const isText = body !== undefined && Object.keys(checked).length === 2;
    const send = isText ? (engine, token) => engine.sendText(token, to, body) : (engine, token) => engine.sendMessage(token, checked);
    return this[core]().callWhenLoaded(send, check.waiting(options));
  }
}

class Account extends Part {
  async logout() {
    await this[core]().logout();
  }
}

export class Client {
  constructor(options) {
    const behind = new Core(check.clientOptions(options));
    hide(this, core, () => behind);
    behind.parts = {
      roster: new Roster(() => behind),
      presence: new Presence(() => behind),
      messages: new Messages(() => behind),
      account: new Account(() => behind),
    };
  }

  get state() {
    return this[core]().state;
  }

  get jid() {
    return this[core]().engine?.jid();
  }

  get roster() {
    return this[core]().parts.roster;
  }

  get presence() {
    return this[core]().parts.presence;
  }

  get messages() {
    return this[core]().parts.messages;
  }

  get account() {
    return this[core]().parts.account;
  }

  /** Not an async function: calls without a signal share one promise. */
  connect(options) {
    try {
      return this[core]().connect(check.signalOnly(options).signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  disconnect() {
    return this[core]().disconnect();
  }

  on(name, listener) {
    return this[core]().listeners.add(name, listener);
  }

  once(name, listener) {
    return this[core]().listeners.add(name, listener, true);
  }

  off(name, listener) {
    this[core]().listeners.remove(name, listener);
  }

  events(name, options) {
    return iterate(this[core]().listeners, name, check.signalOnly(options).signal);
  }

  async request(xml, options) {
    const source = sourceOf(xml);
    const { signal, timeoutMs } = check.waiting(options);
    return this[core]().call((engine, token) => engine.request(token, source, timeoutMs), { signal });
  }

  sendRaw(xml) {
    const source = sourceOf(xml);
    this[core]().run((engine) => engine.sendRaw(source));
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Client.prototype, Symbol.asyncDispose, {
    value() {
      return this[core]().dispose();
    },
    writable: true,
    configurable: true,
  });
}

/** Not enumerable, so that a client prints without what is behind it; not fixed, since a Proxy may answer with another function. */
function hide(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
}

function bare(jid) {
  return jid.split("/", 1)[0];
}
