// The XML console: every stanza in and out while it is open, and a field to send one by hand.

import { fitToText, h, icon, iconButton, StickyScroll, uniqueId } from "./dom.js";
import { prettyXml } from "./pretty-xml.js";
import { errorWords, timeWords } from "./words.js";

const MOST_ENTRIES = 200;

const EXAMPLES = {
  "Ping the server": `<iq type="get" id="ping-1"><ping xmlns="urn:xmpp:ping"/></iq>`,
  "Ask what the server can do": `<iq type="get" id="disco-1"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  "Ask for the roster": `<iq type="get" id="roster-1"><query xmlns="jabber:iq:roster"/></iq>`,
  "Go away for a while": `<presence><show>away</show><status>Out for a duel</status></presence>`,
};

export class XmlConsole {
  #client;
  #stopListening;
  #log = h("div", { class: "console-log", role: "log", "aria-live": "off", "aria-label": "Stanzas", tabindex: "0" });
  #scroll = new StickyScroll(this.#log);
  #input;
  #message = h("p", { class: "form-message", role: "alert" });

  constructor({ client, jid, onClose }) {
    this.#client = client;
    const inputId = uniqueId("stanza");
    this.#input = h("textarea", {
      id: inputId, rows: "1", spellcheck: "false", autocapitalize: "none", autocomplete: "off", dir: "ltr",
      placeholder: "A stanza: <iq …/>",
      oninput: () => fitToText(this.#input),
      onkeydown: (event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        this.#send();
      },
    });
    this.element = h("section", {
      class: "console", id: uniqueId("console"), "aria-label": `XML console of ${jid}`, hidden: true,
      onkeydown: (event) => event.key === "Escape" && onClose(),
    },
    h("header", { class: "console-header" },
      h("h3", {}, "XML console"),
      this.#examples(),
      h("button", { type: "button", class: "small", onclick: () => this.#log.replaceChildren() }, "Clear"),
      iconButton("close", "Close the XML console", onClose)),
    this.#log,
    h("form", {
      class: "console-form", onsubmit: (event) => {
        event.preventDefault();
        this.#send();
      },
    },
    h("label", { class: "visually-hidden", for: inputId }, "A stanza to send"), this.#input,
    h("button", { type: "submit", class: "primary", title: "Send (Ctrl+Enter)" }, "Send XML"),
    this.#message));
  }

  get isOpen() {
    return this.#stopListening !== undefined;
  }

  /** Listening costs: the client makes the text of a stanza only while somebody listens. */
  open() {
    if (this.isOpen) return;
    this.#stopListening = this.#client.on("stanza", (stanza) => this.#add(stanza));
    this.element.hidden = false;
    this.#scroll.toEnd();
    this.#input.focus();
  }

  close() {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.element.hidden = true;
  }

  #add({ direction, xml }) {
    const now = Date.now();
    const word = direction === "in" ? "in" : "out";
    this.#scroll.change(() => {
      this.#log.append(h("article", { class: `stanza is-${word}` },
        h("p", { class: "stanza-meta" },
          h("span", { class: "stanza-direction", title: word === "in" ? "from the server" : "to the server" }, icon("down"), word),
          h("time", { datetime: new Date(now).toISOString() }, timeWords(now))),
        h("pre", { dir: "ltr" }, prettyXml(xml))));
      while (this.#log.childElementCount > MOST_ENTRIES) this.#log.firstElementChild.remove();
    });
  }

  #send() {
    const text = this.#input.value.trim();
    if (!text) return;
    this.#message.textContent = "";
    try {
      this.#client.sendRaw(text);
      this.#input.value = "";
      fitToText(this.#input);
    } catch (error) {
      this.#message.textContent = errorWords(error);
    }
    this.#input.focus();
  }

  #examples() {
    const select = h("select", {
      "aria-label": "Examples", onchange: () => {
        this.#input.value = EXAMPLES[select.value] ?? "";
        select.value = "";
        fitToText(this.#input);
        this.#input.focus();
      },
    },
    h("option", { value: "" }, "Examples…"), Object.keys(EXAMPLES).map((name) => h("option", { value: name }, name)));
    return select;
  }
}
