// The form to log in, with the demo's own account in front of it where there is one.

import { h, uniqueId } from "./dom.js";
import { errorWords } from "./words.js";

export class LoginForm {
  #account;
  #onLogIn;
  #message = h("p", { class: "form-message", role: "alert" });
  #progress = h("p", { class: "form-progress", role: "status" });
  #title = h("h2", { tabindex: "-1" }, "Log in");
  #again;
  #jid;
  #password;
  #url;
  #fields;
  #cancel;

  /** @param {{ account?: { jid: string, password: string, url: string }, onLogIn: (options) => void, onCancel: () => void }} options */
  constructor({ account, onLogIn, onCancel }) {
    this.#account = account;
    this.#onLogIn = onLogIn;
    this.#jid = field("Address", { name: "jid", required: true, autocomplete: "username", inputmode: "email", autocapitalize: "none", spellcheck: "false", placeholder: "you@example.net" });
    this.#password = field("Password", { name: "password", type: "password", autocomplete: "current-password" });
    this.#url = field("WebSocket address", { name: "url", inputmode: "url", autocapitalize: "none", spellcheck: "false", placeholder: "wss://example.net/xmpp-websocket" },
      "Optional. Left empty, it is asked from the domain of the address.");
    this.#cancel = h("button", { type: "button", hidden: true, onclick: onCancel }, "Cancel");
    this.#fields = h("fieldset", { class: "form-fields" },
      this.#jid.element, this.#password.element, this.#url.element,
      h("button", { type: "submit", class: account ? "" : "primary" }, "Log in"));

    this.#again = account && h("div", { class: "login-again" },
      h("button", { type: "button", class: "primary", onclick: () => onLogIn(account) }, `Log in as ${account.jid}`),
      h("p", { class: "divider" }, h("span", {}, "or elsewhere")));

    const form = h("form", {
      class: "login", onsubmit: (event) => {
        event.preventDefault(); // the page never sends a password anywhere but to the client
        this.#submit();
      },
    }, this.#title, this.#message, this.#progress, this.#cancel, this.#again, this.#fields);
    this.element = h("div", { class: "login-frame" }, form);
  }

  showProgress(jid) {
    this.#message.textContent = "";
    this.#progress.textContent = `Logging in as ${jid}…`;
    this.#setBusy(true);
  }

  showError(error) {
    this.#progress.textContent = "";
    // "aborted" is our own Cancel button: nothing went wrong.
    this.#message.textContent = error.code === "aborted" ? "" : errorWords(error);
    this.#setBusy(false);
  }

  showLoggedOut(jid) {
    this.#message.textContent = "";
    this.#progress.textContent = `You have logged out of ${jid}.`;
    this.#setBusy(false);
  }

  focus({ isMoving }) {
    if (isMoving) this.#jid.input.focus();
    else this.#title.focus();
  }

  #submit() {
    const password = this.#password.input.value;
    this.#password.input.value = ""; // nothing on the page keeps it
    this.#onLogIn({
      jid: this.#jid.input.value.trim(),
      // Without a password and a user name the login is anonymous.
      password: password || undefined,
      url: this.#url.input.value.trim(),
    });
  }

  #setBusy(isBusy) {
    this.#fields.disabled = isBusy;
    this.#fields.hidden = isBusy;
    if (this.#again) this.#again.hidden = isBusy;
    this.#cancel.hidden = !isBusy;
    this.element.classList.toggle("is-busy", isBusy);
  }
}

function field(label, attributes, hint) {
  const id = uniqueId("field");
  const hintId = hint && `${id}-hint`;
  const input = h("input", { id, type: "text", "aria-describedby": hintId, ...attributes });
  const element = h("div", { class: "field" },
    h("label", { for: id }, label), input, hint && h("p", { class: "hint", id: hintId }, hint));
  return { input, element };
}
