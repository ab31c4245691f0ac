// The conversation with one contact: who they are, what was said, and the field to say more.

import { Bubble } from "./bubble.js";
import { coalesce, fitToText, h, icon, iconButton, StickyScroll, uniqueId } from "./dom.js";
import { menuButton } from "./menu.js";
import { avatarColor, contactName, dayWords, presenceKind, presenceWords } from "./words.js";

const MOST_BUBBLES = 500;            // older ones leave the page; a real app pages through the archive instead
const SAME_BREATH_MS = 3 * 60_000;   // messages of one side within this time stand close together

// An error that `send` rejects with before the message was ever queued: there is no bubble to show it on.
const NEVER_QUEUED = ["invalid-argument", "not-connected"];

export class Conversation {
  unread = 0;

  /** Draws name, presence and hints as they are now. Cheap to call often. */
  refresh = coalesce(() => this.#draw());

  #client;
  #notices;
  #bubbles = [];         // all that show, oldest first
  #sent = new Map();     // id -> Bubble, of our own messages: only we vouch for our ids
  #last;                 // the newest message
  #unseen;               // the newest of theirs that they do not know to be read
  #isTyping = false;
  #scroll;
  #isOnScreen = false;
  #log;
  #newBelow;
  #hint = h("div", { class: "conversation-hint", hidden: true });
  #hintKind;
  #avatar;
  #dot = h("span", { class: "presence-dot", "aria-hidden": "true" });
  #name = h("h3", { dir: "auto", tabindex: "-1" });
  #presence = h("p", { class: "conversation-presence", dir: "auto" });
  #input;
  #send;
  #onAdd;
  #onRead;

  /**
   * @param {object} options
   * @param {import("waxwing").Client} options.client
   * @param {string} options.jid   the bare JID of the contact
   */
  constructor({ client, jid, notices, onBack, onRead, onAdd, onEdit, onRemove }) {
    this.jid = jid;
    this.#client = client;
    this.#notices = notices;
    this.#onAdd = onAdd;
    this.#onRead = onRead;

    this.#avatar = h("span", { class: `avatar ${avatarColor(jid)}` });
    this.#log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", tabindex: "0" });
    this.#scroll = new StickyScroll(this.#log);
    this.#newBelow = h("button", { type: "button", class: "new-below", hidden: true, onclick: () => this.#toEnd() }, icon("down"), "New messages");
    this.#log.addEventListener("scroll", () => this.#scroll.isAtEnd && this.markReadIfVisible(), { passive: true });
    // Asking the layout at each message would cost more than the message. (Opened, switched to, scrolled to: all of it.)
    new IntersectionObserver((entries) => {
      this.#isOnScreen = entries.at(-1).isIntersecting;
      this.markReadIfVisible();
    }).observe(this.#log);
    const menu = menuButton("Contact menu", () => this.#menuItems({ onEdit, onRemove }));

    this.element = h("section", { class: "conversation" },
      h("header", { class: "conversation-header" },
        iconButton("back", "Back to the contacts", onBack, { class: "icon-button back" }),
        h("span", { class: "row-avatar", "aria-hidden": "true" }, this.#avatar, this.#dot),
        h("div", { class: "conversation-title" }, this.#name, this.#presence),
        menu),
      this.#hint,
      h("div", { class: "log-frame" }, this.#log, this.#newBelow),
      this.#composer());
    this.#draw();
  }

  /** Adds a message, in or out, that the client has told of. */
  add(message) {
    if (message.type === "error") {
      // The bubble it is about has it already, from its `delivery` event.
      if (!this.#sent.has(message.id)) this.#notices.error(`An error came back from ${message.from}`, message.error);
      return;
    }
    // A message can carry nothing to show, for instance only an extension that this demo does not know.
    if (message.body === undefined && message.subject === undefined) return;

    const bubble = new Bubble(message, {
      author: message.direction === "out" ? "You" : contactName(this.#client, this.jid),
      onResend: () => this.#post(message.body),
    });
    this.#bubbles.push(bubble);
    if (message.direction === "out") this.#sent.set(message.id, bubble);

    const isAtEnd = this.#scroll.change(() => {
      if (!this.#last || dayWords(this.#last.timestamp) !== dayWords(message.timestamp)) {
        this.#log.append(h("p", { class: "day" }, h("span", {}, dayWords(message.timestamp))));
      }
      const isContinued = this.#last?.direction === message.direction && message.timestamp - this.#last.timestamp < SAME_BREATH_MS;
      bubble.element.classList.toggle("is-continued", isContinued);
      this.#log.append(bubble.element);
      this.#last = message;
      this.#forgetOldest();
    });

    if (message.direction === "in") this.#unseen = message;
    if (message.direction === "out") this.#toEnd();
    else if (!this.#isVisible() || !isAtEnd) this.unread += 1;
    else this.#tellRead();
    this.#newBelow.hidden = isAtEnd || message.direction === "out";
  }

  /** @param {{ id: string, stage: string, error?: import("waxwing").XmppError }} delivery */
  setDelivery({ id, stage, error }) {
    const bubble = this.#sent.get(id);
    if (!bubble) return;
    this.#scroll.change(() => {
      bubble.setDelivery(stage, error);
      if (stage === "failed") this.#sayFailureOnce(bubble);
    });
  }

  /** Of messages one below the other that failed for the same reason, the last one says it. */
  #sayFailureOnce(bubble) {
    const at = this.#bubbles.indexOf(bubble);
    const [before, after] = [this.#bubbles[at - 1], this.#bubbles[at + 1]];
    if (before?.failureText === bubble.failureText) before.leaveFailureToNext();
    if (after?.failureText === bubble.failureText) bubble.leaveFailureToNext();
  }

  markReadIfVisible() {
    if (!this.#isVisible() || !this.#scroll.isAtEnd) return;
    this.#newBelow.hidden = true;
    this.#tellRead();
    if (this.unread === 0) return;
    this.unread = 0;
    this.#onRead();
  }

  /** They are told that it was read up to there, if they may know. Of no use once it is too late for that. */
  #tellRead() {
    const message = this.#unseen;
    this.#unseen = undefined;
    if (message) this.#client.messages.markDisplayed(message).catch(() => {});
  }

  /** @param {string} state  XEP-0085 */
  setChatState(state) {
    this.#isTyping = state === "composing";
    this.refresh();
  }

  focus() {
    // It may have been laid out for the first time just now.
    if (this.#scroll.isAtEnd) this.#scroll.toEnd();
    // On a touch screen the keyboard would cover what one has come to read.
    const target = matchMedia("(pointer: coarse)").matches ? this.#name : this.#input;
    target.focus({ preventScroll: true });
  }

  #composer() {
    const inputId = uniqueId("message");
    this.#input = h("textarea", {
      id: inputId, rows: "1", dir: "auto", placeholder: "Write a message", enterkeyhint: "send",
      oninput: () => {
        fitToText(this.#input);
        // Once a keystroke: what is sent, and when it is over, the client knows.
        this.#client.messages.sendChatState(this.jid, this.#input.value ? "composing" : "active").catch(() => {});
      },
      onkeydown: (event) => {
        // While an input method composes a character, Enter belongs to it.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.#submit();
      },
    });
    this.#send = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
    return h("form", {
      class: "composer", onsubmit: (event) => {
        event.preventDefault();
        this.#submit();
      },
    },
    h("label", { class: "visually-hidden", for: inputId }, `Message to ${this.jid}`), this.#input, this.#send);
  }

  #submit() {
    const body = this.#input.value;
    if (!body.trim() || this.#client.state === "offline") return;
    this.#input.value = "";
    fitToText(this.#input);
    this.#post(body);
    this.#input.focus();
  }

  /** The bubble comes with the `message` event, its state with `delivery` events; so the promise is only for what never got that far. */
  async #post(body) {
    try {
      await this.#client.messages.send({ to: this.jid, body });
    } catch (error) {
      if (!NEVER_QUEUED.includes(error.code)) return;
      if (!this.#input.value) this.#input.value = body; // nothing that was typed is lost
      fitToText(this.#input);
      this.#notices.error("Not sent", error);
    }
  }

  #draw() {
    const item = this.#client.roster.get(this.jid);
    const presence = this.#client.presence.of(this.jid);
    const isVisible = ["to", "both"].includes(item?.subscription);
    const kind = presenceKind(presence, { isVisible });
    const name = contactName(this.#client, this.jid);
    const devices = this.#client.presence.resources(this.jid).length;

    this.#name.textContent = name;
    this.#name.title = this.jid;
    this.#avatar.textContent = [...name][0];
    const isCurrent = this.#client.state === "online";
    this.#dot.dataset.kind = kind;
    this.#dot.classList.toggle("is-stale", !isCurrent);
    const words = presenceWords(kind, { isCurrent, status: presence?.status });
    const isTyping = this.#isTyping && isCurrent;
    this.#presence.textContent = isTyping ? "typing…" : devices > 1 && isCurrent ? `${words} · ${devices} devices` : words;
    this.#log.setAttribute("aria-label", `Conversation with ${name}`);
    this.#drawHint(item, name, isVisible);

    const isOffline = this.#client.state === "offline";
    this.#send.disabled = isOffline;
    this.#input.placeholder = isOffline ? "You are offline" : "Write a message";
  }

  /** One line about what stands between the two, with the button that changes it. */
  #drawHint(item, name, isVisible) {
    const kind = !item ? "stranger" : isVisible ? "none" : item.ask ? "asked" : "unseen";
    const isOnline = this.#client.state === "online";
    const key = `${kind} ${name} ${isOnline}`;
    if (key === this.#hintKind) return;
    this.#hintKind = key;
    const hints = {
      stranger: () => [h("p", {}, h("bdi", {}, name), " is not in your contacts."),
        h("button", { type: "button", class: "small", disabled: !isOnline, onclick: this.#onAdd }, "Add contact")],
      asked: () => [h("p", {}, "You have asked to see when ", h("bdi", {}, name), " is online. No answer yet.")],
      unseen: () => [h("p", {}, "You do not see when ", h("bdi", {}, name), " is online."),
        h("button", { type: "button", class: "small", disabled: !isOnline, onclick: () => this.#do("subscribe", "Could not ask") }, "Ask")],
      none: () => [],
    };
    this.#hint.replaceChildren(...hints[kind]());
    this.#hint.hidden = kind === "none";
  }

  #menuItems({ onEdit, onRemove }) {
    const item = this.#client.roster.get(this.jid);
    if (!item) return [{ label: "Add to contacts…", run: this.#onAdd }];
    const seesThem = ["to", "both"].includes(item.subscription);
    const theySee = ["from", "both"].includes(item.subscription);
    return [
      { label: "Name and groups…", run: onEdit },
      seesThem
        ? { label: "Stop seeing their presence", run: () => this.#do("unsubscribe", "Could not unsubscribe") }
        : { label: "Ask to see their presence", run: () => this.#do("subscribe", "Could not ask") },
      // Without a request, approve() says yes beforehand; deny() takes a yes back.
      theySee
        ? { label: "Stop sharing your presence", run: () => this.#do("deny", "Could not stop sharing") }
        : { label: "Let them see your presence", run: () => this.#do("approve", "Could not share") },
      { label: "Remove contact…", isDanger: true, run: onRemove },
    ];
  }

  /** Runs a method of `client.roster` that takes the address, and says it when that fails. */
  async #do(method, failure) {
    try {
      await this.#client.roster[method](this.jid);
    } catch (error) {
      this.#notices.error(failure, error);
    }
  }

  #forgetOldest() {
    while (this.#bubbles.length > MOST_BUBBLES) {
      const bubble = this.#bubbles.shift();
      this.#sent.delete(bubble.id);
      bubble.element.remove();
    }
  }

  #toEnd() {
    this.#scroll.toEnd();
    this.markReadIfVisible();
    this.#newBelow.hidden = true;
  }

  #isVisible() {
    return document.visibilityState === "visible" && this.#isOnScreen;
  }
}
