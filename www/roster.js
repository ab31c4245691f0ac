// The list of contacts, by group, with who is online first. Rows are kept and updated, not rebuilt, so that the focus
// and a screen reader's place survive a burst of presences.

import { coalesce, h } from "./dom.js";
import { avatarColor, presenceKind, presenceWords } from "./words.js";

const NO_GROUP = "Contacts";
const STRANGERS = "Not in your contacts";
const byName = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

export class Roster {
  /** Draws what `client.roster` and `client.presence` say now. Cheap to call often. */
  refresh = coalesce(() => this.#draw(), 50);

  #client;
  #conversations;
  #onSelect;
  #selected;
  #rows = new Map();    // group and JID -> Row: a contact in two groups has two rows
  #groups = new Map();  // group -> { element, list, count }
  #empty;
  #list = h("div", { class: "roster-groups" });

  /** @param {Map<string, import("./conversation.js").Conversation>} options.conversations  for the unread counts, and for strangers who write */
  constructor({ client, jid, conversations, onSelect, onAdd }) {
    this.#empty = h("div", { class: "roster-empty", hidden: true },
      h("p", { class: "roster-empty-title" }, "No contacts yet"),
      h("p", {}, "Add somebody by their address. Once they accept, each of you sees when the other is online."),
      h("button", { type: "button", class: "primary", onclick: onAdd }, "Add a contact"));
    this.#client = client;
    this.#conversations = conversations;
    this.#onSelect = onSelect;
    this.element = h("nav", { class: "roster", "aria-label": `Contacts of ${jid}`, onkeydown: (event) => this.#moveFocus(event) }, this.#list, this.#empty);
  }

  set selected(jid) {
    this.#selected = jid;
    this.refresh();
  }

  /** Puts the focus on the row of a contact. */
  focus(jid) {
    const row = [...this.#rows.values()].find((row) => row.jid === jid);
    row?.element.focus();
  }

  #draw() {
    const groups = this.#arrange();
    const focused = document.activeElement;
    const staleRows = new Set(this.#rows.keys());
    const sections = [];

    for (const [group, contacts] of groups) {
      const section = this.#section(group);
      const elements = contacts.map((contact) => {
        const key = `${group}\n${contact.jid}`;
        staleRows.delete(key);
        let row = this.#rows.get(key);
        if (!row) {
          row = new Row(contact.jid, this.#onSelect);
          this.#rows.set(key, row);
        }
        row.update(contact, contact.jid === this.#selected);
        return row.item;
      });
      reorder(section.list, elements);
      section.count.textContent = group === STRANGERS ? "" : countWords(contacts, this.#isCurrent);
      sections.push(section.element);
    }
    for (const key of staleRows) this.#rows.delete(key);
    for (const group of [...this.#groups.keys()]) {
      if (!groups.has(group)) this.#groups.delete(group);
    }
    reorder(this.#list, sections);
    this.#empty.hidden = groups.size > 0;
    // Moving an element takes the focus away from what is inside.
    if (focused !== document.activeElement && this.element.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** group name -> its contacts, both in the order in which they show */
  #arrange() {
    const groups = new Map();
    const put = (group, contact) => {
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(contact);
    };
    const known = new Set();
    for (const item of this.#client.roster.items) {
      known.add(item.jid);
      const contact = this.#contact(item.jid, item);
      for (const group of item.groups.length ? item.groups : [NO_GROUP]) put(group, contact);
    }
    for (const jid of this.#conversations.keys()) {
      if (!known.has(jid)) put(STRANGERS, this.#contact(jid));
    }
    for (const contacts of groups.values()) {
      contacts.sort((a, b) => b.isOnline - a.isOnline || byName.compare(a.name, b.name));
    }
    // Named groups first, then contacts without a group, strangers last.
    const rank = (group) => [NO_GROUP, STRANGERS].indexOf(group);
    return new Map([...groups].sort(([a], [b]) => rank(a) - rank(b) || byName.compare(a, b)));
  }

  #contact(jid, item) {
    const presence = this.#client.presence.of(jid);
    const isVisible = ["to", "both"].includes(item?.subscription);
    const kind = presenceKind(presence, { isVisible });
    return {
      jid, kind,
      isCurrent: this.#isCurrent,
      name: item?.name || jid,
      status: presence?.status,
      note: item?.ask ? "Asked, no answer yet" : undefined,
      isOnline: presence?.type === "available",
      unread: this.#conversations.get(jid)?.unread ?? 0,
    };
  }

  /** Without a connection nobody tells us who comes and goes. */
  get #isCurrent() {
    return this.#client.state === "online";
  }

  #section(name) {
    let section = this.#groups.get(name);
    if (!section) {
      const list = h("ul", {});
      const count = h("span", { class: "group-count" });
      section = { list, count, element: h("section", { class: "group" }, h("h3", {}, h("bdi", {}, name), count), list) };
      this.#groups.set(name, section);
    }
    return section;
  }

  #moveFocus(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.#list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

class Row {
  #dot = h("span", { class: "presence-dot", role: "img" });
  #name = h("bdi", { class: "row-name", dir: "auto" });
  #status = h("span", { class: "row-status", dir: "auto" });
  #badge = h("span", { class: "badge", hidden: true });
  #count = h("span", {});
  #shown;

  constructor(jid, onSelect) {
    this.jid = jid;
    this.avatar = h("span", { class: `avatar ${avatarColor(jid)}` });
    this.#badge.append(this.#count, h("span", { class: "visually-hidden" }, " unread"));
    this.element = h("button", { type: "button", class: "row", title: jid, onclick: () => onSelect(jid) },
      h("span", { class: "row-avatar" }, h("span", { "aria-hidden": "true" }, this.avatar), this.#dot),
      h("span", { class: "row-text" }, this.#name, this.#status),
      this.#badge);
    this.item = h("li", {}, this.element);
  }

  update({ name, kind, isCurrent, status, note, unread }, isSelected) {
    // In a roster of thousands nearly all rows stay as they are, and writing the same text again would still cost layout.
    const shown = JSON.stringify([name, kind, isCurrent, status, note, unread, isSelected]);
    if (shown === this.#shown) return;
    this.#shown = shown;

    const words = presenceWords(kind, { isCurrent });
    this.avatar.textContent = [...name][0];
    this.#name.replaceChildren(...breakable(name));
    // What they say of themselves, or else what we wait for, or else how they are.
    this.#status.textContent = status && !isCurrent ? `Last known: ${status}` : status || note || words;
    this.#dot.dataset.kind = kind;
    this.#dot.classList.toggle("is-stale", !isCurrent);
    this.#dot.title = words;
    this.#dot.setAttribute("aria-label", words);
    // Once is enough: where the text beside it says the same, the dot is for the eye.
    this.#dot.ariaHidden = this.#status.textContent === words ? "true" : null;
    this.#count.textContent = unread > 99 ? "99+" : unread;
    this.#badge.hidden = unread === 0;
    this.element.classList.toggle("is-offline", kind === "offline" || kind === "hidden");
    if (isSelected) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
  }
}

/** An address may break before its @, and has two lines to do it in. */
function breakable(name) {
  const at = name.indexOf("@");
  return at > 0 ? [name.slice(0, at), h("wbr"), name.slice(at)] : [name];
}

function countWords(contacts, isCurrent) {
  const online = contacts.filter((contact) => contact.isOnline).length;
  return isCurrent ? `${online} of ${contacts.length} online` : String(contacts.length);
}

/** Gives `parent` these children in this order, touching only those that are not in their place. */
function reorder(parent, children) {
  let next = parent.firstElementChild;
  for (const child of children) {
    if (next !== child && next?.nextElementSibling === child) {
      // One that has moved down, or gone: out of the way, instead of moving all below it up.
      next.remove();
      next = child;
    }
    if (next === child) next = child.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  while (next) {
    const gone = next;
    next = gone.nextElementSibling;
    gone.remove();
  }
}
