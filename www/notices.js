// What a pane has to say: errors in words, and news such as "juliet has accepted". A screen reader reads each aloud.

import { h, iconButton } from "./dom.js";
import { errorWords } from "./words.js";

const MOST = 3;             // older ones make room
const NEWS_TIME_MS = 10_000; // news goes by itself; an error stays until it is dismissed

export class Notices {
  element = h("div", { class: "notices", "aria-live": "polite", "aria-relevant": "additions" });

  /**
   * @param {string} what  what has failed, for instance "Could not add the contact"
   * @returns {HTMLElement}  the notice, for whoever wants to take it back
   */
  error(what, error) {
    return this.#show("error", h("p", { dir: "auto" }, h("strong", {}, `${what}.`), ` ${errorWords(error)}`));
  }

  news(text) {
    const notice = this.#show("news", h("p", { dir: "auto" }, text));
    setTimeout(() => notice.remove(), NEWS_TIME_MS);
  }

  clear() {
    this.element.replaceChildren();
  }

  #show(kind, content) {
    const notice = h("div", { class: `notice is-${kind}` }, content,
      iconButton("close", "Dismiss", () => notice.remove()));
    while (this.element.childElementCount >= MOST) this.element.firstElementChild.remove();
    this.element.append(notice);
    return notice;
  }
}
