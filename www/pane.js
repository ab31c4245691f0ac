// One pane: a frame that shows either the form to log in or the session of one logged-in account.

import { Client } from "./waxwing.js";
import { h } from "./dom.js";
import { LoginForm } from "./login-form.js";
import { Notices } from "./notices.js";
import { Session } from "./session.js";
import { personName } from "./words.js";

export class Pane {
  #account;       // what the demo gave us to log in with, if it did
  #session;       // set while logged in or logging in
  #attempt;       // AbortController of the login under way
  #form;
  #onChange;

  /**
   * @param {{ id: string, account?: { jid: string, password: string, url: string }, onChange: () => void }} options
   */
  constructor({ id, account, onChange }) {
    this.#account = account;
    this.#onChange = onChange;
    this.notices = new Notices();
    this.content = h("div", { class: "pane-content" });
    this.element = h("section", { id, class: "pane is-selected", "aria-label": account?.jid ?? "Log in" }, this.notices.element, this.content);
    this.#form = new LoginForm({
      account,
      onLogIn: (options) => this.logIn(options),
      onCancel: () => this.#attempt?.abort(),
    });
    this.content.replaceChildren(this.#form.element);
  }

  /** The client of this pane, if it has one now. */
  get client() {
    return this.#session?.client;
  }

  /** How many messages and requests have not been seen yet. */
  get waiting() {
    return this.#session?.waiting ?? 0;
  }

  get isDemoAccount() {
    return this.#account !== undefined && this.#session?.jid === this.#account.jid;
  }

  /** "Romeo", for the tab. */
  get name() {
    const jid = this.#session?.jid ?? this.#account?.jid;
    return jid ? personName(jid) : "Log in";
  }

  /** Logs in with the demo's account, if there is one. */
  start() {
    if (this.#account) this.logIn(this.#account);
  }

  async logIn({ jid, password, url }) {
    this.notices.clear();
    this.#attempt = new AbortController();
    this.#form.showProgress(jid);
    try {
      // The constructor throws when an option is wrong, for instance an address that is none.
      const client = new Client({ jid, password, url: url || undefined });
      // The session listens before connect(): requests and messages that waited for us come with the first presence.
      this.#session = new Session({
        client, jid,
        notices: this.notices,
        onChange: this.#onChange,
        onLogOut: (how) => this.logOut(how),
      });
      await client.connect({ signal: this.#attempt.signal });
      this.content.replaceChildren(this.#session.element);
      this.element.setAttribute("aria-label", jid);
    } catch (error) {
      this.#endSession();
      this.#form.showError(error);
    }
    this.#onChange();
  }

  async logOut({ isMoving = false } = {}) {
    const client = this.client;
    const jid = this.#session?.jid;
    this.#endSession();
    this.notices.clear();
    this.#form.showLoggedOut(jid);
    this.content.replaceChildren(this.#form.element);
    this.#form.focus({ isMoving });
    this.element.setAttribute("aria-label", "Log in");
    this.#onChange();
    // What was sent is flushed and the stream closed; nothing that could log in again stays with the browser or counts for the server.
    await client?.account.logout();
  }

  /** Somebody is about to let us see their presence because the page, not they, has been asked: that is no news. */
  expectYes(jid) {
    this.#session?.expectYes(jid);
  }

  /** After the page was frozen: the same client, which still has its roster and its conversations. */
  reconnect() {
    this.#session?.connect();
  }

  #endSession() {
    this.#session?.dispose();
    this.#session = undefined;
  }
}
