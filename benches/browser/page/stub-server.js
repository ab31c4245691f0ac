// A server inside the page: it takes the place of WebSocket, so that the client alone is measured. It logs anybody in (PLAIN), binds,
// counts for stream management, and answers requests. Each answer is a task of its own, as from the network.

let contacts = 0;
/** The items of the roster as XML, made once: a long one takes time. */
let items;
/** Who hears of the messages that the client sends. */
let hearMessage;
let isDeaf = false;

/** The socket that was opened last. */
export let socket;

export const ACCOUNT = { url: "wss://stub.test/ws", host: "stub.test", user: "romeo", jid: "romeo@stub.test", password: "s3cret" };
const OWN = "romeo@stub.test/bench";

/** From now on a WebSocket to the stub's address reaches it, and any other the network. Before a peer is imported: some look only then. */
export function install() {
  const construct = (Native, [url, ...rest]) => (url === ACCOUNT.url ? new StubSocket(url) : new Native(url, ...rest));
  globalThis.WebSocket = new Proxy(WebSocket, { construct });
}

/** How many contacts the roster has. */
export function setContacts(count) {
  if (count !== contacts) items = undefined;
  contacts = count;
}

/** `hear` is called with each message of the client. */
export function onMessage(hear) {
  hearMessage = hear;
}

/** Whether requests stay without an answer. */
export function setDeaf(isSo) {
  isDeaf = isSo;
}

const tasks = new MessageChannel();
/** By number, since taking the first of a long array moves all others. */
const waiting = new Map();
let lastWaiting = 0;
let lastRun = 0;
tasks.port1.onmessage = () => {
  lastRun += 1;
  const act = waiting.get(lastRun);
  waiting.delete(lastRun);
  act();
};

/** Runs `act` in a task of its own. Timers would be late: browsers slow down those that follow each other. */
function later(act) {
  waiting.set((lastWaiting += 1), act);
  tasks.port2.postMessage(0);
}

/** Resolves in a new task. */
export const tick = () => new Promise((resolve) => later(resolve));

class StubSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  readyState = StubSocket.CONNECTING;
  protocol = "xmpp";
  bufferedAmount = 0;
  /** How many messages the client has sent. */
  messages = 0;
  stanzas = 0;
  isLoggedIn = false;
  listeners = { open: [], message: [], error: [], close: [] };

  constructor(url) {
    this.url = url;
    socket = this;
    later(() => {
      this.readyState = StubSocket.OPEN;
      this.fire(new Event("open"));
    });
  }

  addEventListener(type, listener) {
    this.listeners[type].push(listener);
  }

  removeEventListener(type, listener) {
    this.listeners[type] = this.listeners[type].filter((known) => known !== listener);
  }

  send(frame) {
    if (frame.startsWith("<message")) {
      this.messages += 1;
      this.stanzas += 1;
      hearMessage?.(frame);
      return;
    }
    later(() => this.answer(frame));
  }

  close(code = 1000) {
    if (this.readyState === StubSocket.CLOSED) return;
    this.readyState = StubSocket.CLOSED;
    later(() => this.fire(new CloseEvent("close", { code, wasClean: true })));
  }

  /** The connection is lost. */
  cut() {
    this.readyState = StubSocket.CLOSED;
    this.fire(new CloseEvent("close", { code: 1006, wasClean: false }));
  }

  /** What the server says. */
  deliver(frame) {
    this.fire(frameEvent(frame));
  }

  fire(event) {
    this[`on${event.type}`]?.(event);
    for (const listener of this.listeners[event.type]) listener.call(this, event);
  }

  answer(frame) {
    const name = /^<([^\s/>]+)/.exec(frame)[1];
    if (name === "presence" || name === "iq") this.stanzas += 1;
    if (name === "open") {
      this.deliver(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="stub.test" id="s" version="1.0" xml:lang="en"/>`);
      later(() => this.deliver(features(this.isLoggedIn)));
    } else if (name === "auth") {
      this.isLoggedIn = true;
      this.deliver(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    } else if (name === "enable") {
      this.stanzas = 0;
      this.deliver(`<enabled xmlns="urn:xmpp:sm:3"/>`);
    } else if (name === "r") {
      this.deliver(`<a xmlns="urn:xmpp:sm:3" h="${this.stanzas}"/>`);
    } else if (name === "close") {
      this.deliver(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`);
    } else if (name === "iq" && /type=["'](get|set)["']/.test(frame) && !(isDeaf && frame.includes("jabber:iq:version"))) {
      this.deliver(result(frame));
    }
  }
}

/** Made ahead where many are delivered: from JavaScript that costs more than handling one. */
export function frameEvent(frame) {
  return new MessageEvent("message", { data: frame });
}

function features(isLoggedIn) {
  const offer = isLoggedIn
    ? `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><sm xmlns="urn:xmpp:sm:3"/>`
    : `<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>`;
  return `<stream:features xmlns:stream="http://etherx.jabber.org/streams">${offer}</stream:features>`;
}

function result(request) {
  const [, id] = /\sid=["']([^"']+)["']/.exec(request);
  let payload = "";
  if (request.includes("xmpp-bind")) payload = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>${OWN}</jid></bind>`;
  if (request.includes("jabber:iq:roster")) payload = `<query xmlns="jabber:iq:roster" ver="1">${rosterItems()}</query>`;
  return `<iq xmlns="jabber:client" type="result" id="${id}" to="${OWN}">${payload}</iq>`;
}

const contact = (n) => `contact-${n}@stub.test`;

export function rosterItems() {
  const item = (_, n) => `<item jid="${contact(n)}" name="Contact number ${n}" subscription="both"><group>Group ${n % 20}</group></item>`;
  items ??= Array.from({ length: contacts }, item).join("");
  return items;
}

/** A message with that body, and elements beside it. */
export function messageOf(n, body, elements = "") {
  return `<message xmlns="jabber:client" type="chat" id="m${n}" from="${contact(n % 50)}/phone" to="${OWN}"><body>${body}</body>${elements}</message>`;
}

/** What a chat client gets: a body, a chat state, two ids, and a request for a receipt. About 480 bytes. */
export function chatMessage(n) {
  return (
    `<message xmlns="jabber:client" type="chat" id="m${n}" from="${contact(n % 50)}/phone" to="${OWN}">` +
    `<body>Message number ${n}: but soft, what light through yonder window breaks?</body>` +
    `<active xmlns="http://jabber.org/protocol/chatstates"/><origin-id xmlns="urn:xmpp:sid:0" id="o${n}"/>` +
    `<stanza-id xmlns="urn:xmpp:sid:0" by="romeo@stub.test" id="a${n}"/><request xmlns="urn:xmpp:receipts"/></message>`
  );
}

export function presence(n) {
  return (
    `<presence xmlns="jabber:client" from="${contact(n)}/phone" to="${OWN}"><show>away</show><status>At lunch, number ${n}</status>` +
    `<priority>5</priority><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://example.org" ver="QgayPKawpkPSDYmwT/WM94uAlu0="/></presence>`
  );
}
