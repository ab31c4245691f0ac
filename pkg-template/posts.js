// Texts that the app sends: one object each until the server has them, and one call into the engine for all of a task.

import { errorFrom, notConnected } from "./error.js";

/** Tokens of texts begin here; those of other calls stay below. */
export const FIRST_POST = 2 ** 31;
/** Once one is beyond this, they begin anew as soon as none is under way. */
const LAST_POST = 2 ** 32 - 2 ** 24;

/** So much is handed to the engine at once. */
const MOST_CHARACTERS = 8 * 1024;

/** Behind each part of what is handed over. XML cannot carry it, so that no part holds it. */
const END = "\x01";

export class Posts {
  /** Not settled yet, by token: that of the first is `base`. What was settled leaves a hole. */
  open = [];
  base = FIRST_POST;
  /** Before it there are only holes. */
  head = 0;
  /** What waits to be handed over: its text, and what those in it share. */
  text = "";
  batch = undefined;
  /** The recipient of the one before. */
  to = undefined;
  /** Who we are, as the engine said last. */
  from = undefined;

  /** `inner` is what is behind the client. */
  constructor(inner) {
    this.inner = inner;
    this.flush = this.flush.bind(this);
  }

  /** What is given was checked. Resolves with the message when the server has it. */
  add(to, id, body) {
    return new Promise((resolve, reject) => {
      const isFirst = this.batch === undefined;
      if (isFirst) this.batch = { first: this.base + this.open.length, monotonic: performance.now(), timestamp: Date.now() };
      this.open.push({ resolve, reject, id, to, body, batch: this.batch });
      this.text += (!isFirst && to === this.to ? "" : to) + END + id + END + body + END;
      this.to = to;
      // Whoever listens hears of it before send() returns.
      if (!this.inner.isQuiet || this.text.length > MOST_CHARACTERS) this.flush();
      else if (isFirst) queueMicrotask(this.flush);
    });
  }

  /** Hands over what waits: at the end of the task, and before anything else is asked of the engine. */
  flush() {
    const { text, batch } = this;
    if (!batch) return;
    this.text = "";
    this.batch = undefined;
    const end = this.base + this.open.length;
    try {
      if (!this.inner.engine) throw notConnected();
      this.inner.engine.sendTexts(batch.first, text, batch.monotonic, batch.timestamp);
    } catch (error) {
      for (let token = batch.first; token < end; token += 1) this.settle(token, errorFrom(error));
    }
  }

  /** The server has them, those between included. */
  arrived(first, last, from = this.from) {
    this.from = from;
    for (let token = first; token <= last; token += 1) {
      const post = this.take(token);
      if (!post) continue;
      const { id, to, body, batch } = post;
      post.resolve({ id, from, to, type: "chat", direction: "out", body, originId: id, timestamp: batch.timestamp });
    }
    this.trim();
  }

  settle(token, error, message) {
    const post = this.take(token);
    this.trim();
    if (error) post?.reject(error);
    else post?.resolve(message);
  }

  take(token) {
    const at = token - this.base;
    const post = this.open[at];
    if (post) this.open[at] = undefined;
    return post;
  }

  trim() {
    const { open } = this;
    while (this.head < open.length && open[this.head] === undefined) this.head += 1;
    // So that each is moved once at most.
    if (this.head * 2 <= open.length) return;
    this.base += this.head;
    if (this.head < open.length) this.open = open.slice(this.head);
    else this.open = [];
    this.head = 0;
    if (this.base > LAST_POST && this.open.length === 0) this.base = FIRST_POST;
  }
}
