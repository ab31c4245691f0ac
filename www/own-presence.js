// What the others see of us: how available we are, and a status in our own words.

import { h, icon, uniqueId } from "./dom.js";
import { PRESENCE_WORDS } from "./words.js";

const CONFIRMED_MS = 3_000;
const CHOICES = ["available", "chat", "away", "xa", "dnd"];

export class OwnPresence {
  #client;
  #notices;
  #select;
  #status;
  #dot = h("span", { class: "presence-dot", "aria-hidden": "true" });
  #confirmed = h("span", { class: "own-presence-confirmed", role: "status" });
  #confirmedTimer;
  #shared = "";   // the status the server has from us

  constructor({ client, jid, notices }) {
    this.#client = client;
    this.#notices = notices;
    const selectId = uniqueId("show");
    const statusId = uniqueId("status");
    this.#select = h("select", { id: selectId, onchange: () => this.#share() },
      CHOICES.map((show) => h("option", { value: show }, PRESENCE_WORDS[show])));
    this.#status = h("input", {
      id: statusId, type: "text", dir: "auto", maxlength: "200", autocomplete: "off",
      placeholder: "Your status", enterkeyhint: "done", onchange: () => this.#share(),
    });
    this.element = h("form", {
      class: "own-presence", "aria-label": `Presence of ${jid}`, onsubmit: (event) => {
        event.preventDefault(); // Enter in the status field: done with it, as the phone's keyboard should see too
        this.#status.blur();    // which reports the change, if there is one
      },
    },
    h("div", { class: "own-presence-show" }, this.#dot,
      h("label", { class: "visually-hidden", for: selectId }, "Your availability"), this.#select),
    h("div", { class: "own-presence-status" },
      h("label", { class: "visually-hidden", for: statusId }, "Your status"), this.#status, this.#confirmed));
    this.refresh();
  }

  refresh() {
    const isOnline = this.#client.state === "online";
    this.#dot.dataset.kind = isOnline ? this.#select.value : "offline";
    this.#select.disabled = !isOnline;
    this.#status.disabled = !isOnline;
  }

  async #share() {
    const show = this.#select.value === "available" ? undefined : this.#select.value;
    const status = this.#status.value.trim();
    const wanted = JSON.stringify([show, status]);
    // Enter and leaving the field may both report the same change.
    if (wanted === this.#shared) return;
    this.#shared = wanted;
    this.refresh();
    try {
      await this.#client.presence.set({ show, status: status || undefined });
      this.#confirm();
    } catch (error) {
      this.#shared = "";
      this.#notices.error("Could not change your presence", error);
    }
  }

  #confirm() {
    clearTimeout(this.#confirmedTimer);
    this.#confirmed.replaceChildren(icon("acked"), h("span", {}, "Shared"));
    this.#confirmedTimer = setTimeout(() => this.#confirmed.replaceChildren(), CONFIRMED_MS);
  }
}
