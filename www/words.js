// Everything the page says that depends on a value: states, presence, delivery, errors. In words, so that colour is
// never the only sign.

export const CONNECTION_WORDS = {
  offline: "Offline",
  connecting: "Connecting…",
  online: "Connected", // whether we are there for others is another thing, and a word of its own: "Online", "Away"
  waiting: "Connection lost",
};

/** `kind` is what the presence dot is drawn from; see `presenceKind`. */
export const PRESENCE_WORDS = {
  available: "Online",
  chat: "Free to chat",
  away: "Away",
  xa: "Extended away",
  dnd: "Do not disturb",
  offline: "Offline",
  hidden: "Presence not shared",
};

export const DELIVERY_WORDS = {
  queued: { word: "queued", hint: "Waiting for the connection" },
  sent: { word: "sent", hint: "Sent; the server has not confirmed it yet" },
  acked: { word: "on server", hint: "The server has confirmed that it has this message" },
  delivered: { word: "delivered", hint: "It has reached a device of the recipient" },
  displayed: { word: "read", hint: "The recipient has seen it" },
  failed: { word: "failed", hint: "It was not delivered" },
};

/** Is somebody there, and how? `presence` is what `client.presence.of(jid)` answers, so it may be undefined. */
export function presenceKind(presence, { isVisible = true } = {}) {
  if (presence?.type === "available") return presence.show ?? "available";
  return isVisible ? "offline" : "hidden";
}

/** What is said of somebody who is so. Without a connection, all that is known is how it was. */
export function presenceWords(kind, { isCurrent = true, status } = {}) {
  const words = [PRESENCE_WORDS[kind], status].filter(Boolean).join(" · ");
  return isCurrent || kind === "hidden" ? words : `Last known: ${words}`;
}

/** Why a message failed, in the words of somebody who only wants to have it delivered. By error code, or else by condition. */
const FAILURE_WORDS = {
  "delivery-unknown": "It may have arrived: the connection was lost before the server could say so.",
  "item-not-found": "Nobody has this address. Check how it is written.",
  "recipient-unavailable": "They are not online. Try again when they are.",
  "remote-server-not-found": "No server answers for this address. Check the part after the @.",
  "remote-server-timeout": "Their server cannot be reached now. Try again later.",
  "service-unavailable": "Nobody is reached at this address. Check how it is written.",
};

/** What to do about a message that failed; `detail` is what the server said, for those who want to know. */
export function failureWords(error) {
  if (!error) return { words: DELIVERY_WORDS.failed.hint, detail: undefined };
  const words = FAILURE_WORDS[error.code] ?? FAILURE_WORDS[error.condition] ?? error.text ?? error.remediation ?? error.message;
  return { words: sentence(words), detail: sentence(error.message) };
}

/** An error as one or two sentences: what happened, and what to do about it where the library knows. */
export function errorWords(error) {
  const what = sentence(error?.message ?? String(error));
  return error?.remediation ? `${what} ${sentence(error.remediation)}` : what;
}

function sentence(text) {
  const trimmed = text.trim();
  // A sentence begins with a capital, an address stays as it is.
  const capital = /^[a-z]+[ ,]/.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** "romeo@localhost/phone" -> "romeo@localhost" */
export function bareJid(jid) {
  return jid.split("/", 1)[0];
}

/** A name to show for an address that has none: "romeo@localhost" -> "romeo" */
export function shortName(jid) {
  return bareJid(jid).split("@", 1)[0];
}

/** The same as one writes a name: "Romeo". */
export function personName(jid) {
  const [first = "", ...rest] = shortName(jid);
  return first.toUpperCase() + rest.join("");
}

/** What the roster calls a contact, or else the nickname or address. */
export function contactName(client, jid) {
  return client.roster.get(jid)?.name || jid;
}

/** A colour of the avatar palette (css/base.css has eight), the same for the same address every time. */
export function avatarColor(jid) {
  let hash = 0;
  for (const character of jid) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return `avatar-${hash % 8}`;
}

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const timeWords = (timestamp) => timeFormat.format(timestamp);
export const dayWords = (timestamp) => dayFormat.format(timestamp);
export const exactTimeWords = (timestamp) => exactFormat.format(timestamp);
