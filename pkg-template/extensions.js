// Extensions that an app brings: client.extend().

import { callback, listOf, nonEmpty, shape } from "./check.js";
import { invalid, report, XmppError } from "./error.js";
import { xml } from "./xml.js";

const extensionShape = shape(
  { name: nonEmpty, namespaces: listOf(nonEmpty), onMessage: callback, onPresence: callback, onIq: callback },
  "name",
  "namespaces",
);

const STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";

export class Extensions {
  constructor(core) {
    this.core = core;
    this.known = [];
  }

  /** Returns the function that takes it away again. */
  add(given) {
    const extension = extensionShape(given, "extension");
    const taken = extension.namespaces.find((namespace) => this.of(namespace));
    if (taken) throw invalid(`extension.namespaces: ${taken} belongs to ${this.of(taken).name} already`);
    this.known.push(extension);
    this.tell(this.core.engine);
    return () => {
      this.known = this.known.filter((other) => other !== extension);
      this.tell(this.core.engine);
    };
  }

  of(namespace) {
    return this.known.find(({ namespaces }) => namespaces.includes(namespace));
  }

  /** The engine has to know which namespaces are asked for. */
  tell(engine) {
    engine?.command(0, "extend", JSON.stringify(this.known.flatMap(({ namespaces }) => namespaces)));
  }

  /** What an extension returns for its payloads becomes part of the message. */
  read(message) {
    for (const payload of message.payloads ?? []) {
      Object.assign(message, attempt(() => this.of(payload.xmlns)?.onMessage?.(payload, message)));
    }
  }

  handle({ kind, id, payload, ...about }) {
    const extension = this.of(payload.xmlns);
    if (kind === "presence") attempt(() => extension?.onPresence?.(payload, about));
    else this.answer(extension, id, payload, about);
  }

  /** RFC 6120, section 8.2.3: a request is always answered. */
  async answer(extension, id, payload, about) {
    let answer;
    try {
      if (!extension?.onIq) throw new XmppError({ code: "stanza-error", message: "nobody answers that", condition: "service-unavailable" });
      const result = await extension.onIq(payload, about);
      answer = xml`<iq type="result" id=${id} to=${about.from}>${result}</iq>`;
    } catch (error) {
      const isRefusal = error instanceof XmppError && error.condition !== undefined;
      if (!isRefusal) report(error);
      const { condition, type = "cancel", text } = isRefusal ? error : { condition: "internal-server-error" };
      const element = (name, ...children) => ({ name, xmlns: STANZA_ERRORS, attrs: {}, children });
      const words = text && element("text", text);
      answer = xml`<iq type="error" id=${id} to=${about.from}><error type=${type}>${element(condition)}${words}</error></iq>`;
    }
    // Who asked is gone, or we are.
    attempt(() => this.core.run((engine) => engine.sendRaw(String(answer))));
  }
}

function attempt(act) {
  try {
    return act();
  } catch (error) {
    report(error);
  }
}
