// The floor: a socket written by hand that parses nothing. A frame is looked at only as far as its first characters, and handed on
// as it came; logging in takes what it needs with string searches. No client can do less.

const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
const SASL2 = "urn:xmpp:sasl:2";

export async function open(account) {
  return new RawClient(account);
}

class RawClient {
  tellMessage = () => {};
  tellPresence = () => {};
  waiting = undefined;
  roster = "";

  constructor(account) {
    this.account = account;
  }

  onMessage(tell) {
    this.tellMessage = tell;
  }

  onPresence(tell) {
    this.tellPresence = tell;
  }

  rosterSize() {
    return this.roster.split("<item ").length - 1;
  }

  async connect() {
    const { url, host, user, password } = this.account;
    this.socket = new WebSocket(url, "xmpp");
    await new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onclose = () => reject(new Error("closed"));
    });
    this.socket.onmessage = ({ data }) => this.handle(data);
    const features = await this.openStream(host);
    if (features.includes(SASL2)) {
      await this.scram(user, password);
    } else {
      await this.ask(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${btoa(`\0${user}\0${password}`)}</auth>`, "<success");
      await this.openStream(host);
      await this.ask(`<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`, "<iq");
    }
    this.roster = await this.ask(`<iq xmlns="jabber:client" type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`, "<iq");
    this.socket.send(`<presence xmlns="jabber:client"/>`);
  }

  send(to, body) {
    const text = body.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
    this.socket.send(`<message xmlns="jabber:client" type="chat" to="${to}" id="${crypto.randomUUID()}"><body>${text}</body></message>`);
  }

  async close() {
    this.socket.onclose = null;
    this.socket.send(`<close xmlns="${FRAMING}"/>`);
    this.socket.close();
  }

  /** Resolves with the stream's features. */
  openStream(host) {
    return this.ask(`<open xmlns="${FRAMING}" to="${host}" version="1.0"/>`, "<stream:features");
  }

  /** Sends a frame, and resolves with the next one that begins like that. */
  ask(frame, beginning) {
    const answer = new Promise((resolve) => (this.waiting = { beginning, resolve }));
    this.socket.send(frame);
    return answer;
  }

  handle(frame) {
    if (frame.startsWith("<message")) {
      this.tellMessage(frame);
    } else if (this.waiting && frame.startsWith(this.waiting.beginning)) {
      const { resolve } = this.waiting;
      this.waiting = undefined;
      resolve(frame);
    } else if (frame.startsWith("<presence")) {
      this.tellPresence(frame);
    }
  }

  /** SASL2 with Bind 2, and RFC 5802 without the check of the server's signature. */
  async scram(user, password) {
    const bytes = (text) => new TextEncoder().encode(text);
    const base64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
    const bare = `n=${user},r=${crypto.randomUUID()}`;
    const initial = `<initial-response>${btoa(`n,,${bare}`)}</initial-response><bind xmlns="urn:xmpp:bind:0"/>`;
    const challenge = await this.ask(`<authenticate xmlns="${SASL2}" mechanism="SCRAM-SHA-1">${initial}</authenticate>`, "<challenge");
    const first = atob(/>([^<]+)</.exec(challenge)[1]);
    const { r, s, i } = Object.fromEntries(first.split(",").map((part) => [part[0], part.slice(2)]));
    const salt = Uint8Array.from(atob(s), (character) => character.charCodeAt(0));
    const secret = await crypto.subtle.importKey("raw", bytes(password), "PBKDF2", false, ["deriveBits"]);
    const salted = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1", salt, iterations: Number(i) }, secret, 160);
    const hmac = async (key, data) => {
      const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
      return crypto.subtle.sign("HMAC", imported, data);
    };
    const clientKey = new Uint8Array(await hmac(salted, bytes("Client Key")));
    const storedKey = await crypto.subtle.digest("SHA-1", clientKey);
    const final = `c=biws,r=${r}`;
    const signature = new Uint8Array(await hmac(storedKey, bytes(`${bare},${first},${final}`)));
    const proof = clientKey.map((byte, at) => byte ^ signature[at]);
    await this.ask(`<response xmlns="${SASL2}">${btoa(`${final},p=${base64(proof)}`)}</response>`, "<success");
  }
}
