/**
 * An XMPP client for the browser, over WebSocket (RFC 7395).
 *
 * ```ts
 * import { Client } from "waxwing";
 *
 * const client = new Client({ jid: "romeo@example.net", password: "s3cret" });
 * client.on("message", (message) => console.log(message.from, message.body));
 * await client.connect();
 * await client.messages.send({ to: "juliet@example.com", body: "Hi" });
 * ```
 *
 * Three rules hold everywhere:
 *
 * - Methods that return promises reject; all others throw. What they reject with or throw is an {@link XmppError}.
 * - Every argument is checked when it is passed. An unknown field, a wrong type, and a character that XML cannot carry
 *   (control characters other than tab and line ends, U+FFFE, U+FFFF, a surrogate alone) are `invalid-argument`; nothing
 *   is replaced in silence.
 * - What is handed out is plain data. Nothing has to be freed.
 */

/**
 * Loads the WebAssembly module ahead of the first {@link Client.connect | connect()}, which otherwise does it.
 *
 * It is loaded once for all clients; a second call changes nothing. A failed load is tried again by the next call.
 *
 * @param source Where the module is: a URL, its bytes, or the compiled module. Default: `waxwing_bg.wasm` beside the package.
 * @throws `load-failed`.
 */
export function init(source?: string | URL | ArrayBuffer | ArrayBufferView | WebAssembly.Module): Promise<void>;

/** One account on one server, over as many connections as it takes. */
export class Client {
  /**
   * Checks the options, and does nothing else.
   * @throws `invalid-argument`, or `insecure` for a `ws://` URL that leaves this machine.
   */
  constructor(options: ClientOptions);

  /** What the connection is doing. When an event is delivered, this already says the new state. */
  readonly state: ClientState;

  /** The full JID that the server gave, while there is a session. */
  readonly jid: string | undefined;

  readonly roster: RosterPart;
  readonly presence: PresencePart;
  readonly messages: MessagesPart;
  readonly account: AccountPart;
  readonly blocking: BlockingPart;
  readonly disco: DiscoPart;

  /**
   * Connects and logs in. Resolves when online: resource bound, roster loaded, first presence sent.
   *
   * It is one attempt: if it fails, the state is `offline`, and what to do next is up to you. Only once the client has been
   * online is a lost connection made again automatically (see {@link ClientOptions.reconnect}). A second call shares the
   * attempt under way, and in the state `waiting` it tries again at once.
   *
   * @param options `signal` gives up waiting; the attempt ends when nobody waits for it any more.
   * @throws `auth-failed`, `connection-failed`, `connection-lost`, `discovery-failed`, `insecure`, `invalid-argument`,
   *   `load-failed`, `stream-error`, `timeout`, or `aborted`: by the signal, or by {@link Client.disconnect | disconnect()}.
   */
  connect(options?: SignalOptions): Promise<void>;

  /**
   * Flushes what was sent, closes the stream and stays offline. Resolves when closed; at once, if the client is offline.
   * The roster stays readable as it was, presences are forgotten, and {@link Client.connect | connect()} works again.
   *
   * Where `Symbol.asyncDispose` exists, `await using client = new Client(…)` does the same and frees all memory.
   */
  disconnect(): Promise<void>;

  /**
   * Calls `listener` for each event of that name, in order. A listener that throws is reported (`reportError`), and the others
   * still run. It may call any method; events that this causes are delivered after all listeners have had this one.
   * @returns The function that unsubscribes.
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void;

  /** As {@link Client.on | on()}, for the next event only. */
  once<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void;

  /** Unsubscribes a listener, if it is subscribed. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): void;

  /**
   * The events of one name from this call on, for `for await`. It goes on over reconnects, until the loop is left.
   *
   * Up to 1024 events are kept for a loop that is behind. After that it gets those, and then rejects with `limit-exceeded`.
   *
   * @param options `signal` ends the loop: it rejects with `aborted`.
   */
  events<Name extends keyof ClientEvents>(name: Name, options?: SignalOptions): AsyncIterableIterator<ClientEvents[Name]>;

  /**
   * Sends exactly one IQ request of type get or set, and resolves with the `<iq type="result">` (RFC 6120, section 8.2.3). An id
   * that is missing is added. Only an answer from the address that was asked counts.
   *
   * ```ts
   * const iq = await client.request(xml`<iq type="get" to=${"example.net"}><query xmlns="jabber:iq:version"/></iq>`);
   * ```
   *
   * @throws `stanza-error` with the peer's {@link XmppError.condition | condition}, `timeout`, `aborted`, `not-connected`,
   *   `connection-lost`, `invalid-argument`.
   */
  request(xml: string | Xml, options?: RequestOptions): Promise<Stanza>;

  /**
   * Sends exactly one stanza. Nobody is told whether it arrived.
   * @throws `not-connected`, `invalid-argument`.
   */
  sendRaw(xml: string | Xml): void;

  /**
   * Teaches the client a protocol of yours, or one that is not here yet. What comes in under its namespaces is handed to it, before any listener has it.
   *
   * ```ts
   * declare module "waxwing" {
   *   interface Message { poll?: { question: string } }
   * }
   * client.extend({
   *   name: "polls",
   *   namespaces: ["urn:example:poll"],
   *   onMessage: ({ attrs }) => ({ poll: { question: attrs["question"] ?? "" } }),
   * });
   * await client.messages.send({ to, payloads: [xml`<poll xmlns="urn:example:poll" question="Shall we go?"/>`] });
   * ```
   *
   * @returns The function that takes it away again.
   * @throws `invalid-argument`, also for a namespace that another extension has. Namespaces that the client reads itself never come here.
   */
  extend(extension: Extension): () => void;
}

/** A protocol that an app brings: see {@link Client.extend}. What its functions throw is reported (`reportError`), and goes no further. */
export interface Extension {
  /** For errors. */
  name: string;
  namespaces: readonly string[];
  /**
   * A child of a message in one of the namespaces, in or out; such a message is told even if there is nothing else to it. What it returns becomes part of
   * the message.
   */
  onMessage?(payload: Stanza, message: Message): Partial<Message> | undefined | void;
  /** A child of a presence in one of the namespaces. */
  onPresence?(payload: Stanza, presence: { from: string; type?: string }): void;
  /**
   * A request (RFC 6120, section 8.2.3). What it returns is the payload of the answer; to refuse, it throws an {@link XmppError} with a `condition`.
   * Left out, or with another error, requests are refused.
   */
  onIq?(payload: Stanza, request: { from: string; type: "get" | "set" }): Xml | Stanza | undefined | void | Promise<Xml | Stanza | undefined | void>;
}

/** `await using`, for those whose TypeScript knows it. */
export interface Client extends AsyncDisposal {}

type AsyncDisposeSymbol = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol } ? Key : never;
type AsyncDisposal = { [Key in AsyncDisposeSymbol]: () => Promise<void> };

/** What a {@link Client} is told once. */
export interface ClientOptions {
  /** `user@host`, `user@host/resource`, or `host` alone for an anonymous login (RFC 7622; XEP-0175). */
  jid: string;
  /** Used for SCRAM; sent as it is (PLAIN) only over `wss://` or to this machine, and only where the server has no SCRAM. */
  password?: string | undefined;
  /**
   * Asked instead of `password`, at each login that needs it: a login with a token that the server gave at the one before (XEP-0484) does
   * not. If it rejects, the login fails.
   */
  credentials?: ((request: CredentialsRequest) => Promise<Credentials> | Credentials) | undefined;
  /**
   * The server's WebSocket: `wss://host/path`. `ws://` is for this machine only, unless `allowInsecure` is set.
   *
   * Left out, the server is found by its domain (XEP-0156): `https://domain/.well-known/host-meta.json` and `host-meta` are fetched, the
   * endpoints in them tried one after the other, then `wss://domain/xmpp-websocket` and `wss://domain/ws`. Where nothing is found, connect()
   * rejects with `discovery-failed`; `message` and `remediation` say why and what was tried, and `cause.message` what became of each.
   */
  url?: string | undefined;
  /** Allows `ws://` to any host, in the clear. Default: false. */
  allowInsecure?: boolean | undefined;
  /**
   * The resource to ask for; wins over the one in `jid`. Default: the server chooses. A wish costs a round trip more on servers with
   * Bind 2 (XEP-0386), which has no way to express it.
   */
  resource?: string | undefined;
  /** BCP 47 tag: the language of the stream, and the one preferred in messages and statuses that have several. */
  language?: string | undefined;
  /** The first presence, or false to send none. Default: `{}`, which is available. */
  presence?: PresenceOptions | false | undefined;
  /** How a lost connection is made again, or false to stay offline. Default: on. */
  reconnect?: ReconnectOptions | false | undefined;
  /**
   * Where the session outlives the page, so that a reload, a crash or the back/forward cache does not end it (XEP-0198). Default: `"session"`, the
   * tab's own; in a Worker `"none"`. `"local"`, `"indexeddb"` and a storage of yours are shared by the tabs of the site: one of them has the session,
   * the others log in by themselves and keep all in memory. An anonymous account has nothing to come back to.
   *
   * Kept are the roster, presences, messages on their way, and the token for the next login, which is the one secret; never a password.
   * Messages are on their way in clear text. With `"indexeddb"` all messages are kept besides, and what others can do, so that
   * {@link MessagesPart.conversations} can tell before the network does; by any number of tabs, and until logout(). Above 1 MiB, and where the browser has no Web Locks, only messages on their way are kept. A storage
   * that fails, or does not answer in 2 s, is reported by an `error` event (`storage-failed`), and all is kept in memory.
   */
  storage?: "session" | "local" | "indexeddb" | "none" | StorageAdapter | undefined;
  timeouts?: TimeoutOptions | undefined;
  /**
   * Who is told that a message of theirs has arrived, where they ask (XEP-0184): those who see your presence, everybody, or nobody. It shows
   * that you are there. Default: `"contacts"`. Not in waxwing/core, which tells nobody.
   */
  receipts?: "contacts" | "all" | "none" | undefined;
  /**
   * Who is told that the user has seen a message of theirs, where they ask and the app says so with {@link MessagesPart.markDisplayed}
   * (XEP-0333). Default: `"contacts"`, and rooms. Not in waxwing/core.
   */
  markers?: "contacts" | "all" | "none" | undefined;
  /** Called with what happens, for debugging. No entry holds content, a password, a token or a SASL payload. */
  log?: ((entry: LogEntry) => void) | undefined;
}

export interface CredentialsRequest {
  /** The SASL mechanisms that the server offers. */
  mechanisms: string[];
  /** The bare JID that logs in. */
  jid: string;
}

/** What to log in with; exactly one of them. */
export type Credentials =
  /** As {@link ClientOptions.password}. */
  | { password: string; token?: undefined; external?: undefined }
  /** A token from whoever issues them for the account: OAUTHBEARER (RFC 7628). Sent as it is, over `wss://` or to this machine only. */
  | { token: string; password?: undefined; external?: undefined }
  /** The connection itself says who it is, by the browser's client certificate for example: EXTERNAL (RFC 4422, appendix A). */
  | { external: true; password?: undefined; token?: undefined };

/** Exponential backoff with full jitter: windows that double with every failure follow one another, and each attempt falls anywhere into its own. */
export interface ReconnectOptions {
  /** The longest delay before the first attempt. Default: 1000. */
  minDelayMs?: number | undefined;
  /** The longest delay. Default: 60000. */
  maxDelayMs?: number | undefined;
  /** Failures in a row after which the client stays offline. Default: no limit. */
  maxAttempts?: number | undefined;
}

export interface TimeoutOptions {
  /**
   * One attempt, over all endpoints, until it is online. Default: 30000. Each endpoint and each step of the login may take a part of what is
   * left, so that one that hangs leaves time for the others. While `credentials` is asked the time stands still.
   */
  connectMs?: number | undefined;
  /** The answer to a request, unless the call says otherwise. Default: 30000. */
  requestMs?: number | undefined;
  /** Silence after which the server is asked for a sign of life. Default: 60000. */
  pingMs?: number | undefined;
  /** How long that may take before the connection counts as lost. Default: 15000. */
  pongMs?: number | undefined;
}

/** A storage of your own, shared by the tabs of the site. Keys are `waxwing:1:<bare JID>:<part>`, values are JSON. One call at a time. */
export interface StorageAdapter {
  get(key: string): string | null | undefined | Promise<string | null | undefined>;
  set(key: string, value: string): void | Promise<void>;
  remove(key: string): void | Promise<void>;
}

export interface LogEntry {
  /** Milliseconds since 1970-01-01 UTC. */
  timestamp: number;
  level: "debug" | "info" | "warn";
  message: string;
  error?: XmppError;
}

export interface SignalOptions {
  /** Rejects with `aborted`; its reason becomes the error's `cause`. */
  signal?: AbortSignal | undefined;
}

export interface RequestOptions extends SignalOptions {
  /** Rejects with `timeout`. Default, and longest except for request(): {@link TimeoutOptions.requestMs}. */
  timeoutMs?: number | undefined;
}

/** `waiting`: the connection was lost, and another attempt is scheduled. */
export type ClientState = "offline" | "connecting" | "online" | "waiting";

/** The events of a {@link Client}, by name. */
export interface ClientEvents {
  state: StateEvent;
  /**
   * A message that came in, one of ours when it is queued, or a copy of what another device of the account got or sent (XEP-0280). Of all copies of a
   * message one is told. What has no content of its own makes no message.
   */
  message: Message;
  delivery: DeliveryEvent;
  /** Somebody is typing, or stopped. */
  "chat-state": ChatStateEvent;
  /** The user has read a conversation on another device. Where nobody listens, nobody asks the server. */
  displayed: DisplayedEvent;
  /** A resource of a contact, or of the account itself, came, changed or went. */
  presence: Presence;
  subscription: SubscriptionEvent;
  roster: RosterEvent;
  blocking: BlockingEvent;
  /** Each frame on the wire. SASL payloads are left out. */
  stanza: StanzaEvent;
  /** What went wrong outside any request. Nobody has to listen. */
  error: XmppError;
}

/** The state changed. */
export type StateEvent =
  | { current: "offline"; previous: ClientState; /** Why; not after disconnect(). */ error?: XmppError; retryInMs?: undefined; resumed?: undefined }
  | { current: "connecting"; previous: ClientState; error?: undefined; retryInMs?: undefined; resumed?: undefined }
  | { current: "online"; previous: ClientState; /** Whether the session before it goes on. */ resumed: boolean; error?: undefined; retryInMs?: undefined }
  | { current: "waiting"; previous: ClientState; /** Why. */ error: XmppError; retryInMs: number; resumed?: undefined };

/** Where a message of ours stands. */
export type DeliveryStage =
  /** Kept by the client, in order. */
  | "queued"
  /** Handed to the socket. */
  | "sent"
  /** The server has it. */
  | "acked"
  /** A client of the recipient has it (XEP-0184): said by the recipient alone, once, and only where it gives receipts. Not in waxwing/core. */
  | "delivered"
  /**
   * The other person has seen it (XEP-0333), and with it all that you sent there before, for which no event comes: said by the recipient alone,
   * once, with or without `delivered` before it, and only where their client says so. Not for rooms. Not in waxwing/core.
   */
  | "displayed"
  /** It did not arrive, or nobody can say whether it did. */
  | "failed";

/** A message of ours reached a stage. `id` is that of the message. */
export type DeliveryEvent =
  | { id: string; to: string; stage: Exclude<DeliveryStage, "failed">; error?: undefined }
  | { id: string; to: string; stage: "failed"; error: XmppError };

/**
 * Somebody is typing, or stopped (XEP-0085): told of what comes in now, not of what an archive or the server had kept. A message that ends it
 * has `active`, told before the message. Who goes offline, or loses the connection, says nothing more: take `composing` for over when the
 * sender is gone, or after half a minute. Not in waxwing/core.
 */
export interface ChatStateEvent {
  /** A full JID as a rule; in a room, that of the occupant. */
  from: string;
  state: ChatState;
}

/**
 * The user has read a conversation up to a message, on another device of the account: that and all before it counts as read. Of the two ids there
 * is one: compare with those of the messages that you have; one that you do not have says nothing yet. Not in waxwing/core.
 */
export interface DisplayedEvent {
  /** The bare JID of the conversation; the full one of an occupant of a room with whom the user talks in private. */
  with: string;
  /** The message's `id`: a marker that the other device has sent (XEP-0333; XEP-0280). */
  id?: string;
  /** The message's `stanzaId`: as kept by the server (XEP-0490), from what it has at the beginning of a session on. */
  stanzaId?: string;
}

/** XEP-0085, section 2. */
export type ChatState =
  /** Attends to the conversation. */
  | "active"
  | "composing"
  /** Was composing, and stopped. */
  | "paused"
  /** Has not attended for a while. */
  | "inactive"
  /** Has left the conversation. */
  | "gone";

/** Somebody asks for, grants, withdraws or refuses a presence subscription (RFC 6121, section 3). */
export interface SubscriptionEvent {
  /** A bare JID. */
  from: string;
  type: "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed";
  /** What they say with it. */
  status?: string;
  /** What they call themselves (XEP-0172). */
  nick?: string;
}

/** The roster was loaded, or changed. */
export interface RosterEvent {
  change: "loaded" | "added" | "updated" | "removed";
  /** All items when it was loaded; else those concerned. */
  items: RosterItem[];
}

/** The list of blocked addresses was loaded, or changed: here, or by another client of the account (XEP-0191). */
export interface BlockingEvent {
  change: "loaded" | "blocked" | "unblocked";
  /** All addresses when it was loaded; else those concerned. */
  jids: string[];
}

export interface StanzaEvent {
  direction: "in" | "out";
  xml: string;
}

/** A message, in or out (RFC 6121, section 5). */
export interface Message {
  /** The sender's id; one of ours where the sender gave none. */
  id: string;
  from: string;
  to: string;
  type: "chat" | "normal" | "groupchat" | "headline" | "error";
  direction: "in" | "out";
  /** The text, in the language that fits best. */
  body?: string;
  /** All texts by BCP 47 tag (`""` without one), where there is more than one, or the one has a language of its own. */
  bodies?: Record<string, string>;
  subject?: string;
  subjects?: Record<string, string>;
  thread?: string;
  parentThread?: string;
  /** The language of the stanza. */
  lang?: string;
  /** The id that the sender's client gave it (XEP-0359): the sender's word, as the body is. On what you send, the same as `id`. */
  originId?: string;
  /**
   * Under which the archive has it (XEP-0359): the account's, with type `groupchat` the room's. Only that archive's own word, and only where it says
   * that it takes out what others write in its place. No other id is good for {@link MessagesPart.history | history()}.
   */
  stanzaId?: string;
  /** When it was sent, as far as is known. Milliseconds since 1970-01-01 UTC. */
  timestamp: number;
  /** Present if it was kept on the way (XEP-0203); `timestamp` is then the time of sending. */
  delayed?: true;
  /** Present if it is a copy of what another device of the account got or, with direction `out`, sent (XEP-0280). */
  carbon?: true;
  /** Present if the sender asks to be told when it was seen (XEP-0333): see {@link MessagesPart.markDisplayed}. Not in waxwing/core. */
  markable?: true;
  /** With type `error`: what the peer, or a server, said. */
  error?: XmppError;
  /** With a message of ours that comes out of the store: how far it has come, as far as is known. */
  stage?: "acked" | "delivered" | "displayed" | "failed";
  // What follows is read by extensions; waxwing/core leaves it out.
  /**
   * It stands in the place of an earlier message of the same author, all of it (XEP-0308): the one with this `id` and, in a chat, the same bare
   * JID as this `from`, in a room the same `from`. A correction by anybody else makes no event, where it is known who wrote that message: of the
   * last 512 in and the last 1024 out it is. Of older ones, and of what {@link MessagesPart} hands out otherwise, your app has to compare.
   */
  replaces?: string;
  /**
   * It takes back an earlier message of the same author, by its `id`, in a room by its `stanzaId` (XEP-0424). Whose that is, is as
   * with `replaces`; in a room also the room itself, as its bare JID, takes messages back.
   */
  retracts?: string;
  /** An archive has put this in the place of a message that was taken back (XEP-0424, section 5). */
  retracted?: Retracted;
  /**
   * All that the sender now thinks of a message, in the place of what they thought before (XEP-0444); where it is `delayed`, only if nothing newer
   * of theirs is known. A reaction by somebody who has no part in the conversation makes no event, as with `replaces`.
   */
  reactions?: Reactions;
  /** What it answers (XEP-0461). Nobody has checked that there is such a message. */
  replyTo?: ReplyTo;
  /**
   * What was in `body` and `subject` for those who do not know an extension of this message (XEP-0428), as the quote of a reply is. It is not
   * in them any more.
   */
  fallbacks?: Fallback[];
  /**
   * It calls for attention, now (XEP-0224): a sound, or a window that shakes. Not on messages that were kept on the way. Anybody can send it; those
   * in the roster should be heard, and nobody too often.
   */
  attention?: true;
  /** The message is not to be shown before the reader asks for it (XEP-0382): what it is about, or `""`. */
  spoiler?: string;
  /** How the sender would like servers and clients to handle it (XEP-0334). */
  hints?: MessageHint[];
  /** The text is to be shown as it is (XEP-0393, section 6): not through {@link parseStyling}. */
  unstyled?: true;
  /** Files (XEP-0447, XEP-0066): the sender's word. Nothing is fetched. */
  attachments?: Attachment[];
  /** What the sender says about pages that the text links to (XEP-0511). Nothing is fetched. */
  links?: LinkMetadata[];
  /** How the message is encrypted (XEP-0380). A body beside it is for those who cannot read it. */
  encryption?: Encryption;
  /** Children that nothing here reads. An {@link Client.extend | extension} may make fields of them; `` xml`${payload}` `` is their XML. */
  payloads?: Stanza[];
}

/** A file that a message is about (XEP-0447, XEP-0446). All of it is the sender's word, the name and the media type too. */
export interface Attachment {
  /** Tells one file of a message from another. */
  id?: string;
  /** Where it is, the best place first; none where the sender is still uploading it. Never `javascript:`. */
  urls: string[];
  /** A name, or a path: not to be used for a file as it is. */
  name?: string;
  /** Default: `application/octet-stream`. */
  mediaType?: string;
  /** In bytes. */
  size?: number;
  /** In pixels. */
  width?: number;
  /** In pixels. */
  height?: number;
  /** Of a sound or a film, in milliseconds. */
  durationMs?: number;
  /** When it was changed last. Milliseconds since 1970-01-01 UTC. */
  modified?: number;
  description?: string;
  /** In Base64, by the algorithm's name (XEP-0300), as `"sha-256"`. */
  hashes?: Record<string, string>;
  /** `inline` is to be shown with the message; `attachment` is to be fetched only when the user wants it. */
  disposition?: "inline" | "attachment";
  thumbnails?: Thumbnail[];
}

/** A small picture of a file (XEP-0264). */
export interface Thumbnail {
  /** `cid:`, `data:` or a web address. */
  uri: string;
  mediaType?: string;
  /** In pixels. */
  width?: number;
  /** In pixels. */
  height?: number;
}

/** What the sender says about a page, in the words of OpenGraph (XEP-0511). It need not be true. */
export interface LinkMetadata {
  /** The address in the message. */
  about: string;
  title?: string;
  description?: string;
  /** The page's own idea of its address. */
  url?: string;
  type?: string;
  siteName?: string;
  video?: string;
  /** To be fetched only if the user wants it: the sender would learn who looks. */
  images?: LinkImage[];
}

export interface LinkImage {
  /** A web address, `cid:`, `ni:` or `data:`. */
  url: string;
  alt?: string;
}

/** A kind of encryption (XEP-0380). */
export interface Encryption {
  /** Of the protocol, as `"urn:xmpp:omemo:2"`. */
  namespace: string;
  /** What to call it: of the XEP, or else of the sender. */
  name?: string;
}

/** Keep it not at all, in no copy for other devices, in no archive; or keep it, although there is no text (XEP-0334, section 4). */
export type MessageHint = "no-store" | "no-copy" | "no-permanent-store" | "store";

/** What is left of a message that was taken back. */
export interface Retracted {
  /** The id of the message that took it back. */
  id: string;
  /** Who did, where the archive says so. */
  by?: string;
  /** When, where the archive says so. Milliseconds since 1970-01-01 UTC. */
  timestamp?: number;
}

/** What somebody thinks of a message. */
export interface Reactions {
  /** The message: its `originId` or `id`, in a room its `stanzaId`. */
  id: string;
  /** Each once, as it came; what cannot be an emoji is left out. None: they take their reactions back. */
  emojis: string[];
}

/** What a message answers. */
export interface ReplyTo {
  /** The message: its `originId` or `id`, in a room its `stanzaId`. */
  id: string;
  /** Who wrote it, in the sender's words. */
  to?: string;
}

/** Texts for those who do not know an extension. */
export interface Fallback {
  /** The namespace of the extension: `urn:xmpp:reply:0`, `urn:xmpp:message-retract:1`, `urn:xmpp:reactions:0`, `urn:xmpp:sfs:0` (files). */
  for: string;
  /** What was taken out of the body. */
  body?: string;
  subject?: string;
}

/** A presence of somebody's resource (RFC 6121, section 4). */
export interface Presence {
  from: string;
  type: "available" | "unavailable" | "error";
  /** Left out: simply available. */
  show?: "away" | "chat" | "dnd" | "xa";
  /** In the language that fits best. */
  status?: string;
  /** All texts by BCP 47 tag (`""` without one), where there is more than one, or the one has a language of its own. */
  statuses?: Record<string, string>;
  /** -128 to 127; a resource below zero gets no messages sent to the bare JID. */
  priority: number;
  /** Since when nobody has touched the device (XEP-0319). Milliseconds since 1970-01-01 UTC. */
  idleSince?: number;
  /** With type `error`. */
  error?: XmppError;
}

/** A contact (RFC 6121, section 2.1.2). */
export interface RosterItem {
  /** A bare JID. */
  jid: string;
  name?: string;
  groups: string[];
  /** Whose presence is seen: theirs by us (`to`), ours by them (`from`). `remove` only in the event that says so. */
  subscription: "none" | "to" | "from" | "both" | "remove";
  /** A request of ours waits for their answer. */
  ask?: "subscribe";
  /** A request of theirs is approved in advance. */
  approved?: true;
}

/** An element as plain data. */
export interface Stanza {
  name: string;
  /** The namespace. */
  xmlns: string;
  /** Without namespace declarations; `xml:lang` under that name. */
  attrs: Record<string, string>;
  children: (Stanza | string)[];
}

/** `client.account`: the account itself. */
export interface AccountPart {
  /**
   * Disconnects for good: makes the token of the next login worthless (XEP-0484), and erases all that is known of the account, in memory
   * and in the storage. The token goes by a short login of its own, as well as can be: a server that cannot be reached does not make it fail.
   * {@link Client.disconnect | disconnect()} keeps the token.
   * @throws `load-failed`.
   */
  logout(): Promise<void>;
}

/** `client.roster`: the contacts (RFC 6121, sections 2 and 3). */
export interface RosterPart {
  /** All contacts, by JID. Frozen, and the same array until something changes; empty before the first login. */
  readonly items: readonly RosterItem[];
  /** One contact; a resource is ignored. */
  get(jid: string): RosterItem | undefined;
  /** Adds a contact, or replaces its name and groups. Resolves when the server has stored it. Asks for no subscription. */
  add(contact: ContactOptions, options?: RequestOptions): Promise<void>;
  /** Changes what is given and leaves the rest. An empty `name` removes it. Resolves when the server has stored it. */
  update(change: ContactOptions, options?: RequestOptions): Promise<void>;
  /** Removes a contact, and with it the subscriptions both ways. */
  remove(jid: string, options?: RequestOptions): Promise<void>;
  /**
   * Asks to see their presence. Their answer is a `subscription` event. Resolves when sent.
   * @param options `nick` is what they may call us (XEP-0172), `status` a word with the request: both are shown to whoever is asked, a stranger as a rule.
   */
  subscribe(jid: string, options?: { nick?: string | undefined; status?: string | undefined }): Promise<void>;
  /** Lets them see our presence; where they have not asked yet, approves it in advance, if the server can. */
  approve(jid: string): Promise<void>;
  /** Refuses their request, or withdraws what was approved. */
  deny(jid: string): Promise<void>;
  /** Stops seeing their presence. */
  unsubscribe(jid: string): Promise<void>;
}

export interface ContactOptions {
  jid: string;
  name?: string | undefined;
  groups?: readonly string[] | undefined;
}

/**
 * `client.blocking`: whom the account blocks (XEP-0191). An address is a person (`user@host`), one device of a person, or a whole domain. To those
 * who are blocked the account looks offline, and nothing that they send arrives.
 *
 * Where the server has no blocking, `items` stays empty and the methods reject with `stanza-error`, as a rule with the condition `service-unavailable`.
 */
export interface BlockingPart {
  /** All blocked addresses, sorted. Frozen, and the same array until something changes. Loaded at each login: the `blocking` event says when. */
  readonly items: readonly string[];
  /**
   * Blocks an address, or several. Resolves when the server has done so. With a `report` (XEP-0377), for one address only, those who run the server are
   * told why; where the server takes no reports it rejects with `unsupported`, and nobody is blocked.
   * @throws `unsupported`, `stanza-error`, `timeout`, `aborted`, `not-connected`, `connection-lost`, `invalid-argument`.
   */
  block(jid: string | readonly string[], options?: BlockOptions): Promise<void>;
  /** Resolves when the server has done so. What is not blocked stays so. */
  unblock(jid: string | readonly string[], options?: RequestOptions): Promise<void>;
  /** Unblocks everybody. */
  unblockAll(options?: RequestOptions): Promise<void>;
}

export interface BlockOptions extends RequestOptions {
  report?: BlockReport | undefined;
}

/** Why somebody is blocked (XEP-0377). The server, and nobody else, gets it, unless you allow more. */
export interface BlockReport {
  reason: "spam" | "abuse";
  /** In the language of the client. */
  text?: string | undefined;
  /**
   * The messages it is about, by {@link Message.stanzaId}: ids in the account's own archive, or with `by` in that of a room, for example.
   */
  stanzaIds?: readonly (string | { id: string; by?: string | undefined })[] | undefined;
  /** The report may be passed on to the server of whoever is blocked. Default: false. */
  toOrigin?: boolean | undefined;
  /** The report may be passed on to services that gather statistics and block lists. Default: false. */
  toThirdParties?: boolean | undefined;
}

/**
 * `client.disco`: who somebody is and what they can do (XEP-0030), and what else can be asked of anybody. What others ask of us is answered, but
 * for the last activity (XEP-0012): those who see our presence have {@link PresenceOptions.idleSince} there, and others are not to know.
 *
 * All methods reject with `stanza-error` where the entity does not answer, as a rule with the condition `service-unavailable`; and with `timeout`,
 * `aborted`, `not-connected`, `connection-lost`, `invalid-argument`, or `protocol-error` for an answer that makes no sense.
 */
export interface DiscoPart {
  /**
   * Who somebody is, and what they can do. The server and the account are asked once a session.
   *
   * The presence of most clients has a hash of it (XEP-0115, XEP-0390). Of all with the same hash one is asked, and for the others the answer is there
   * at once: by all means call it for each of thousands of contacts. An answer that does not fit its hash is good for its sender alone.
   *
   * @param jid A full JID is a client, a bare one an account or a room, a domain a server or a service. Each answers for itself.
   * @param node A part of the entity, where it has parts.
   */
  info(jid: string, node?: string, options?: RequestOptions): Promise<DiscoInfo>;
  /** Whether {@link DiscoPart.info | info()} has this feature. */
  supports(jid: string, namespace: string, options?: RequestOptions): Promise<boolean>;
  /**
   * What there is at somebody: the services of a server, the rooms of a service. Asked for page by page (XEP-0059) as the loop goes on, where the entity
   * has pages.
   *
   * ```ts
   * for await (const { jid, name } of client.disco.items("rooms.example.net")) console.log(jid, name);
   * ```
   *
   * @throws `invalid-argument`; all else rejects in the loop.
   */
  items(jid: string, node?: string, options?: RequestOptions): AsyncIterableIterator<DiscoItem>;
  /** Which software it is (XEP-0092), in its own words. */
  version(jid: string, options?: RequestOptions): Promise<SoftwareVersion>;
  /** What time it is there (XEP-0202). */
  time(jid: string, options?: RequestOptions): Promise<EntityTime>;
  /**
   * How long ago something happened (XEP-0012). A bare JID: since they logged out, 0 if they are there. A full one: since the device was used. A domain:
   * since the server was started.
   */
  lastActivity(jid: string, options?: RequestOptions): Promise<LastActivity>;
}

export interface DiscoInfo {
  identities: DiscoIdentity[];
  /** Namespaces as a rule. */
  features: string[];
  /** More about it (XEP-0128). */
  forms: DiscoForm[];
}

/** A kind of entity, such as category `client` and type `pc`, or `conference` and `text`. */
export interface DiscoIdentity {
  category: string;
  type: string;
  name?: string;
  /** BCP 47 tag of the name. */
  lang?: string;
}

export interface DiscoForm {
  /** Its `FORM_TYPE` (XEP-0068), which says what the fields mean. */
  type?: string;
  /** The values by the field's name. */
  fields: Record<string, string[]>;
}

export interface DiscoItem {
  jid: string;
  node?: string;
  name?: string;
}

export interface SoftwareVersion {
  name: string;
  version: string;
  os?: string;
}

export interface EntityTime {
  /** Milliseconds since 1970-01-01 UTC. */
  timestamp: number;
  /** Of its time zone, east of UTC. */
  offsetMinutes: number;
}

export interface LastActivity {
  seconds: number;
  /** Of somebody who is offline: the last status. */
  status?: string;
}

/** `client.presence`: who is there (RFC 6121, section 4). */
export interface PresencePart {
  /** Replaces our presence. While not connected it is kept, and becomes the first presence. */
  set(presence: PresenceOptions): Promise<void>;
  /** A full JID: that resource. A bare one: its most available resource. */
  of(jid: string): Presence | undefined;
  /** All available resources, the most available first. */
  resources(jid: string): Presence[];
  /** Sends a presence to one address only (RFC 6121, section 4.6). */
  sendTo(jid: string, presence?: DirectedPresenceOptions): Promise<void>;
}

export interface PresenceOptions {
  /** Left out: simply available. */
  show?: "away" | "chat" | "dnd" | "xa" | undefined;
  status?: string | undefined;
  /** By BCP 47 tag; `""` is the text without one. */
  statuses?: Readonly<Record<string, string>> | undefined;
  /** -128 to 127. Default: 0. */
  priority?: number | undefined;
  /** Since when nobody has touched the device (XEP-0319), told to those who see the presence. Milliseconds since 1970-01-01 UTC. */
  idleSince?: number | undefined;
}

export interface DirectedPresenceOptions extends PresenceOptions {
  /** `unavailable` takes back what was sent to that address before. Default: available. */
  type?: "available" | "unavailable" | undefined;
}

/** `client.messages` of `waxwing/core`: sending (RFC 6121, section 5). What comes in is the `message` event. */
export interface CoreMessagesPart {
  /**
   * Sends a message; resolves when the server has it: at its stream management ack (XEP-0198), or at its answer to a ping
   * sent behind the message.
   *
   * Before this returns, the `message` event has shown it and its `delivery` is `queued` (except while the very first
   * connect() still loads the WebAssembly module: then as soon as that is there). While connecting or waiting, messages
   * wait in order.
   *
   * @param options With `signal` or `timeoutMs`, a message that still waits is taken back; one on the wire goes its way.
   * @throws `not-connected` before connect() and after disconnect(); `delivery-unknown` when the session was lost, and not even the archive can say
   *   whether it arrived; `aborted`, `timeout`, `invalid-argument`.
   */
  send(message: CoreMessageOptions, options?: RequestOptions): Promise<Message>;
}

/** `client.messages`. What comes in is the `message` event. */
export interface MessagesPart extends CoreMessagesPart {
  /** As {@link CoreMessagesPart.send}, with all that extensions can say in a message. */
  send(message: MessageOptions, options?: RequestOptions): Promise<Message>;

  /**
   * The last message of each conversation that is stored, the newest first. Works before connect(), and reads one message of each, however long it is. Only
   * with {@link ClientOptions.storage | storage: "indexeddb"}; otherwise there are none.
   */
  conversations(): Promise<Conversation[]>;

  /** Erases what is stored of a conversation, or of all. What the server has in its archive stays. */
  clear(jid?: string): Promise<void>;
  /**
   * The user has seen a message, and with it all of the conversation before: call it for the newest. Its sender is told if it asks for that
   * ({@link Message.markable}) and sees your presence (XEP-0333; see {@link ClientOptions.markers}), in a room everybody; the account's other
   * devices are told by the server, which keeps it, of a message with a `stanzaId` (XEP-0490), and nobody else learns of that.
   *
   * A second call for a message, or one for an older one, says nothing. While the client connects or waits, the newest of each conversation is
   * kept, and said when it is online; not over a reload. Resolves at once.
   * @param message Of a {@link MessageTarget} it is assumed that its sender asks; other devices learn nothing.
   * @throws `not-connected` before connect() and after disconnect(), `invalid-argument`.
   */
  markDisplayed(message: Message | MessageTarget): Promise<void>;
  /**
   * What the archive has (XEP-0313): of the conversation with somebody or, with `jid` left out, all of it. Both sides, and what other devices have
   * sent; `stanzaId` is each message's place, `timestamp` when it was archived. It is asked page by page, as the loop goes on, and
   * not at all once the loop is left. What it yields is no `message` event, whether it was one before or not.
   *
   * ```ts
   * for await (const message of client.messages.history("juliet@example.com", { limit: 20 })) show(message); // the newest first
   * ```
   *
   * With {@link ClientOptions.storage | storage: "indexeddb"} a conversation comes out of the store, the newest first, before connect() too; the archive is asked only for
   * what is not stored, and has the gaps closed. Searches, other orders and what is asked for with `after` go to the archive.
   *
   * @param jid A bare JID is the conversation with all their devices.
   * @throws `invalid-argument` at once. The loop: `unsupported` where the server has no text search, or no range between two ids; `stanza-error`, with
   *   the condition `item-not-found` where the archive does not know `before` or `after`, and `service-unavailable` or `feature-not-implemented`
   *   where there is no archive; `not-connected`, `connection-lost`, `timeout`, `aborted`.
   */
  history(jid?: string, options?: HistoryOptions): AsyncGenerator<Message, void, undefined>;
  /**
   * What the account's archive keeps (XEP-0441).
   * @throws `stanza-error`, where the server does not let users choose; as {@link Client.request}.
   */
  archivePreferences(options?: RequestOptions): Promise<ArchivePreferences>;
  /** Changes what is given and leaves the rest. Resolves with what the server made of it, which may be something else. */
  setArchivePreferences(preferences: Partial<ArchivePreferences>, options?: RequestOptions): Promise<ArchivePreferences>;
  /**
   * Says what the user does in a conversation (XEP-0085). Call it with every key (`"composing"`), when the window comes to the front
   * (`"active"`), when it is closed (`"gone"`): the same state goes out once. By itself, `composing` becomes `paused` after 10 s without a
   * call, and that or `active` becomes `inactive` after 2 minutes; a message makes it `active`.
   *
   * Only those are told who see your presence (`from` or `both` in the roster), and others once both have written, they with a state; nobody
   * who answers without any. Where you never call this, others learn nothing, and in time may tell nothing either. Pass `type: "groupchat"`
   * for a room, where each call that changes the state goes to all occupants; `gone` goes to no room.
   *
   * While the client is not online, nothing is said, and nothing later.
   * @throws `invalid-argument`.
   */
  sendChatState(to: string, state: ChatState, options?: { type?: "chat" | "groupchat" | undefined }): Promise<void>;
  /**
   * Replaces a message of ours (XEP-0308). A correction says all of the message again: of a {@link Message}, what `changes` does not mention stays
   * as it was; of a {@link MessageTarget} nothing is known but the id.
   *
   * The promise and the events are those of a message of its own, whose `replaces` names the corrected one. Clients that do not know
   * corrections show it as a second message.
   *
   * @throws As {@link CoreMessagesPart.send}; `invalid-argument` also for a message that is not ours.
   */
  correct(message: Message | MessageTarget, changes: CorrectionOptions, options?: RequestOptions): Promise<Message>;
  /**
   * Asks everybody to forget a message of ours (XEP-0424). Nobody has to, and they may have read it. Clients that do not know retractions show
   * a line that says what was asked; `send({ to, retracts, body })` says it in your words.
   *
   * @throws As {@link MessagesPart.correct}.
   */
  retract(message: Message | MessageTarget, options?: RequestOptions): Promise<Message>;
  /**
   * Says what we think of a message (XEP-0444): all of it, in the place of what we said before; `[]` takes it back.
   *
   * @param emojis One emoji each.
   * @throws As {@link CoreMessagesPart.send}; `invalid-argument` also for what is no emoji, and for a message of a room that has no `stanzaId`.
   */
  react(message: Message | MessageTarget, emojis: readonly string[], options?: RequestOptions): Promise<Message>;
  /**
   * Answers a message (XEP-0461), to where it came from. The body of a {@link Message} is quoted for clients that do not know replies, and not
   * shown by those that do.
   *
   * @throws As {@link CoreMessagesPart.send}; `invalid-argument` also for a message of a room that has no `stanzaId`.
   */
  reply(message: Message | MessageTarget, reply: ReplyOptions, options?: RequestOptions): Promise<Message>;
  /**
   * Calls for attention (XEP-0224), if they are there now. With words: `send({ to, type: "headline", attention: true, body })`.
   * @throws As {@link CoreMessagesPart.send}.
   */
  requestAttention(to: string, options?: RequestOptions): Promise<Message>;
}

/** Which part of an archive {@link MessagesPart.history | history()} is to show, and from which end. All that is given has to be true of a message. */
export interface HistoryOptions extends RequestOptions {
  /** Only what is older than this message: its `stanzaId`, or the message itself. Never its `id`, which the archive does not know. */
  before?: string | Message | undefined;
  /** Only what is newer than this message. */
  after?: string | Message | undefined;
  /** Only what was archived then or later. Milliseconds since 1970-01-01 UTC. */
  start?: number | undefined;
  /** Only what was archived then or earlier. */
  end?: number | undefined;
  /** The most messages that it yields. Default: no limit. */
  limit?: number | undefined;
  /** Only what holds these words, as the server understands that (XEP-0431). */
  search?: string | undefined;
  /** Default: `newest-first`, from the end or from `before` backwards; with `after` it is `oldest-first`, from there on. */
  order?: "newest-first" | "oldest-first" | undefined;
}

/** What an archive keeps (XEP-0441). A bare JID in a list stands for all their devices. */
export interface ArchivePreferences {
  /** Of those who are in neither list; `roster` keeps what contacts say. */
  default: "always" | "never" | "roster";
  always: readonly string[];
  never: readonly string[];
}

/** A message that is not at hand as a {@link Message}: where it was said, and its id. */
export interface MessageTarget {
  /** The other side of the conversation: a person, a room, or an occupant of a room. */
  to: string;
  /** The id by which others know it: its `id`; of a message in a room its `stanzaId`, except to correct it. */
  id: string;
  /** Default: chat. */
  type?: "chat" | "normal" | "groupchat" | "headline" | undefined;
}

/** A conversation that is stored. */
export interface Conversation {
  /** The bare JID of the other side. */
  jid: string;
  /** The last message. */
  message: Message;
}

/** What can be said in a message, by extension. */
export interface MessageOptions extends CoreMessageOptions {
  /** The id of the message of ours in whose place this one stands (XEP-0308): see {@link MessagesPart.correct}. */
  replaces?: string | undefined;
  /** The id of the message of ours that is taken back (XEP-0424). `body` is then for those who do not know that. */
  retracts?: string | undefined;
  /** What we think of a message (XEP-0444). `body` is then for those who do not know that. */
  reactions?: { id: string; emojis: readonly string[] } | undefined;
  /** What this answers (XEP-0461). `quote` is what that said: it is put before each body, for those who do not know replies. */
  replyTo?: { id: string; to?: string | undefined; quote?: string | undefined } | undefined;
  /** Calls for attention (XEP-0224); of type headline it is not kept for later, when it would mean nothing. */
  attention?: boolean | undefined;
  /** Hides the message until the reader asks for it (XEP-0382); what it is about, or `""`. */
  spoiler?: string | undefined;
  /** How it should be handled, if anybody cares (XEP-0334). `no-copy` is for full JIDs only. */
  hints?: readonly MessageHint[] | undefined;
  /** The text is to be shown as it is (XEP-0393, section 6). */
  unstyled?: boolean | undefined;
  /**
   * Files that are on the web already (XEP-0447). A message with no text gets their addresses as its body, marked as such, for clients that know no
   * better; a single file is given as XEP-0066 has it, too.
   */
  attachments?: readonly AttachmentOptions[] | undefined;
  /** What to show for pages that the text links to (XEP-0511). */
  links?: readonly LinkOptions[] | undefined;
  /** The app has encrypted the message that way (XEP-0380): what it needs for that goes into `payloads`. */
  encryption?: { namespace: string; name?: string | undefined } | undefined;
  /** More children, each one element in a namespace of its own. */
  payloads?: readonly (string | Xml)[] | undefined;
  /**
   * Whether to ask the recipient's client to say that it has arrived (XEP-0184), which is the stage `delivered`. Default: true for a text of type
   * chat, else false. Refused for a room.
   */
  receipt?: boolean | undefined;
  /** Whether to ask to be told when it was seen (XEP-0333), which is the stage `displayed`. Default: true for a text of type chat, else false. */
  markable?: boolean | undefined;
}

/** What is to be said instead. */
export type CorrectionOptions = Omit<MessageOptions, "to" | "type" | "replaces" | "retracts" | "reactions">;

/** What is answered. */
export type ReplyOptions = Omit<MessageOptions, "to" | "type" | "replaces" | "retracts" | "reactions" | "replyTo">;

/** As {@link Attachment}. */
export interface AttachmentOptions {
  urls?: readonly string[] | undefined;
  id?: string | undefined;
  name?: string | undefined;
  mediaType?: string | undefined;
  size?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
  durationMs?: number | undefined;
  modified?: number | undefined;
  description?: string | undefined;
  hashes?: Readonly<Record<string, string>> | undefined;
  disposition?: "inline" | "attachment" | undefined;
  thumbnails?: readonly Thumbnail[] | undefined;
}

/** As {@link LinkMetadata}. */
export interface LinkOptions {
  about: string;
  title?: string | undefined;
  description?: string | undefined;
  url?: string | undefined;
  type?: string | undefined;
  siteName?: string | undefined;
  video?: string | undefined;
  images?: readonly LinkImage[] | undefined;
}

export interface CoreMessageOptions {
  to: string;
  /** Default: chat. */
  type?: "chat" | "normal" | "groupchat" | "headline" | undefined;
  /** Default: a fresh one that nobody can guess. */
  id?: string | undefined;
  body?: string | undefined;
  /** By BCP 47 tag; `""` is the text without one. */
  bodies?: Readonly<Record<string, string>> | undefined;
  subject?: string | undefined;
  subjects?: Readonly<Record<string, string>> | undefined;
  thread?: string | undefined;
  parentThread?: string | undefined;
  /** The language of the stanza, where it is not the client's. */
  lang?: string | undefined;
}

/** The 22 conditions of RFC 6120, section 8.3.3. */
export type StanzaErrorCondition =
  | "bad-request"
  | "conflict"
  | "feature-not-implemented"
  | "forbidden"
  | "gone"
  | "internal-server-error"
  | "item-not-found"
  | "jid-malformed"
  | "not-acceptable"
  | "not-allowed"
  | "not-authorized"
  | "policy-violation"
  | "recipient-unavailable"
  | "redirect"
  | "registration-required"
  | "remote-server-not-found"
  | "remote-server-timeout"
  | "resource-constraint"
  | "service-unavailable"
  | "subscription-required"
  | "undefined-condition"
  | "unexpected-request";

export type XmppErrorCode =
  /** The caller: an argument that cannot be used. */
  | "invalid-argument"
  /** The caller: the method needs a connection. */
  | "not-connected"
  /** The caller: `ws://` to another machine. */
  | "insecure"
  /** The caller: a signal, or disconnect(). */
  | "aborted"
  /** The peer: the login was refused. */
  | "auth-failed"
  /** The peer: an answer of type error; see `condition`. */
  | "stanza-error"
  /** The peer: the server ended the stream; see `condition`. */
  | "stream-error"
  /** The peer: the server lacks an extension that the call needs. */
  | "unsupported"
  /** The peer: it did not keep to the protocol. */
  | "protocol-error"
  /** The peer, or a slow loop over events(): too much at once. */
  | "limit-exceeded"
  /** The peer: a stanza that is well-formed and makes no sense. The stream goes on. */
  | "unreadable-stanza"
  /** The peer: the server does not offer what this needs. */
  | "unsupported"
  /** The network: the server's WebSocket could not be found. */
  | "discovery-failed"
  /** The network: the WebSocket could not be opened. */
  | "connection-failed"
  /** The network: the connection was lost. */
  | "connection-lost"
  /** The network: no answer in time. */
  | "timeout"
  /** The network: nobody can say whether the message arrived. */
  | "delivery-unknown"
  /** The browser, or a {@link StorageAdapter}: the state of the session cannot be stored. The session goes on. */
  | "storage-failed"
  /** The network, or a Content-Security-Policy: the WebAssembly module could not be loaded. */
  | "load-failed";

export interface XmppErrorDetails {
  /** What to decide by. Stable. */
  code: XmppErrorCode;
  /** What happened, in a sentence for developers. */
  message: string;
  /** XMPP's own name: of a stanza error (what an older server sends beside the 22 is passed through), of the stream's or of SASL's. */
  condition?: StanzaErrorCondition | (string & {});
  /** What is offered to do about a stanza error (RFC 6120, section 8.3.2). */
  type?: "auth" | "cancel" | "continue" | "modify" | "wait";
  /** The peer's own words. */
  text?: string;
  /** The JID of who made the error, where the peer says so. */
  by?: string;
  applicationCondition?: { name: string; xmlns: string };
  /** With `gone` and `redirect`: where the peer is to be found, as a URI (RFC 6120, sections 8.3.3.5 and 8.3.3.14). */
  alternateAddress?: string;
  /**
   * With `limit-exceeded`, of what was missed: the part of the account's archive that was not fetched, since it is more than 5,000 messages (or 100 pages).
   * {@link MessagesPart.history | history(undefined, error.missing)} reads it. Without `before` it goes up to the moment of the error.
   */
  missing?: { after: string; before?: string };
  /** What to do about it. */
  remediation?: string;
  cause?: unknown;
}

/** What went wrong. Never holds a password, a token or a SASL payload. */
export class XmppError extends Error implements XmppErrorDetails {
  constructor(details: XmppErrorDetails);
  readonly name: "XmppError";
  readonly code: XmppErrorCode;
  readonly condition?: StanzaErrorCondition | (string & {});
  readonly type?: "auth" | "cancel" | "continue" | "modify" | "wait";
  readonly text?: string;
  readonly by?: string;
  readonly applicationCondition?: { name: string; xmlns: string };
  readonly alternateAddress?: string;
  readonly missing?: { after: string; before?: string };
  readonly remediation?: string;
  readonly cause?: unknown;
  /** All fields, for `JSON.stringify()`. */
  toJSON(): XmppErrorDetails;
}

/** XML whose inserted values are escaped. */
export interface Xml {
  readonly source: string;
  toString(): string;
}

/** What {@link xml} takes. `null`, `undefined` and `false` insert nothing. */
export type XmlValue = string | number | bigint | boolean | null | undefined | Xml | Stanza | readonly XmlValue[];

/**
 * Writes XML for {@link Client.request} and {@link Client.sendRaw}: what is inserted is escaped, for text and for attributes
 * alike; other `xml` results, elements as plain data, and arrays of them, are inserted as they are. An attribute needs no quotes around its value;
 * then it is left out when the value is `undefined`, `null` or `false`.
 *
 * ```ts
 * const items = jids.map((jid) => xml`<item jid=${jid}/>`);
 * client.sendRaw(xml`<message to=${to}><x xmlns="urn:example">${items}</x></message>`);
 * ```
 *
 * @throws `invalid-argument` for a value that XML cannot carry.
 */
export function xml(strings: TemplateStringsArray, ...values: XmlValue[]): Xml;

/**
 * Reads the styles of a text (XEP-0393), to be shown without any markup of a stranger's: put each `text` into a text node. Not for messages that
 * are `unstyled`. It takes time in proportion to the text, whatever that says; quotes are opened 16 deep, and what is deeper stays text.
 *
 * ```ts
 * import { parseStyling, type StyledSpan } from "waxwing";
 *
 * const TAGS = { strong: "strong", emphasis: "em", strikethrough: "s", code: "code" };
 * const show = (spans: StyledSpan[]): Node[] => spans.map((span) => {
 *   if (span.type === "text") return new Text(span.text);
 *   const element = document.createElement(TAGS[span.type]);
 *   element.append(span.mark, ...(span.type === "code" ? [span.text] : show(span.spans)), span.mark);
 *   return element;
 * });
 * for (const block of parseStyling("*Hi*")) if (block.type === "paragraph") document.body.append(...show(block.spans));
 * ```
 *
 * @throws `invalid-argument` if it is not a text.
 */
export function parseStyling(body: string): StyledBlock[];

/** A part of a text: its lines one by one, and what is more than a line. */
export type StyledBlock =
  /** One line; without spans, an empty one. */
  | { type: "paragraph"; spans: StyledSpan[] }
  /** What stands behind `>`. */
  | { type: "quote"; blocks: StyledBlock[] }
  /** What stands between fences of three backticks. `info` is what follows the first: the name of a language, by custom. */
  | { type: "preformatted"; text: string; info?: string };

/** A part of a line. `mark` is what stood on both sides of it; XEP-0393, section 7 recommends to show it too. */
export type StyledSpan =
  | { type: "text"; text: string }
  | { type: "strong"; mark: "*"; spans: StyledSpan[] }
  | { type: "emphasis"; mark: "_"; spans: StyledSpan[] }
  | { type: "strikethrough"; mark: "~"; spans: StyledSpan[] }
  | { type: "code"; mark: "`"; text: string };

/**
 * What somebody says that they do (XEP-0245): what follows `/me ` at the beginning of a body. To be shown behind their name, and so that nobody takes it
 * for what the app itself says. Styles are read of what it returns.
 *
 * ```ts
 * import { actionOf, parseStyling } from "waxwing";
 *
 * const body = "/me shrugs in *disgust*";
 * const action = actionOf(body);
 * const blocks = parseStyling(action ?? body);
 * ```
 *
 * @throws `invalid-argument` if it is not a text.
 */
export function actionOf(body: string): string | undefined;
