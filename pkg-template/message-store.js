// The messages of an account in IndexedDB, so that a conversation opens before the network does. On with `storage: "indexeddb"`.
//
// A record is { jid, age, rank, ids, message, stage?, isAfterGap }. Its key [jid, age, rank] has the newest first: the last messages of a
// conversation are one read of one range, however long it is. `age` is the negative timestamp; `rank` tells messages of one moment apart, and is the
// negative of a number that grows with what comes live, and goes down from there with what an archive has of before. `ids` are all under which a copy of the message could come
// again. `isAfterGap` says that the archive may have something between this message and the one before it; so a gap is known for as long as it is open.
//
// Deliberately without a library: it would be the only package that a page without a bundler had to find.

import { XmppError } from "./error.js";

const MESSAGES = "messages";
const IDS = "ids";
/** What clients can do, under the key `verified`: see `verifiedCaps` of the engine. */
const CAPS = "caps";

/** Each takes a database from the version that is its place in the list to the next. Never change one that was published. */
const MIGRATIONS = [
  (database) => {
    database.createObjectStore(MESSAGES, { keyPath: ["jid", "age", "rank"] }).createIndex(IDS, IDS, { multiEntry: true });
  },
  (database) => {
    database.createObjectStore(CAPS);
  },
];

/** Clocks differ: copies of a message that nobody gave an id of its own are that near each other. */
const SAME_MS = 5 * 60 * 1000;

export class MessageStore {
  /** `fail` is told once, with an XmppError, when the database cannot be used; from then on nothing is kept, and nothing found. */
  constructor(account, fail) {
    this.name = `waxwing-messages:${account}`;
    this.fail = fail;
    this.database = undefined;
    this.isBroken = false;
    this.waiting = [];
    this.writing = Promise.resolve();
    this.lastRank = 0;
    // Conversations of which this session has added a message, and of which the archive was asked for the end.
    this.followed = new Set();
    this.checked = new Set();
  }

  /** Keeps a message that came or went, behind all others of that moment. */
  add(message) {
    if (message.type !== "chat" && message.type !== "normal") return;
    const jid = peerOf(message);
    const isFirst = !this.followed.has(jid) && !this.checked.has(jid);
    this.followed.add(jid);
    this.later(async (store) => {
      const known = await this.find(store, message);
      if (known) await answer(store.put(merged(known, message, true)));
      else await this.put(store, message, this.nextRank(), isFirst);
    });
  }

  /** A new session: of no conversation is it known whether something was missed since the last message of it. */
  begin() {
    this.followed.clear();
    this.checked.clear();
  }

  /** A message of ours has come that far. */
  setStage(id, stage) {
    if (stage === "queued" || stage === "sent") return;
    this.later(async (store) => {
      const record = await answer(store.index(IDS).get(ourId(id)));
      if (record) await answer(store.put({ ...record, stage }));
    });
  }

  /**
   * What a page of an archive has, the oldest first: all that there is right before the record with the key `next`, or at the end of the conversation.
   * `isComplete`: the archive has nothing older.
   */
  async fill(messages, next, isComplete) {
    this.later(async (store) => {
      const end = next ? -next[2] : this.nextRank();
      // Whatever is behind the first of them has nothing missing before it.
      let isAfterGap = !isComplete;
      for (const [index, message] of messages.entries()) {
        const known = await this.find(store, message);
        if (known) await answer(store.put(merged(known, message, isAfterGap)));
        else await this.put(store, message, end - messages.length + index, isAfterGap);
        isAfterGap = false;
      }
      const behind = next && (isComplete || messages.length > 0) && (await answer(store.get(next)));
      if (behind) await answer(store.put({ ...behind, isAfterGap: false }));
    });
    await this.writing;
  }

  /** Up to `limit` records of a conversation, the newest first: those before the one with that key, and not older than `start` or newer than `end`. */
  async page(jid, { limit, before, start = 0, end = Infinity }) {
    await this.writing;
    const last = [jid, -start, Infinity];
    const first = before ?? [jid, -end];
    return this.read([], (store) => answer(store.getAll(IDBKeyRange.bound(first, last, before !== undefined), limit)));
  }

  /** The key of the message with that id of an archive. */
  async place(archiveId) {
    await this.writing;
    const record = await this.read(undefined, (store) => answer(store.index(IDS).get(archivedId(archiveId))));
    return record && keyOf(record);
  }

  /** The last message of each conversation, the newest first: one step for each, however long they are. */
  async conversations() {
    await this.writing;
    const found = await this.read([], async (store) => {
      const found = [];
      const request = store.openCursor();
      for (let cursor = await answer(request); cursor; cursor = await answer(request)) {
        found.push(cursor.value);
        cursor.continue([cursor.value.jid, Infinity]);
      }
      return found;
    });
    return found.sort((one, other) => one.age - other.age);
  }

  /** What other clients can do, as the engine has verified it. */
  keepCaps(caps) {
    if (caps === undefined) return;
    this.later((_, transaction) => answer(transaction.objectStore(CAPS).put(caps, "verified")));
  }

  async caps() {
    return this.read(undefined, (_, transaction) => answer(transaction.objectStore(CAPS).get("verified")));
  }

  /** Forgets a conversation, or all. */
  async clear(jid) {
    this.later((store) => answer(jid === undefined ? store.clear() : store.delete(IDBKeyRange.bound([jid], [jid, []]))));
    await this.writing;
  }

  /** Erases all of the account, in all tabs. */
  async remove() {
    await this.writing;
    this.database?.close();
    this.database = undefined;
    await answer(indexedDB.deleteDatabase(this.name)).catch((error) => this.fail(failed(error)));
  }

  // What is below runs inside a transaction.

  async put(store, message, rank, isAfterGap) {
    await answer(store.put({ jid: peerOf(message), age: -message.timestamp, rank: -rank, ids: idsOf(message), message, isAfterGap }));
  }

  /** The record of the same message, however it came. */
  async find(store, message) {
    for (const id of idsOf(message)) {
      const record = await answer(store.index(IDS).get(id));
      const isSure = !id.startsWith("id ");
      if (record && (isSure || Math.abs(record.age + message.timestamp) < SAME_MS)) return record;
    }
    return undefined;
  }

  nextRank() {
    return (this.lastRank = Math.max(this.lastRank + 1, Date.now()));
  }

  /** Writes of one moment share a transaction. */
  later(write) {
    if (this.isBroken) return;
    this.waiting.push(write);
    if (this.waiting.length > 1) return;
    this.writing = this.writing.then(() => this.write());
  }

  async write() {
    const writes = this.waiting;
    this.waiting = [];
    await this.attempt(undefined, "readwrite", async (store, transaction) => {
      for (const write of writes) await write(store, transaction);
    });
  }

  read(nothing, act) {
    return this.attempt(nothing, "readonly", act);
  }

  async attempt(nothing, mode, act) {
    if (this.isBroken) return nothing;
    let transaction;
    try {
      const database = (this.database ??= await this.open());
      transaction = database.transaction([MESSAGES, CAPS], mode);
      const done = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      const [result] = await Promise.all([act(transaction.objectStore(MESSAGES), transaction), done]);
      return result;
    } catch (error) {
      this.isBroken = true;
      this.fail(failed(transaction?.error ?? error));
      return nothing;
    }
  }

  async open() {
    const request = indexedDB.open(this.name, MIGRATIONS.length);
    request.onupgradeneeded = ({ oldVersion }) => {
      for (const migrate of MIGRATIONS.slice(oldVersion)) migrate(request.result, request.transaction);
    };
    const database = await answer(request);
    const forget = () => {
      if (this.database === database) this.database = undefined;
    };
    database.onclose = forget;
    database.onversionchange = () => {
      database.close();
      forget();
    };
    return database;
  }
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function peerOf({ direction, from, to }) {
  return (direction === "in" ? from : to).split("/", 1)[0];
}

/** The surest first. */
function idsOf(message) {
  const { direction, id, originId, stanzaId, from } = message;
  const ids = stanzaId === undefined ? [] : [archivedId(stanzaId)];
  return direction === "out" ? [...ids, ourId(originId ?? id)] : [...ids, `id ${from.split("/", 1)[0]} ${id}`];
}

function archivedId(id) {
  return `archive ${id}`;
}

function ourId(id) {
  return `ours ${id}`;
}

/** One record of two copies. What one of them knows of what is before it, both know. */
function merged(record, message, isAfterGap) {
  const stanzaId = record.message.stanzaId ?? message.stanzaId;
  return {
    ...record,
    ids: [...new Set([...record.ids, ...idsOf(message)])],
    message: stanzaId === undefined ? record.message : { ...record.message, stanzaId },
    isAfterGap: record.isAfterGap && isAfterGap,
  };
}

export function keyOf({ jid, age, rank }) {
  return [jid, age, rank];
}

function failed(cause) {
  const isFull = cause?.name === "QuotaExceededError";
  return new XmppError({
    code: "storage-failed",
    message: isFull ? "the browser has no room left for messages; none are kept from now on" : "messages cannot be kept in IndexedDB",
    remediation: isFull ? "Offer the user to clear old conversations: client.messages.clear()." : "Allow site data for this page.",
    cause,
  });
}
