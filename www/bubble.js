// One message: its text, its time, and, for our own, how far it has come.

import { h, icon } from "./dom.js";
import { DELIVERY_WORDS, errorWords, exactTimeWords, timeWords } from "./words.js";

export class Bubble {
  #delivery;
  #failure;
  #onResend;

  /**
   * @param {import("waxwing").Message} message
   * @param {{ author: string, onResend: () => void }} options  `author` is read aloud; the eye sees it by the side
   */
  constructor(message, { author, onResend }) {
    this.id = message.id;
    this.#onResend = onResend;
    const isOut = message.direction === "out";
    this.#delivery = isOut && !message.carbon && h("span", { class: "delivery" });
    this.#failure = h("div", { class: "failure" });

    this.element = h("article", { class: `message ${isOut ? "is-out" : "is-in"}` },
      h("span", { class: "visually-hidden" }, `${author}: `),
      h("div", { class: "bubble" },
        // dir="auto": the text's own first letter says whether it runs from right to left.
        message.subject && h("p", { class: "subject", dir: "auto" }, message.subject),
        message.body !== undefined && h("p", { class: "body", dir: "auto" }, message.body)),
      h("p", { class: "meta" },
        h("time", { datetime: new Date(message.timestamp).toISOString(), title: exactTimeWords(message.timestamp) }, timeWords(message.timestamp)),
        message.delayed && h("span", { title: "It was kept for you while you were away" }, "delayed"),
        message.carbon && h("span", { title: "Copied from another of your devices" }, "other device"),
        this.#delivery),
      this.#failure);
    if (this.#delivery) this.setDelivery("queued");
  }

  setDelivery(stage, error) {
    if (!this.#delivery) return;
    const { word, hint } = DELIVERY_WORDS[stage];
    this.#delivery.replaceChildren(icon(stage), word);
    this.#delivery.title = hint;
    this.#delivery.dataset.stage = stage;
    this.element.classList.toggle("is-failed", stage === "failed");
    this.#failure.replaceChildren();
    if (stage === "failed") {
      this.#failure.append(
        h("p", { role: "alert", dir: "auto" }, error ? errorWords(error) : hint),
        h("button", { type: "button", class: "link", onclick: this.#onResend }, "Send again"));
    }
  }
}
