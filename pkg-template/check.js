// Checking what an app passes in, before any of it reaches the engine. A check takes a value and its name, returns what
// is to be used, and throws `invalid-argument` otherwise. No message ever holds the value: it may be a password.

import { invalid, XmppError } from "./error.js";

/** XML 1.0, section 2.2. With the flag `u`, a surrogate matches only where it stands alone. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]/u;
const JID = /^([^\s"&'/:<>@]+@)?[^\s"&'/<>@]+(\/[^]+)?$/;
const MOST_MS = 2 ** 31 - 1;
const MOST_U32 = 2 ** 32 - 1;

export function text(value, name) {
  if (typeof value !== "string") throw wrong(value, name, "a string");
  const offset = value.search(FORBIDDEN);
  if (offset < 0) return value;
  const code = value.codePointAt(offset).toString(16).toUpperCase().padStart(4, "0");
  throw invalid(`${name} holds U+${code} at offset ${offset}, which XML cannot carry`, "Remove or replace the character.");
}

export function nonEmpty(value, name) {
  if (text(value, name) === "") throw invalid(`${name} must not be empty`);
  return value;
}

/** The shape of a JID; the engine prepares and checks its parts (RFC 7622). */
export function jid(value, name) {
  if (JID.test(text(value, name))) return value;
  throw invalid(`${name} is not a JID`, "A JID looks like user@host or user@host/resource.");
}

export function flag(value, name) {
  if (typeof value !== "boolean") throw wrong(value, name, "a boolean");
  return value;
}

export function callback(value, name) {
  if (typeof value !== "function") throw wrong(value, name, "a function");
  return value;
}

export const whole = (least, most) => (value, name) => {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(value, name, `a whole number from ${least} to ${most}`);
};

export const oneOf = (...values) => (value, name) => {
  if (values.includes(value)) return value;
  throw wrong(value, name, `one of ${values.map((known) => JSON.stringify(known)).join(", ")}`);
};

export const orFalse = (check) => (value, name) => value === false ? false : check(value, name);

export const listOf = (check) => (value, name) => {
  if (!Array.isArray(value)) throw wrong(value, name, "an array");
  return value.map((item, index) => check(item, `${name}[${index}]`));
};

/** Texts by language; "" is the one without. */
export const texts = (value, name) => {
  if (!isObject(value)) throw wrong(value, name, "an object of texts by language");
  return Object.fromEntries(Object.keys(value).map((lang) => [text(lang, `a language of ${name}`), text(value[lang], `${name}.${lang}`)]));
};

/** An object with these fields and no others; those named `required` must be there. Returns a copy. */
export const shape = (fields, ...required) => {
  const known = Object.keys(fields);
  const isUnknown = (field) => !Object.hasOwn(fields, field);
  return (value, name) => {
    if (!isObject(value)) throw wrong(value, name, "an object");
    const names = Object.keys(value);
    if (names.some(isUnknown)) {
      throw invalid(`${name} has no field ${names.filter(isUnknown).join(", ")}`, `It may have: ${known.join(", ")}.`);
    }
    const copy = {};
    // A field may be inherited, but hardly ever is: of the many that a message can have, most have two.
    for (const field of Object.getPrototypeOf(value) === Object.prototype ? names : known) {
      const given = value[field];
      if (given !== undefined) copy[field] = fields[field](given, `${name}.${field}`);
    }
    for (const field of required) if (copy[field] === undefined) throw invalid(`${name}.${field} is missing`);
    return copy;
  };
};

function signal(value, name) {
  if (typeof value?.aborted !== "boolean" || typeof value.addEventListener !== "function") throw wrong(value, name, "an AbortSignal");
  return value;
}

const milliseconds = whole(1, MOST_MS);

/** The last argument of every request. */
export const waitingFields = { signal, timeoutMs: milliseconds };
export const waiting = optional(shape(waitingFields), "options");
export const signalOnly = optional(shape({ signal }), "options");

/** What a Date can hold. */
export const moment = whole(-8.64e15, 8.64e15);

const presenceFields = {
  show: oneOf("away", "chat", "dnd", "xa"),
  status: text,
  statuses: texts,
  priority: whole(-128, 127),
  idleSince: moment,
};
export const presence = optional(shape(presenceFields), "presence");
export const directedPresence = optional(shape({ ...presenceFields, type: oneOf("available", "unavailable") }), "presence");

/** What somebody says of themselves who asks to see our presence. */
export const introduction = optional(shape({ nick: nonEmpty, status: text }), "options");

export const contact = optional(shape({ jid, name: text, groups: listOf(nonEmpty) }, "jid"), "contact");

/** What the core knows to say in a message. */
export const messageFields = {
  to: jid,
  type: oneOf("chat", "normal", "groupchat", "headline"),
  id: nonEmpty,
  body: text,
  bodies: texts,
  subject: text,
  subjects: texts,
  thread: nonEmpty,
  parentThread: nonEmpty,
  lang: nonEmpty,
};
export const message = optional(shape(messageFields, "to"), "message");

const reconnect = shape({ minDelayMs: milliseconds, maxDelayMs: milliseconds, maxAttempts: whole(0, MOST_U32) });
const timeouts = shape({ connectMs: milliseconds, requestMs: milliseconds, pingMs: milliseconds, pongMs: milliseconds });
const ownStorage = shape({ get: callback, set: callback, remove: callback }, "get", "set", "remove");

const clientFields = {
  jid,
  password: text,
  credentials: callback,
  url: endpoint,
  allowInsecure: flag,
  resource: nonEmpty,
  language: nonEmpty,
  presence: orFalse(shape(presenceFields)),
  reconnect: orFalse(reconnect),
  storage: (value, name) => (isObject(value) ? ownStorage(value, name) : oneOf("session", "local", "indexeddb", "none")(value, name)),
  timeouts,
  log: callback,
};

/** The options of a client, all of them; `fields` are those that extensions add. */
export function clientOptions(value, fields) {
  const options = shape({ ...clientFields, ...fields }, "jid")(value, "options");
  if (options.password !== undefined && options.credentials) {
    throw invalid("options.password and options.credentials exclude each other");
  }
  if (options.reconnect?.minDelayMs > options.reconnect?.maxDelayMs) {
    throw invalid("options.reconnect.minDelayMs is larger than maxDelayMs");
  }
  if (options.url?.startsWith("ws:") && !options.allowInsecure && !isLoopback(new URL(options.url).hostname)) {
    const remediation = "Use wss://, or pass allowInsecure: true if the network is yours.";
    throw new XmppError({ code: "insecure", message: "options.url is ws://, which sends everything in the clear", remediation });
  }
  return options;
}

function endpoint(value, name) {
  let url;
  try {
    url = new URL(text(value, name));
  } catch (error) {
    throw error instanceof XmppError ? error : invalid(`${name} is not a URL`, "It looks like wss://host/path.");
  }
  if (url.protocol !== "wss:" && url.protocol !== "ws:") throw invalid(`${name} must start with wss:// or ws://`);
  if (url.username || url.password || url.hash) throw invalid(`${name} must have no user name, password or fragment`);
  return url.href;
}

function isLoopback(host) {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

/** What is left out counts as an empty object. */
export function optional(check, name) {
  return (value = {}) => check(value, name);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(value, name, expected) {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return invalid(`${name} must be ${expected} (given: ${kind})`);
}
