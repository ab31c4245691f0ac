// People who ask to see our presence: a card for each, with Accept and Deny. Where room is short (CSS decides: a
// conversation on a phone, a console that is open) there is one line instead, and Review unfolds the cards.

import { h, uniqueId } from "./dom.js";
import { avatarColor, personName } from "./words.js";

export class Requests {
  #client;
  #notices;
  #onAnswered;
  #cards = new Map(); // bare JID -> { card, name }
  #summaryText = h("span", { class: "requests-summary-text" });
  #summaryAction = h("span", { class: "requests-summary-action" }, "Review");
  #summary;
  #list = h("div", { class: "requests-list", id: uniqueId("requests") });

  /** @param {(answer: { jid: string, nick?: string, isAccepted: boolean }) => Promise<void>} options.onAnswered */
  constructor({ client, jid, notices, onAnswered }) {
    this.#client = client;
    this.#notices = notices;
    this.#onAnswered = onAnswered;
    this.#summary = h("button", {
      type: "button", class: "requests-summary", "aria-expanded": "false", "aria-controls": this.#list.id,
      onclick: () => this.#unfold(!this.element.classList.contains("is-unfolded")),
    }, this.#summaryText, " ", this.#summaryAction);
    this.element = h("div", { class: "requests", role: "region", "aria-label": `Requests to ${jid}`, "aria-live": "polite", hidden: true }, this.#summary, this.#list);
  }

  get count() {
    return this.#cards.size;
  }

  add(request) {
    this.#remove(request.jid); // asked twice: one card
    const name = request.nick || this.#client.roster.get(request.jid)?.name || personName(request.jid);
    const card = this.#card(request, name);
    this.#cards.set(request.jid, { card, name });
    this.#list.append(card);
    this.#summarise();
  }

  /** Drops what another of our devices, or a pre-approval, has answered in the meantime. */
  refresh() {
    for (const jid of [...this.#cards.keys()]) {
      if (["from", "both"].includes(this.#client.roster.get(jid)?.subscription)) this.#remove(jid);
    }
  }

  #card({ jid, nick, status }, name) {
    const accept = h("button", { type: "button", class: "primary small", "aria-label": `Accept ${name}`, onclick: () => this.#answer({ jid, nick, isAccepted: true }) }, "Accept");
    const deny = h("button", { type: "button", class: "small", "aria-label": `Deny ${name}`, onclick: () => this.#answer({ jid, nick, isAccepted: false }) }, "Deny");
    return h("article", { class: "request" },
      h("span", { class: `avatar ${avatarColor(jid)}`, "aria-hidden": "true" }, [...name][0]),
      h("div", { class: "request-text" },
        h("p", {}, h("bdi", { class: "request-name" }, name), " wants to see when you are online"),
        h("p", { class: "request-jid" }, jid),
        status && h("p", { class: "request-status", dir: "auto" }, status)),
      h("div", { class: "request-buttons" }, accept, deny));
  }

  async #answer(answer) {
    const { card } = this.#cards.get(answer.jid);
    const buttons = card.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      if (answer.isAccepted) await this.#client.roster.approve(answer.jid);
      else await this.#client.roster.deny(answer.jid);
      this.#remove(answer.jid);
      await this.#onAnswered(answer);
    } catch (error) {
      for (const button of buttons) button.disabled = false;
      this.#notices.error("Could not answer the request", error);
    }
  }

  #remove(jid) {
    this.#cards.get(jid)?.card.remove();
    this.#cards.delete(jid);
    this.#summarise();
  }

  #summarise() {
    const [first, ...others] = [...this.#cards.values()].map(({ name }) => name);
    this.element.hidden = first === undefined;
    if (first === undefined) this.#unfold(false);
    else if (others.length) this.#summaryText.replaceChildren(`${others.length + 1} people ask to see you online`);
    else this.#summaryText.replaceChildren(h("bdi", { class: "request-name" }, first), " asks to see you online");
  }

  #unfold(isUnfolded) {
    this.element.classList.toggle("is-unfolded", isUnfolded);
    this.#summary.setAttribute("aria-expanded", isUnfolded);
    this.#summaryAction.textContent = isUnfolded ? "Later" : "Review";
  }
}
