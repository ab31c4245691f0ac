// One message: its text, its time, and, for our own, how far it has come.

import { h, icon } from "./dom.js";
import { DELIVERY_WORDS, exactTimeWords, failureWords, timeWords } from "./words.js";

export class Bubble {
  #delivery;
  #failure;
  #failureText;
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
    this.#failureText = undefined;
    if (stage === "failed") this.#showFailure(failureWords(error));
  }

  /** Why it failed, in words; undefined when it did not. */
  get failureText() {
    return this.#failureText?.textContent;
  }

  /** The message below has failed for the same reason and says it: once is enough for both. */
  leaveFailureToNext() {
    this.#failureText?.classList.add("visually-hidden");
  }

  #showFailure({ words, detail }) {
    this.#failureText = h("p", { role: "alert", dir: "auto", title: detail }, words);
    const again = h("button", {
      type: "button", class: "link", onclick: () => {
        // It is a message of its own from here on; a second press would be a third message.
        again.replaceWith(h("span", { class: "hint" }, "Sent again below"));
        this.#onResend();
      },
    }, "Send again");
    this.#failure.append(this.#failureText, again);
  }
}
