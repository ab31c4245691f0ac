// People who ask to see our presence: a card for each, with Accept and Deny.

import { h } from "./dom.js";
import { avatarColor, shortName } from "./words.js";

export class Requests {
  #client;
  #notices;
  #onAnswered;
  #cards = new Map(); // bare JID -> card

  /** @param {(answer: { jid: string, nick?: string, isAccepted: boolean }) => Promise<void>} options.onAnswered */
  constructor({ client, jid, notices, onAnswered }) {
    this.#client = client;
    this.#notices = notices;
    this.#onAnswered = onAnswered;
    this.element = h("div", { class: "requests", role: "region", "aria-label": `Requests to ${jid}`, "aria-live": "polite", hidden: true });
  }

  get count() {
    return this.#cards.size;
  }

  add(request) {
    this.#remove(request.jid); // asked twice: one card
    const card = this.#card(request);
    this.#cards.set(request.jid, card);
    this.element.append(card);
    this.element.hidden = false;
  }

  /** Drops what another of our devices, or a pre-approval, has answered in the meantime. */
  refresh() {
    for (const jid of [...this.#cards.keys()]) {
      if (["from", "both"].includes(this.#client.roster.get(jid)?.subscription)) this.#remove(jid);
    }
  }

  #card({ jid, nick, status }) {
    const name = nick || this.#client.roster.get(jid)?.name || shortName(jid);
    const accept = h("button", { type: "button", class: "primary small", "aria-label": `Accept ${name}`, onclick: () => this.#answer({ jid, nick, isAccepted: true }) }, "Accept");
    const deny = h("button", { type: "button", class: "small", "aria-label": `Deny ${name}`, onclick: () => this.#answer({ jid, nick, isAccepted: false }) }, "Deny");
    return h("article", { class: "request" },
      h("span", { class: `avatar ${avatarColor(jid)}`, "aria-hidden": "true" }, name.charAt(0)),
      h("div", { class: "request-text" },
        h("p", {}, h("bdi", { class: "request-name" }, name), " wants to see when you are online"),
        h("p", { class: "request-jid" }, jid),
        status && h("p", { class: "request-status", dir: "auto" }, status)),
      h("div", { class: "request-buttons" }, accept, deny));
  }

  async #answer(answer) {
    const card = this.#cards.get(answer.jid);
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
    this.#cards.get(jid)?.remove();
    this.#cards.delete(jid);
    this.element.hidden = this.#cards.size === 0;
  }
}
