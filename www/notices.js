// What a pane has to say: errors in words, and news such as "juliet has accepted". A screen reader reads each aloud.
// An error takes its own room and stays until it is dismissed. News lies over the pane and goes by itself: nothing that
// one is reading or about to press moves because of it.

import { h, iconButton } from "./dom.js";
import { errorWords } from "./words.js";

const MOST = 3; // of each kind; older ones make room
const NEWS_TIME_MS = 6_000;

export class Notices {
  #errors = h("div", { class: "errors" });
  #news = h("div", { class: "toasts" });
  element = h("div", { class: "notices", "aria-live": "polite", "aria-relevant": "additions" }, this.#errors, this.#news);

  /**
   * @param {string} what  what has failed, for instance "Could not add the contact"
   * @returns {HTMLElement}  the notice, for whoever wants to take it back
   */
  error(what, error) {
    return show(this.#errors, "error", h("p", { dir: "auto" }, h("strong", {}, `${what}.`), ` ${errorWords(error)}`));
  }

  news(text) {
    const notice = show(this.#news, "news", h("p", { dir: "auto" }, text));
    const leave = () => {
      // Somebody points at it, to read it to the end or to dismiss it.
      if (notice.matches(":hover, :focus-within")) setTimeout(leave, NEWS_TIME_MS / 4);
      else notice.remove();
    };
    setTimeout(leave, NEWS_TIME_MS);
  }

  clear() {
    this.#errors.replaceChildren();
    this.#news.replaceChildren();
  }
}

function show(list, kind, content) {
  const notice = h("div", { class: `notice is-${kind}` }, content,
    iconButton("close", "Dismiss", () => notice.remove()));
  while (list.childElementCount >= MOST) list.firstElementChild.remove();
  list.append(notice);
  return notice;
}
