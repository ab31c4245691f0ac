// client.messages with all that extensions add to it.

import { attachmentFields } from "./attachments.js";
import { jid, listOf, messageFields, nonEmpty, oneOf, optional, shape } from "./check.js";
import { bare, inner, Messages } from "./client.js";
import { invalid } from "./error.js";
import { sourceOf } from "./xml.js";

/** What may stand in a message of ours beside what the core knows, by extension. */
const extensionFields = {
  ...attachmentFields,
  encryption: shape({ namespace: nonEmpty, name: nonEmpty }, "namespace"),
  payloads: listOf(sourceOf),
};

const extendedMessage = optional(shape({ ...messageFields, ...extensionFields }, "to"), "message");

export class ExtendedMessages extends Messages {
  check(message) {
    return extendedMessage(message);
  }

  async sendChatState(to, state, options) {
    const checked = { to: jid(to, "to"), state: chatState(state, "state"), ...chatStateOptions(options) };
    const behind = this[inner]();
    // Of no use to anybody later: without an engine there is nothing to be done.
    if (behind.engine) behind.run((engine) => engine.sendChatState(checked));
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
