// Everything that the contract offers, used the way an app would.

import { actionOf, Client, init, parseStyling, xml, XmppError } from "waxwing";
import type {
  ArchivePreferences,
  ClientEvents,
  ClientOptions,
  ClientState,
  LogEntry,
  Message,
  Presence,
  RosterItem,
  Stanza,
  StanzaErrorCondition,
  StorageAdapter,
  StyledBlock,
  StyledSpan,
  Xml,
  XmppErrorCode,
} from "waxwing";

// An app's extension of its own.
declare module "waxwing" {
  interface Message {
    poll?: { question: string | undefined };
  }
}

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(is: Same<A, B>): void {
  void is;
}

const storage: StorageAdapter = { get: () => null, set() {}, remove: async () => {} };
const everything: ClientOptions = {
  jid: "romeo@example.net/balcony",
  credentials: async ({ mechanisms, jid }) => ({ password: `${jid} ${mechanisms.join()}` }),
  url: "wss://example.net/xmpp-websocket",
  allowInsecure: false,
  resource: "orchard",
  language: "en",
  presence: { show: "away", status: "back soon", statuses: { de: "gleich zurück" }, priority: 5 },
  reconnect: { minDelayMs: 500, maxDelayMs: 30_000, maxAttempts: 10 },
  storage,
  timeouts: { connectMs: 10_000, requestMs: 10_000, pingMs: 30_000, pongMs: 5_000 },
  log: ({ timestamp, level, message, error }: LogEntry) => console.log(timestamp, level, message, error?.code),
};

async function main(signal: AbortSignal): Promise<void> {
  await init();
  await init("/waxwing_bg.wasm");
  await init(new URL("https://example.net/waxwing_bg.wasm"));
  await init(new Uint8Array(8));

  const client = new Client(everything);
  new Client({ jid: "example.net", presence: false, reconnect: false, storage: "none", password: undefined });
  const state: ClientState = client.state;
  const jid: string | undefined = client.jid;
  await client.connect({ signal });

  const unsubscribe: () => void = client.on("message", (message) => same<typeof message, Message>(true));
  client.once("presence", (presence) => same<typeof presence, Presence>(true));
  client.off("chat-state", () => {});
  client.on("state", (event) => {
    if (event.current === "waiting") same<typeof event.retryInMs, number>(true);
    if (event.current === "online") same<typeof event.resumed, boolean>(true);
    const { current, previous, error, retryInMs, resumed } = event;
    console.log(current, previous, error?.remediation, retryInMs, resumed);
  });
  client.on("delivery", (event) => {
    if (event.stage === "failed") same<typeof event.error, XmppError>(true);
  });
  client.on("error", (error) => same<typeof error, XmppError>(true));
  for await (const item of client.events("roster", { signal })) console.log(item.change, item.items.length);

  const contacts: readonly RosterItem[] = client.roster.items;
  const contact: RosterItem | undefined = client.roster.get("juliet@example.com");
  await client.roster.add({ jid: "juliet@example.com", name: "Juliet", groups: ["Friends"] }, { signal, timeoutMs: 5_000 });
  await client.roster.update({ jid: "juliet@example.com", groups: [] });
  await client.roster.remove("juliet@example.com");
  await client.roster.subscribe("juliet@example.com");
  await client.roster.subscribe("juliet@example.com", { nick: "Romeo", status: "We met at the ball" });
  await client.roster.approve("juliet@example.com");
  await client.roster.deny("juliet@example.com");
  await client.roster.unsubscribe("juliet@example.com");

  const blocked: readonly string[] = client.blocking.items;
  await client.blocking.block("iago@example.com", { signal, report: { reason: "abuse", text: "Lies", stanzaIds: ["1", { id: "2", by: "room@example.com" }] } });
  await client.blocking.block([...blocked, "example.org"]);
  await client.blocking.unblock("iago@example.com", { timeoutMs: 5_000 });
  await client.blocking.unblockAll();
  client.on("blocking", ({ change, jids }) => console.log(change, jids.length));

  const { identities, features, forms } = await client.disco.info("juliet@example.com/balcony", undefined, { signal });
  const isTyping: boolean = await client.disco.supports("juliet@example.com/balcony", "http://jabber.org/protocol/chatstates", { timeoutMs: 5_000 });
  console.log(identities[0]?.category, features.length, forms[0]?.fields["os"]?.[0], isTyping);
  for await (const { jid, node, name } of client.disco.items("rooms.example.com", "urn:node")) console.log(jid, node, name);
  const { name, version, os } = await client.disco.version("example.com");
  const { timestamp, offsetMinutes } = await client.disco.time("example.com", { signal });
  const { seconds, status } = await client.disco.lastActivity("example.com");
  console.log(name, version, os, timestamp, offsetMinutes, seconds, status);

  await client.presence.set({ show: "dnd", status: "busy" });
  await client.presence.sendTo("juliet@example.com", {});
  await client.presence.sendTo("juliet@example.com", { type: "unavailable" });
  const best: Presence | undefined = client.presence.of("juliet@example.com");
  const all: Presence[] = client.presence.resources("juliet@example.com");

  const sent: Message = await client.messages.send(
    { to: "juliet@example.com", body: "Hi", type: "chat", id: "m1", thread: "t1", subject: "S", bodies: { de: "Hallo" } },
    { signal },
  );

  await client.messages.send({
    to: "juliet@example.com",
    attachments: [{ urls: ["https://example.com/rose.jpg"], name: "rose.jpg", size: 3, hashes: { "sha-256": "eA==" }, disposition: "inline" }],
    links: [{ about: "https://example.com/", title: "A page", images: [{ url: "https://example.com/1.png" }] }],
    encryption: { namespace: "urn:xmpp:omemo:2" },
    payloads: [xml`<poll xmlns="urn:example:poll"/>`],
  });
  for (const { urls, mediaType, thumbnails } of sent.attachments ?? []) console.log(urls[0], mediaType, thumbnails?.[0]?.uri);
  for (const { about, images } of sent.links ?? []) console.log(about, images?.[0]?.alt);
  for (const payload of sent.payloads ?? []) console.log(`${xml`${payload}`}`, sent.encryption?.name);
  const remove: () => void = client.extend({
    name: "polls",
    namespaces: ["urn:example:poll"],
    onMessage: (payload, message) => (message.direction === "in" ? { poll: { question: payload.attrs["question"] } } : undefined),
    onPresence: (payload, { from }) => console.log(payload.name, from),
    onIq: async (payload, { type }) => (type === "set" ? xml`<counted xmlns=${payload.xmlns}/>` : undefined),
  });
  remove();
  console.log(sent.poll?.question);
  await client.messages.send({ to: "juliet@example.com", body: "Hi", receipt: false });
  new Client({ jid: "a@b", receipts: "none" });
  client.on("displayed", ({ with: jid, id, stanzaId }) => console.log(jid, id ?? stanzaId));
  await client.messages.markDisplayed(sent);
  await client.messages.markDisplayed({ to: "juliet@example.com", id: "m1" });
  new Client({ jid: "a@b", markers: "all" });
  await client.messages.sendChatState("juliet@example.com", "composing");
  await client.messages.sendChatState("coven@chat.example.com", "active", { type: "groupchat" });

  const corrected: Message = await client.messages.correct(sent, { body: "Ho" }, { timeoutMs: 5_000 });
  await client.messages.correct({ to: "juliet@example.com", id: corrected.replaces ?? "m1" }, { bodies: { de: "Ho" }, replyTo: { id: "m0" } });
  for await (const message of client.messages.history("juliet@example.com", { before: sent, limit: 20, signal })) same<typeof message, Message>(true);
  for await (const { stanzaId } of client.messages.history()) console.log(stanzaId);
  const preferences: ArchivePreferences = await client.messages.archivePreferences({ signal });
  await client.messages.setArchivePreferences({ never: [...preferences.never, "tybalt@example.com"] }, { timeoutMs: 5_000 });
  await client.messages.react(sent, ["\u{1f44b}"]);
  await client.messages.react({ to: "room@example.com", id: "s1", type: "groupchat" }, []);
  const answer: Message = await client.messages.reply(sent, { body: "Indeed", subject: "S" }, { signal });
  await client.messages.retract(answer);
  await client.messages.send({ to: "a@b", body: "gone", retracts: "m1", replyTo: { id: "m0", to: "a@b/c", quote: "Hi" } });
  await client.messages.requestAttention("juliet@example.com", { signal });
  await client.messages.send({ to: "a@b/c", body: "psst", spoiler: "", attention: false, hints: ["no-store", "no-copy"], unstyled: true });
  const text = (spans: StyledSpan[]): string =>
    spans.map((span) => (span.type === "text" ? span.text : `${span.mark}${span.type === "code" ? span.text : text(span.spans)}${span.mark}`)).join("");
  const plain = (block: StyledBlock): string => {
    if (block.type === "quote") return block.blocks.map(plain).join("\n");
    return block.type === "preformatted" ? (block.info ?? "") + block.text : text(block.spans);
  };
  const action: string | undefined = actionOf(answer.body ?? "");
  console.log(parseStyling(action ?? "*Hi*").map(plain), answer.spoiler, answer.hints?.includes("store"), answer.attention, answer.unstyled);
  console.log(answer.replyTo?.to, answer.fallbacks?.map((fallback) => fallback.for), answer.reactions?.emojis, answer.retracted?.timestamp);

  const item: Xml = xml`<item jid=${"a@b"} count=${3} name=${undefined}/>`;
  const stanza: Stanza = await client.request(xml`<iq type="get"><query xmlns="urn:x">${[item, item]}</query></iq>`, { timeoutMs: 5_000 });
  for (const child of stanza.children) console.log(typeof child === "string" ? child : child.attrs["jid"]);
  client.sendRaw("<presence/>");

  await client.account.logout();
  new Client({ jid: "a@b", credentials: () => ({ token: "t" }) });
  new Client({ jid: "a@b", credentials: async () => ({ external: true }) });

  try {
    await client.disconnect();
  } catch (error) {
    if (error instanceof XmppError && error.condition === "item-not-found") console.log(error.text, error.by, error.cause);
  }
  unsubscribe();
  console.log(state, jid, contacts, contact, best, all, sent);
}

// Names and meanings that must not change.
same<keyof ClientEvents, "state" | "message" | "delivery" | "chat-state" | "displayed" | "presence" | "subscription" | "roster" | "blocking" | "stanza" | "error">(true);
const code: XmppErrorCode = new XmppError({ code: "timeout", message: "no answer" }).code;
const condition: StanzaErrorCondition = "unexpected-request";
console.log(main, code, condition);

// What must not compile.
// @ts-expect-error: jid is missing
new Client({ password: "x" });
// @ts-expect-error: no such option
new Client({ jid: "a@b", passwort: "x" });
const client = new Client({ jid: "a@b" });
// @ts-expect-error: one or the other
new Client({ jid: "a@b", credentials: () => ({ token: "t", password: "x" }) });
// @ts-expect-error: no such event
client.on("mesage", () => {});
// @ts-expect-error: read only
client.state = "online";
// @ts-expect-error: a message of type error cannot be sent
void client.messages.send({ to: "a@b", type: "error" });
// @ts-expect-error: where a correction goes to is known
void client.messages.correct({ to: "a@b", id: "m1" }, { to: "a@b", body: "Ho" });
// @ts-expect-error: objects have no place in XML
xml`<a>${{}}</a>`;
// @ts-expect-error: an arbitrary object is no XML
void client.request({});
