/**
 * The build without extensions, for pages where each kilobyte counts: login, roster, presence, messages, and sessions that are resumed.
 *
 * ```ts
 * import { Client } from "waxwing/core";
 *
 * const client = new Client({ jid: "romeo@example.net", password: "s3cret", url: "wss://example.net/xmpp-websocket" });
 * await client.connect();
 * await client.messages.send({ to: "juliet@example.com", body: "Hi" });
 * ```
 *
 * It is the contract of `waxwing` (index.d.ts), with these differences:
 *
 * - `url` is required: the server is not looked for (XEP-0156).
 * - When a session is lost for good, the archive (XEP-0313) is not asked: messages that were on the wire and that the server has not confirmed
 *   fail with `delivery-unknown`, and what a crashed server had taken for us and not delivered is not fetched.
 * - There is nothing of what extensions add: receipts, markers, chat states, corrections, carbons, history, blocking, disco, `extend()` and the like.
 * - Others who ask for its features (XEP-0030), its version (XEP-0092) or the time (XEP-0202) are answered with `service-unavailable`.
 *
 * Both can be used in one page. They are two modules, each of which loads its own WebAssembly.
 */

import { Client as FullClient, ClientOptions as FullClientOptions, CoreMessagesPart } from "./index.js";

export * from "./index.js";

/** What extensions add to a client. */
type Extended = "messages" | "extend" | "blocking" | "disco";

type ExtendedOptions = "receipts" | "markers";

interface CoreClient extends Omit<FullClient, Extended> {
  readonly messages: CoreMessagesPart;
}

declare const CoreClient: new (options: ClientOptions) => CoreClient;

/** One account on one server, over as many connections as it takes. */
export class Client extends CoreClient {
  /**
   * Checks the options, and does nothing else.
   * @throws `invalid-argument`, or `insecure` for a `ws://` URL that leaves this machine.
   */
  constructor(options: ClientOptions);
}

/** What a {@link Client} is told once. */
export interface ClientOptions extends Omit<FullClientOptions, ExtendedOptions> {
  /** The server's WebSocket: `wss://host/path`. `ws://` is for this machine only, unless `allowInsecure` is set. */
  url: string;
}
