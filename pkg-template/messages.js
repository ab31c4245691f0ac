// client.messages with all that extensions add to it.

import { attachmentFields } from "./attachments.js";
import { flag, jid, listOf, messageFields, moment, nonEmpty, oneOf, optional, shape, text, waiting } from "./check.js";
import { bare, inner, Messages } from "./client.js";
import { invalid } from "./error.js";
import { archivePreferences, history, setArchivePreferences } from "./history.js";
import { sourceOf } from "./xml.js";

const REPLY = "urn:xmpp:reply:0";

/** What may stand in a message of ours beside what the core knows, by extension. */
const extensionFields = {
  replaces: nonEmpty,
  retracts: nonEmpty,
  reactions: shape({ id: nonEmpty, emojis }, "id", "emojis"),
  replyTo: shape({ id: nonEmpty, to: jid, quote: text }, "id"),
  attention: flag,
  spoiler: text,
  hints: listOf(oneOf("no-store", "no-copy", "no-permanent-store", "store")),
  unstyled: flag,
  ...attachmentFields,
  encryption: shape({ namespace: nonEmpty, name: nonEmpty }, "namespace"),
  payloads: listOf(sourceOf),
  receipt: flag,
  markable: flag,
};

const audience = oneOf("contacts", "all", "none");

/** What a client may be told of messages. */
export const messagesOptions = { receipts: audience, markers: audience };

const extendedMessage = optional(shape({ ...messageFields, ...extensionFields }, "to"), "message");

/** What is left to say where a verb knows where it goes to and what it is about. */
const fieldsWithout = (...names) => Object.fromEntries(Object.entries({ ...messageFields, ...extensionFields }).filter(([name]) => !names.includes(name)));
const correction = optional(shape(fieldsWithout("to", "type", "replaces", "retracts", "reactions")), "correction");
const reply = optional(shape(fieldsWithout("to", "type", "replaces", "retracts", "reactions", "replyTo")), "reply");

export class ExtendedMessages extends Messages {
  check(message) {
    return withQuote(extendedMessage(message));
  }

  async correct(message, changes, options) {
    // XEP-0308, section 4: of several corrections, each names the original.
    const about = ourTarget(message, ({ replaces, id }) => replaces ?? id);
    const said = correction(changes);
    return this.send({ ...stillSaid(message, said), ...said, to: about.to, type: about.type, replaces: about.id }, options);
  }

  async retract(message, options) {
    // XEP-0424, section 6.1: what rooms give no id is known by that of its sender.
    const about = ourTarget(message, ({ type, stanzaId, originId, replaces, id }) => (type === "groupchat" ? stanzaId ?? originId : replaces ?? id));
    // For those who do not know retractions, and for archives, which keep texts.
    const body = "/me took back an earlier message, but this client cannot hide it.";
    return this.send({ to: about.to, type: about.type, retracts: about.id, hints: keptLike(message), markable: false, body }, options);
  }

  async react(message, emojis, options) {
    const { to, id, type } = target(message, "message", referredId);
    return this.send({ to, type: conversational(type), reactions: { id, emojis }, hints: keptLike(message) }, options);
  }

  async reply(message, said, options) {
    const { to, id, type } = target(message, "message", referredId);
    const replyTo = { id };
    if (message.from !== undefined) replyTo.to = message.from;
    if (message.body !== undefined) replyTo.quote = message.body;
    return this.send({ ...reply(said), to, type: type === "headline" ? "chat" : type, replyTo }, options);
  }

  async requestAttention(to, options) {
    // XEP-0224, section 4: a headline, which is not kept for somebody who is away.
    return this.send({ to, type: "headline", attention: true }, options);
  }

  /** What the store has; without one, nothing. */
  async conversations() {
    const found = (await this[inner]().store?.conversations()) ?? [];
    return found.map(({ jid, message, stage }) => ({ jid, message: stage ? { ...message, stage } : message }));
  }

  async clear(conversation) {
    const checked = conversation === undefined ? undefined : bare(jid(conversation, "jid")).toLowerCase();
    await this[inner]().store?.clear(checked);
  }

  async markDisplayed(message) {
    // XEP-0333, section 4.3: rooms give ids of their own.
    const mark = target(message, "message", ({ type, stanzaId, id }) => (type === "groupchat" ? stanzaId : id));
    const { direction, stanzaId, timestamp, markable } = message;
    mark.isMarkable = direction === undefined || markable === true;
    if (direction !== undefined && stanzaId !== undefined) mark.stanzaId = nonEmpty(stanzaId, "message.stanzaId");
    if (direction !== undefined && timestamp !== undefined) mark.timestamp = moment(timestamp, "message.timestamp");
    await this[inner]().callWhenLoaded((engine, token) => engine.command(token, "markDisplayed", JSON.stringify(mark)));
  }

  history(jid, options) {
    return history(this[inner](), jid, options);
  }

  async archivePreferences(options) {
    return archivePreferences(this[inner](), waiting(options));
  }

  async setArchivePreferences(preferences, options) {
    return setArchivePreferences(this[inner](), preferences, waiting(options));
  }

  async sendChatState(to, state, options) {
    const checked = { to: jid(to, "to"), state: chatState(state, "state"), ...chatStateOptions(options) };
    const behind = this[inner]();
    // Of no use to anybody later: without an engine there is nothing to be done.
    if (behind.engine) behind.run((engine) => engine.command(0, "sendChatState", JSON.stringify(checked)));
  }
}

const chatState = oneOf("active", "composing", "paused", "inactive", "gone");
const chatStateOptions = optional(shape({ type: oneOf("chat", "groupchat") }), "options");

const givenTarget = shape({ to: jid, id: nonEmpty, type: messageFields.type }, "to", "id");

/**
 * What a verb is about: a Message, or `{ to, id, type? }`. Returns `{ to, id, type }`: of a Message the conversation that it belongs to, and
 * the id that `idOf` finds in it; each extension wants another one.
 */
export function target(value, name, idOf = ({ id }) => id) {
  if (value?.direction === undefined) return { type: "chat", ...givenTarget(value, name) };
  const type = messageFields.type(value.type, `${name}.type`);
  const side = oneOf("in", "out")(value.direction, `${name}.direction`) === "in" ? "from" : "to";
  const to = bare(jid(value[side], `${name}.${side}`));
  const id = idOf(value);
  if (id === undefined) throw invalid(`${name} has no id that this could be about`, "A message to a room needs the stanzaId that the room gave it.");
  return { to, id: nonEmpty(id, `${name}.id`), type };
}

/** As target(), for what only its author may do. Who somebody is in a room is not known here. */
function ourTarget(message, idOf) {
  if (message?.direction === "in" && message.type !== "groupchat") throw invalid("message is not one of ours", "Only who wrote a message can correct or retract it.");
  return target(message, "message", idOf);
}

/** XEP-0444, section 4.2, and XEP-0461, section 4.1. A correction goes by the id of the original. */
function referredId({ type, stanzaId, replaces, originId, id }) {
  return type === "groupchat" ? stanzaId : replaces ?? originId ?? id;
}

/** XEP-0444, section 4: reactions are of type chat or groupchat. */
function conversational(type) {
  return type === "groupchat" ? type : "chat";
}

/** Archives keep what has a text, unless they are asked to keep other messages too: what is about one that they keep (XEP-0334). */
function keptLike({ hints = [] }) {
  return hints.includes("no-store") || hints.includes("no-permanent-store") ? [] : ["store"];
}

/** XEP-0308, section 4: a correction says all of the message again. */
function stillSaid(message, changes) {
  if (message.direction === undefined) return {};
  const { thread, parentThread, lang, body, bodies, subject, subjects, replyTo, spoiler, hints, unstyled, attachments, links } = message;
  const said = { thread, parentThread, lang, replyTo, spoiler, hints, unstyled, attachments };
  if (changes.body === undefined && changes.bodies === undefined) Object.assign(said, { links }, bodies ? { bodies } : { body });
  if (changes.subject === undefined && changes.subjects === undefined) Object.assign(said, subjects ? { subjects } : { subject });
  const quote = message.fallbacks?.find((fallback) => fallback.for === REPLY)?.body;
  if (replyTo && quote) said.replyTo = { ...replyTo, quote: quote.replace(/\n$/, "").replace(/^> ?/gm, "") };
  return said;
}

/** XEP-0461, section 3.1: what is quoted stands before what is said, for those who do not know replies. */
function withQuote(message) {
  const { quote, ...replyTo } = message.replyTo ?? {};
  if (quote === undefined) return message;
  // Line ends as XML readers see them: a carriage return that gets lost on the way would make the range too long.
  const quoted = quote.split(/\r\n?|\n/).map((line) => `> ${line}\n`).join("");
  const { body, bodies } = message;
  if (body === undefined && bodies === undefined) return { ...message, replyTo };
  // XEP-0426: code points.
  const extended = { ...message, replyTo: { ...replyTo, quoteEnd: Array.from(quoted).length } };
  if (body !== undefined) extended.body = quoted + body;
  if (bodies !== undefined) extended.bodies = Object.fromEntries(Object.entries(bodies).map(([lang, body]) => [lang, quoted + body]));
  return extended;
}

/** Unicode Technical Standard 51, section 1.4.9: what may be an emoji. */
const ONE = "(?:\\p{RI}{2}|\\p{Emoji}(?:\\p{EMod}|\\ufe0f\\u20e3?|[\\u{e0020}-\\u{e007e}]+\\u{e007f})?)";
const EMOJI = new RegExp(`^${ONE}(?:\\u200d${ONE})*$`, "u");

/** XEP-0444, section 4: single emojis, each once. */
function emojis(value, name) {
  const isEmoji = (emoji) => EMOJI.test(emoji) && !/^[\d#*]$/.test(emoji);
  const checked = listOf((emoji, name) => {
    if (isEmoji(text(emoji, name))) return emoji;
    throw invalid(`${name} is not an emoji`, "Each reaction is one emoji.");
  })(value, name);
  return [...new Set(checked)];
}
