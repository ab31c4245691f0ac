// One logged-in account: its connection, its roster, its conversations and its XML console, all over one Client.

import { Conversation } from "./conversation.js";
import { XmlConsole } from "./console.js";
import { contactDialog, removeDialog } from "./contact-dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { menuButton } from "./menu.js";
import { OwnPresence } from "./own-presence.js";
import { Requests } from "./requests.js";
import { Roster } from "./roster.js";
import { avatarColor, bareJid, CONNECTION_WORDS, contactName, personName } from "./words.js";

export class Session {
  #notices;
  #onChange;
  #wasOnline = false;           // before that, what goes wrong is the form's to say
  #isLost = false;              // from the loss of the connection until there is one again, attempts in between included
  #expectedYes = new Set();     // bare JIDs; see expectYes()
  #endNotice;
  #unsubscribe;                 // every listener of this session, to be taken off when it ends
  #conversations = new Map();   // bare JID -> Conversation
  #selected;                    // the conversation that shows
  #stateText = h("span", { class: "connection-word", role: "status" });
  #heading;
  #countdown = h("p", { class: "retry-countdown", "aria-hidden": "true" });
  #retry = h("div", { class: "retry", hidden: true }, this.#countdown,
    h("button", { type: "button", class: "small", onclick: () => this.connect() }, "Connect now"));
  #countdownTimer;
  #roster;
  #requests;
  #ownPresence;
  #console;
  #consoleButton;
  #main;                        // where the selected conversation shows

  /**
   * @param {object} options
   * @param {import("waxwing").Client} options.client     not yet connected
   * @param {string} options.jid                          the address to show until the client knows its own
   * @param {import("./notices.js").Notices} options.notices
   * @param {() => void} options.onChange                 connection, roster or unread count has changed
   * @param {(how?: { isMoving: boolean }) => void} options.onLogOut   `isMoving`: to log in with another account
   */
  constructor({ client, jid, notices, onChange, onLogOut }) {
    this.client = client;
    this.jid = jid;
    this.#notices = notices;
    this.#onChange = onChange;
    this.#build(onLogOut);

    // `on` returns the function that takes the listener off again: keep them all, call them all in dispose().
    this.#unsubscribe = [
      client.on("state", (change) => this.#stateChanged(change)),
      client.on("roster", () => this.#contactsChanged()),
      client.on("presence", () => this.#contactsChanged()),
      client.on("subscription", (event) => this.#subscriptionChanged(event)),
      client.on("message", (message) => this.#messageArrived(message)),
      client.on("delivery", (delivery) => this.#conversations.get(bareJid(delivery.to))?.setDelivery(delivery)),
      client.on("chat-state", ({ from, state }) => this.#conversations.get(bareJid(from))?.setChatState(state)),
      client.on("error", (error) => notices.error("Something went wrong", error)),
    ];
    const comesBack = () => this.#selected?.markReadIfVisible();
    document.addEventListener("visibilitychange", comesBack);
    this.#unsubscribe.push(() => document.removeEventListener("visibilitychange", comesBack));
    this.#stateChanged({ current: client.state });
  }

  get unread() {
    let sum = 0;
    for (const conversation of this.#conversations.values()) sum += conversation.unread;
    return sum;
  }

  /** How many messages and requests wait for an answer or a look. */
  get waiting() {
    return this.unread + this.#requests.count;
  }

  /** Back online after the connection was given up. While a retry is scheduled it retries now. */
  connect() {
    this.client.connect().catch((error) => this.#notices.error("Could not connect", error));
  }

  /** The next yes of `jid` to our request needs no telling: whoever looks at the page has just asked for it. */
  expectYes(jid) {
    this.#expectedYes.add(jid);
  }

  /** Ends the session's part of the page. The client itself is disconnected by whoever made it. */
  dispose() {
    for (const stop of this.#unsubscribe) stop();
    this.#console.close();
    clearInterval(this.#countdownTimer);
    this.element.remove();
  }

  #build(onLogOut) {
    const { client } = this;
    this.#ownPresence = new OwnPresence({ client, jid: this.jid, notices: this.#notices });
    this.#requests = new Requests({ client, jid: this.jid, notices: this.#notices, onAnswered: (request) => this.#answered(request) });
    this.#roster = new Roster({
      client,
      jid: this.jid,
      conversations: this.#conversations,
      onSelect: (jid) => this.#open(jid),
      onAdd: () => this.#addContact(),
    });
    this.#console = new XmlConsole({ client, jid: this.jid, onClose: () => this.#showConsole(false) });
    this.#consoleButton = iconButton("code", "XML console", () => this.#showConsole(!this.#console.isOpen), {
      "aria-expanded": "false", "aria-controls": this.#console.element.id,
    });
    this.#heading = h("h2", { title: this.jid, dir: "auto", tabindex: "-1" }, this.jid);
    this.#main = h("div", { class: "session-main" }, emptyState());

    this.element = h("div", { class: "session", "data-view": "list" },
      h("header", { class: "session-header" },
        h("span", { class: `avatar ${avatarColor(bareJid(this.jid))}`, "aria-hidden": "true" }, [...personName(this.jid)][0]),
        h("div", { class: "session-title" },
          this.#heading,
          h("p", { class: "connection" },
            h("span", { class: "connection-dot", "aria-hidden": "true" }), this.#stateText)),
        this.#retry,
        this.#consoleButton,
        menuButton("Account menu", () => [
          { label: "Log out", run: () => onLogOut() },
          { label: "Log in elsewhere…", run: () => onLogOut({ isMoving: true }) },
        ])),
      this.#requests.element,
      h("div", { class: "session-body" },
        h("div", { class: "sidebar" },
          this.#ownPresence.element,
          this.#roster.element,
          h("button", { type: "button", class: "add-contact", onclick: () => this.#addContact() }, icon("add"), "Add a contact")),
        this.#main),
      this.#console.element);
  }

  #stateChanged({ current, error, retryInMs, resumed }) {
    this.#showConnection(current, retryInMs);
    if (current === "online") {
      // Resumed: the server kept for us what came meanwhile, and told which of our messages it has.
      if (this.#wasOnline) this.#notices.news(resumed ? "Back, nothing was missed." : "Back, in a new session.");
      this.#wasOnline = true;
      this.#endNotice?.remove();
    }
    // While it retries by itself the state says enough. Once it has given up, the reason matters.
    if (current === "offline" && error && this.#wasOnline) {
      this.#endNotice = this.#notices.error("The connection has ended", error);
    }
    this.#ownPresence.refresh();
    this.#contactsChanged();
  }

  /** An attempt to get back changes the countdown alone: nothing moves, and a screen reader does not tell each one. */
  #showConnection(current, retryInMs) {
    const isRetrying = current === "connecting" && this.#isLost;
    this.#isLost = current === "waiting" || current === "offline" || isRetrying;
    if (!isRetrying) {
      this.element.dataset.state = current;
      this.#stateText.textContent = CONNECTION_WORDS[current];
    }
    this.#showCountdown(current, retryInMs);
    const hadFocus = this.#retry.contains(document.activeElement);
    this.#retry.hidden = !this.#isLost;
    if (!hadFocus || this.#isLost) return;
    if (this.element.dataset.view === "chat") this.#selected.focus();
    else this.#heading.focus();
  }

  /** A number that changes each second is for the eye alone. */
  #showCountdown(current, retryInMs) {
    clearInterval(this.#countdownTimer);
    this.#countdown.textContent = current === "connecting" ? "Trying now…" : "";
    if (current !== "waiting") return;
    const retryAt = performance.now() + retryInMs;
    const show = () => {
      this.#countdown.textContent = `Next try in ${Math.max(0, Math.ceil((retryAt - performance.now()) / 1000))} s`;
    };
    show();
    this.#countdownTimer = setInterval(show, 1000);
  }

  #contactsChanged() {
    this.#roster.refresh();
    this.#requests.refresh();
    this.#selected?.refresh();
    this.#onChange();
  }

  #subscriptionChanged({ from, type, status, nick }) {
    const jid = bareJid(from);
    const name = contactName(this.client, jid);
    if (type === "subscribe") this.#requests.add({ jid, status, nick });
    if (type === "subscribed" && !this.#expectedYes.delete(jid)) this.#notices.news(`${name} lets you see when they are online.`);
    if (type === "unsubscribed") this.#notices.news(`${name} does not share their presence with you.`);
    if (type === "unsubscribe") this.#notices.news(`${name} no longer asks for your presence.`);
  }

  /** After a yes, ask in return: most people who accept a contact want to see them too. */
  async #answered({ jid, nick, isAccepted }) {
    if (!isAccepted) return;
    const item = this.client.roster.get(jid);
    if (!item) await this.client.roster.add({ jid, name: nick });
    if (!["to", "both"].includes(item?.subscription)) await this.client.roster.subscribe(jid);
  }

  #messageArrived(message) {
    // Rooms are another kind of conversation, and this demo has none.
    if (message.type === "groupchat") return;
    const peer = bareJid(message.direction === "out" ? message.to : message.from);
    this.#conversation(peer).add(message);
    this.#contactsChanged();
  }

  #conversation(jid) {
    let conversation = this.#conversations.get(jid);
    if (!conversation) {
      conversation = new Conversation({
        client: this.client, jid,
        notices: this.#notices,
        onBack: () => this.#showList(),
        onRead: () => this.#contactsChanged(),
        onAdd: () => this.#addContact(jid),
        onEdit: () => this.#editContact(jid),
        onRemove: () => this.#removeContact(jid),
      });
      this.#conversations.set(jid, conversation);
    }
    return conversation;
  }

  #open(jid) {
    this.#selected = this.#conversation(jid);
    this.element.dataset.view = "chat";
    this.#main.replaceChildren(this.#selected.element);
    this.#roster.selected = jid;
    this.#selected.focus();
    this.#contactsChanged();
  }

  /** On a narrow pane: from the conversation back to the contacts. */
  #showList() {
    const { jid } = this.#selected;
    this.element.dataset.view = "list";
    this.#roster.focus(jid);
  }

  #showConsole(isOpen) {
    if (isOpen) this.#console.open();
    else this.#console.close();
    this.element.dataset.console = isOpen ? "open" : "closed"; // the rest makes room for it
    this.#consoleButton.setAttribute("aria-expanded", isOpen);
    if (!isOpen) this.#consoleButton.focus();
  }

  #addContact(jid) {
    const { roster } = this.client;
    contactDialog({
      parent: this.element, jid,
      title: "Add a contact",
      owner: this.jid,
      groups: this.#groups(),
      onSave: async ({ jid, name, groups, isAsking }) => {
        await roster.add({ jid, name: name || undefined, groups });
        if (isAsking) await roster.subscribe(jid);
        this.#open(bareJid(jid));
      },
    });
  }

  #editContact(jid) {
    contactDialog({
      parent: this.element, jid,
      title: "Edit contact",
      item: this.client.roster.get(jid),
      groups: this.#groups(),
      onSave: ({ name, groups }) => this.client.roster.update({ jid, name, groups }),
    });
  }

  #removeContact(jid) {
    removeDialog({
      parent: this.element, jid,
      name: contactName(this.client, jid),
      onRemove: () => this.client.roster.remove(jid),
    });
  }

  #groups() {
    return [...new Set(this.client.roster.items.flatMap((item) => item.groups))];
  }
}

function emptyState() {
  return h("div", { class: "empty-state" }, icon("chat"),
    h("p", {}, "Choose a contact to see the conversation, or add one."));
}
