// waxwing: an XMPP client for the browser. The contract is index.d.ts.

export { Client } from "./client.js";
export { XmppError } from "./error.js";
export { init } from "./load.js";
export { xml } from "./xml.js";
