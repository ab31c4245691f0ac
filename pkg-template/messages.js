// client.messages with all that extensions add to it.

import { messageFields, optional, shape } from "./check.js";
import { Messages } from "./client.js";

/** What may stand in a message of ours beside what the core knows, by extension. */
const extensionFields = {};

const extendedMessage = optional(shape({ ...messageFields, ...extensionFields }, "to"), "message");

export class ExtendedMessages extends Messages {
  check(message) {
    return extendedMessage(message);
  }
}
