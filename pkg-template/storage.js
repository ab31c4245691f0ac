// Where the state of a session is kept between page loads, and whose it is. What is written when is the engine's business.
//
// Keys are `waxwing:1:<bare JID>:<part>`; a long outbox has segments too, `outbox-<number>`, which its record names. One part is ours: the
// holder, { id, generation, isReleased }. Whoever has the lock of that name holds the state; the browser takes the lock back when a page
// dies. A duplicated tab comes with a copy of its session storage, and finds the lock taken. The generation tells a page that comes out of the back/forward cache whether another one held the state meanwhile.

const PARTS = ["outbox", "roster", "presences", "handled", "keychain", "session"];
const SEGMENT = "outbox-";
/** What names more is no record of ours. */
const MOST_SEGMENTS = 1 << 16;
/** So many are read in the time that one read may take. */
const SEGMENTS_A_READ = 64;
/** A reload overlaps with the page before: its lock is about to be free if it said so, and else held by somebody who lives. */
const WAIT_MS = 1_000;
const WAIT_FOR_RELEASE_MS = 5_000;
const POLL_MS = 20;
/** Storage that does not answer must not hold up the chat. */
const DEADLINE_MS = 2_000;

/** The locks that clients of this page have: another client of the same account need not wait for one. */
const heldHere = new Set();

/** The store behind the option of that name; undefined: nothing is kept. */
export function storeOf(option = typeof document === "undefined" ? "none" : "session") {
  if (option === "none") return undefined;
  if (typeof option === "object") return new Store(() => adapter(option), { isShared: true, isOwn: true });
  if (option === "indexeddb") return new Store(database, { isShared: true });
  const area = () => webStorage(option === "local" ? localStorage : sessionStorage);
  return new Store(area, { isShared: option === "local" });
}

export class Store {
  /** `isShared`: between tabs. `isOwn`: the app's. */
  constructor(makeBackend, { isShared, isOwn = false }) {
    this.makeBackend = makeBackend;
    this.isShared = isShared;
    this.isOwn = isOwn;
    this.backend = undefined;
    this.bare = "";
    this.holder = undefined;
    this.release = undefined;
    // By name, those that may be there.
    this.segments = new Set();
    // Counts what ends an open(): its outcome is no longer wanted.
    this.epoch = 0;
    // Without locks nobody knows whether the session goes on elsewhere.
    this.isOutboxOnly = false;
  }

  /**
   * Takes hold of the state. Resolves with { records } by part, each the text that was written, { isUnchanged }, or { isRefused, reason? }; with undefined if hide() or
   * close() came in between.
   */
  async open(bare) {
    this.bare = bare;
    const epoch = (this.epoch += 1);
    try {
      const opened = await this.tryToOpen(() => epoch === this.epoch);
      return epoch === this.epoch ? opened : undefined;
    } catch (error) {
      if (epoch !== this.epoch) return undefined;
      this.letGo();
      return { isRefused: true, reason: describe(error) };
    }
  }

  async tryToOpen(isWanted) {
    this.isOutboxOnly = !globalThis.navigator?.locks;
    if (this.isOutboxOnly) return this.openWithoutLocks();
    this.backend ??= this.makeBackend();
    let holder = await this.readHolder();
    const id = typeof holder?.id === "string" ? holder.id : randomId();
    const name = `waxwing:1:${this.bare}${this.isShared ? "" : `:${id}`}`;
    if (heldHere.has(name)) return { isRefused: true };
    const release = await hold(name, holder?.isReleased === true ? WAIT_FOR_RELEASE_MS : WAIT_MS, isWanted);
    if (!release) {
      if (isWanted() && isCopy(this, holder)) {
        this.findSegments(...(await this.read(["outbox"])));
        await this.erase();
      }
      return { isRefused: true };
    }
    if (!isWanted()) return release();
    this.release = release;
    const values = await this.read(["holder", ...PARTS]);
    holder = parse(values.shift());
    const isUnchanged = isSame(holder, this.holder);
    const generation = isUnchanged ? holder.generation : (Number(holder?.generation) || 0) + 1;
    await within(this.sign({ id, generation, isReleased: false }));
    if (isUnchanged) return { isUnchanged };
    const records = Object.fromEntries(PARTS.map((part, index) => [part, values[index]]));
    return { records: { ...records, ...(await this.readSegments(records.outbox)) } };
  }

  /** The tab's own storage, and of that only what must not be lost. */
  async openWithoutLocks() {
    if (this.isOwn) return { isRefused: true };
    this.backend = webStorage(sessionStorage);
    const [outbox] = await this.read(["outbox"]);
    return { records: { outbox, ...(await this.readSegments(outbox)) } };
  }

  /** By name. */
  async readSegments(outbox) {
    const names = this.findSegments(outbox);
    const values = [];
    while (values.length < names.length) values.push(...(await this.read(names.slice(values.length, values.length + SEGMENTS_A_READ))));
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  }

  /** Returns the names of those that the outbox has. Others, which a crash has left, go with the rest when that does. */
  findSegments(outbox) {
    const names = segmentsOf(outbox);
    const prefix = this.key(SEGMENT);
    const found = this.backend.keys?.().filter((key) => key.startsWith(prefix)) ?? [];
    this.segments = new Set([...names, ...found.map((key) => SEGMENT + key.slice(prefix.length))]);
    return names;
  }

  /** Entries are [part, JSON or undefined]. Returns a promise only if there is something to wait for. */
  write(entries) {
    const wanted = this.isOutboxOnly ? entries.filter(([part]) => part.startsWith("outbox")) : entries;
    for (const [part, text] of wanted) {
      if (!part.startsWith(SEGMENT)) continue;
      if (text === undefined) this.segments.delete(part);
      else this.segments.add(part);
    }
    return within(this.backend.write(wanted.map(([part, text]) => [this.key(part), text])));
  }

  /** A write has failed: what is there is not what should be, and must not be found again. */
  abandon() {
    quietly(() => this.erase());
    this.letGo();
  }

  /** The page goes: the lock too, whether the write is through or not. */
  hide() {
    if (this.release) quietly(() => this.sign({ ...this.holder, isReleased: true }));
    this.letGo();
  }

  /** Writes this last, and leaves the state to whoever comes. */
  close(entries) {
    const { holder } = this;
    const left = [...this.segments].map((part) => [part, undefined]);
    const write = () => this.write([...entries, ...left, ...(this.isOutboxOnly ? [] : [["holder", undefined]])]);
    if (this.release || this.isOutboxOnly) quietly(write);
    // It was let go of before: what is there is ours only if nobody has taken it since.
    else if (holder) quietly(() => this.readHolder().then((found) => isSame(found, holder) && write()));
    this.holder = undefined;
    this.letGo();
  }

  erase() {
    return this.backend.write([...PARTS, ...this.segments, "holder"].map((part) => [this.key(part), undefined]));
  }

  sign(holder) {
    this.holder = holder;
    return this.backend.write([[this.key("holder"), JSON.stringify(holder)]]);
  }

  letGo() {
    this.epoch += 1;
    this.release?.();
    this.release = undefined;
  }

  async readHolder() {
    return parse(...(await this.read(["holder"])));
  }

  /** Texts, which the engine reads. */
  read(parts) {
    return within(this.backend.read(parts.map((part) => this.key(part))));
  }

  key(part) {
    return `waxwing:1:${this.bare}:${part}`;
  }
}

/**
 * Whether the state is a duplicated tab's copy of what another tab holds: then it is of no use here, and once the other tab is gone it
 * would be taken for the real one. A frame shares the storage of its tab, and there it is no copy.
 */
function isCopy({ isShared }, holder) {
  return !isShared && holder !== undefined && !holder.isReleased && globalThis.top === globalThis.self;
}

/** What is no JSON is as good as nothing. */
function parse(text) {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Which segments an outbox's record names. */
function segmentsOf(outbox) {
  const { firstSegment: first = 0, nextSegment: next = 0 } = parse(outbox)?.record ?? {};
  const isSound = Number.isInteger(first) && Number.isInteger(next) && next - first <= MOST_SEGMENTS;
  return isSound ? Array.from({ length: Math.max(0, next - first) }, (_, n) => SEGMENT + (first + n)) : [];
}

function isSame(found, holder) {
  return holder !== undefined && found?.id === holder.id && found.generation === holder.generation;
}

/** Resolves with what gives the lock back; with undefined if somebody else has it all the time. */
async function hold(name, waitMs, isWanted) {
  const until = performance.now() + waitMs;
  for (;;) {
    const release = await tryToHold(name);
    if (release || !isWanted() || performance.now() >= until) return release;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function tryToHold(name) {
  return new Promise((resolve, reject) => {
    const held = (lock) => {
      if (!lock) return resolve(undefined);
      heldHere.add(name);
      return new Promise((giveBack) => {
        resolve(() => {
          heldHere.delete(name);
          giveBack();
        });
      });
    };
    navigator.locks.request(name, { ifAvailable: true }, held).catch(reject);
  });
}

/** sessionStorage or localStorage: the one kind that answers at once. */
function webStorage(area) {
  return {
    keys: () => Object.keys(area),
    read: (keys) => keys.map((key) => area.getItem(key)),
    write(entries) {
      for (const [key, value] of entries) {
        if (value === undefined) area.removeItem(key);
        else area.setItem(key, value);
      }
    },
  };
}

/** A storage of the app: one call after the other, waiting only where it makes us. */
function adapter(own) {
  return {
    read: (keys) => inTurn(keys, (key) => own.get(key)),
    write: (entries) => inTurn(entries, ([key, value]) => (value === undefined ? own.remove(key) : own.set(key, value))),
  };
}

/** IndexedDB: database `waxwing`, object store `records`. All that is written together is there together. */
function database() {
  let opening;
  const open = () =>
    (opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open("waxwing", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("records");
      request.onsuccess = () => {
        // Another page may want to change or delete it.
        request.result.onversionchange = () => request.result.close();
        request.result.onclose = () => (opening = undefined);
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    }).catch((error) => {
      opening = undefined;
      throw error;
    }));
  const run = (base, mode, act) =>
    new Promise((resolve, reject) => {
      const transaction = base.transaction("records", mode);
      const requests = act(transaction.objectStore("records"));
      transaction.oncomplete = () => resolve(requests.map(({ result }) => result));
      transaction.onabort = () => reject(transaction.error);
    });
  let base;
  // Once it is open a transaction begins at once: what a page writes as it goes is before what the next one reads.
  const transact = (mode, act) => (base ? run(base, mode, act) : open().then((opened) => run((base = opened), mode, act)));
  return {
    read: (keys) => transact("readonly", (records) => keys.map((key) => records.get(key))),
    write: (entries) =>
      transact("readwrite", (records) => entries.map(([key, value]) => (value === undefined ? records.delete(key) : records.put(value, key)))),
  };
}

/** Calls one after the other. An array of the results, or a promise of it if one of them is a promise. */
function inTurn(items, act) {
  const results = [];
  for (const [index, item] of items.entries()) {
    const result = act(item);
    if (isPromise(result)) {
      return Promise.resolve(result).then(async (first) => {
        results.push(first);
        for (const rest of items.slice(index + 1)) results.push(await act(rest));
        return results;
      });
    }
    results.push(result);
  }
  return results;
}

/** A promise that takes too long rejects; anything else is passed through. */
function within(result) {
  if (!isPromise(result)) return result;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  return Promise.race([result, late]).finally(() => clearTimeout(timer));
}

function quietly(act) {
  try {
    const result = act();
    if (isPromise(result)) result.then(undefined, () => {});
  } catch {
    // Nobody is left to tell.
  }
}

function isPromise(value) {
  return typeof value?.then === "function";
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function describe(error) {
  return error instanceof Error || error instanceof DOMException ? `${error.name}: ${error.message}` : "an unknown reason";
}
