// Listeners, and events as an async iterable.

import { callback } from "./check.js";
import { aborted, invalid, report, XmppError } from "./error.js";

/** Every event, in the order of their bits. The last is for the package itself: see extensions.js. */
export const EVENTS = ["state", "message", "delivery", "chat-state", "displayed", "presence", "subscription", "roster", "blocking", "stanza", "error", "extension"];

/** What events() keeps for a loop that is behind. */
const BUFFER_SIZE = 1024;

/** Calls of listeners inside each other, beyond which the outermost goes on with what is left. */
const MOST_NESTED = 8;

export class Listeners {
  /** `changed` is called when a name gets its first listener, or loses its last. */
  constructor(changed) {
    this.changed = changed;
    this.entries = new Map(EVENTS.slice(0, -1).map((name) => [name, []]));
    this.due = [];
    this.depth = 0;
  }

  has(name) {
    return this.entries.get(name)?.length > 0;
  }

  /** Returns the function that removes it. */
  add(name, listener, isOnce = false) {
    const entries = this.named(name);
    const entry = { name, listener: callback(listener, "listener"), isOnce, isOn: true };
    entries.push(entry);
    if (entries.length === 1) this.changed();
    return () => this.drop(entry);
  }

  remove(name, listener) {
    const entry = this.named(name).find((known) => known.listener === listener);
    if (entry) this.drop(entry);
  }

  /**
   * Calls the listeners, in order. One that calls back into the client may cause events before it returns: they are
   * delivered then, but only after all listeners have had this one, so that each sees all events in order.
   */
  emit(name, payload) {
    for (const entry of this.entries.get(name)) this.due.push(entry, payload);
    if (this.depth === MOST_NESTED) return;
    this.depth += 1;
    while (this.due.length > 0) this.call(this.due.shift(), this.due.shift());
    this.depth -= 1;
  }

  call(entry, payload) {
    if (!entry.isOn) return;
    if (entry.isOnce) this.drop(entry);
    const { listener } = entry;
    try {
      listener(payload);
    } catch (error) {
      report(error);
    }
  }

  drop(entry) {
    if (!entry.isOn) return;
    entry.isOn = false;
    const left = this.entries.get(entry.name).filter((known) => known !== entry);
    this.entries.set(entry.name, left);
    if (left.length === 0) this.changed();
  }

  named(name) {
    const entries = this.entries.get(name);
    if (!entries) throw invalid("there is no event of that name", `Events: ${[...this.entries.keys()].join(", ")}.`);
    return entries;
  }
}

/** Collects from the moment of the call, so that nothing is missed before the first next(). */
export function iterate(listeners, name, signal) {
  const buffer = [];
  const readers = [];
  let outcome; // once ended: an error to be told once, or nothing

  const end = (error) => {
    if (outcome) return;
    outcome = { error };
    unsubscribe();
    signal?.removeEventListener("abort", abort);
    while (readers.length > 0) next().then(readers[0].resolve, readers.shift().reject);
  };
  const abort = () => {
    buffer.length = 0;
    end(aborted("the loop over events was aborted", signal.reason));
  };
  const next = () => {
    if (buffer.length > 0) return Promise.resolve({ value: buffer.shift(), done: false });
    if (!outcome) return new Promise((resolve, reject) => readers.push({ resolve, reject }));
    const { error } = outcome;
    outcome = {};
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  };
  const unsubscribe = listeners.add(name, (payload) => {
    if (readers.length > 0) readers.shift().resolve({ value: payload, done: false });
    else if (buffer.length < BUFFER_SIZE) buffer.push(payload);
    else end(overflow(name));
  });
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort);
  return {
    next,
    return: () => {
      buffer.length = 0;
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function overflow(name) {
  return new XmppError({
    code: "limit-exceeded",
    message: `a loop over events("${name}") was ${BUFFER_SIZE} events behind; the next ones are lost to it`,
    remediation: "Do slow work outside the loop, or leave the loop with break when it is no longer needed.",
  });
}
