// waxwing: an XMPP client for the browser. The contract is index.d.ts.

import { Blocking } from "./blocking.js";
import { bare, Client as AnyClient, inner } from "./client.js";
import { Disco } from "./disco.js";
import { Extensions } from "./extensions.js";
import { fetchHostMeta } from "./host-meta.js";
import { Loader } from "./load.js";
import { MessageStore } from "./message-store.js";
import { ExtendedMessages, messagesOptions } from "./messages.js";
import instantiate, { Engine } from "./waxwing.js";

export { XmppError } from "./error.js";
export { actionOf, parseStyling } from "./styling.js";
export { xml } from "./xml.js";

// Bundlers look for exactly this expression with `new URL`.
const loader = new Loader(instantiate, Engine, () => new URL("./waxwing_bg.wasm", import.meta.url));

const PARTS = { messages: ExtendedMessages, blocking: Blocking, disco: Disco };
const FIELDS = { ...messagesOptions };

export class Client extends AnyClient {
  constructor(options) {
    super(options, loader, PARTS, FIELDS);
    const behind = this[inner]();
    behind.sink.fetchHostMeta = fetchHostMeta;
    const { jid, storage } = behind.options;
    // An anonymous account is another one each time.
    if (storage === "indexeddb" && jid.includes("@")) {
      behind.store = new MessageStore(bare(jid).toLowerCase(), (error) => behind.emit("error", error));
    }
  }

  extend(extension) {
    const behind = this[inner]();
    return (behind.extensions ??= new Extensions(behind)).add(extension);
  }
}

for (const name of Object.keys(PARTS)) {
  const get = function () {
    return this[inner]().parts[name];
  };
  Object.defineProperty(Client.prototype, name, { get, configurable: true });
}

/** Loads the module ahead of the first connect(). */
export async function init(source) {
  await loader.load(source);
  loader.rehearseNext();
}
