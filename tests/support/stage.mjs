// What most browser tests start from: one Chromium and one Prosody a file, and in each test a page with clients that are
// steered from here.
//
//   const stage = setStage();                              // options of prosody.start(); see there
//
//   stage.test("a message arrives", async ({ online }) => {
//     const romeo = await online("romeo");                 // an account of its own, and a client that is online
//     const juliet = await online("juliet");
//     await romeo.call("messages.send", { to: juliet.jid, body: "Hi" });
//     await juliet.take("message", { from: romeo.fullJid, body: "Hi" });
//   });
//
//   stage.test(name, { expected: [/WebSocket connection/] }, body)    // console errors that belong to the test
//
// A test gets { server, page, account, client, online }. `account(user, host)` registers an account whose name nobody
// else has. `client(account, options)` makes a client without connecting it; in place of an account there may be the
// name for a new one. Every wait has a deadline and fails with what came instead; a page with errors fails its test.

import { after, before, test } from "node:test";
import * as browser from "./browser.mjs";
import * as prosody from "./prosody.mjs";

/** Far beyond what anything here takes, even on a machine that is busy. */
const WAIT_MS = 20_000;
const TEST_MS = 90_000;

/** Registers the hooks of the file, and returns what its tests are written with. */
export function setStage(options) {
  const stage = new Stage();
  before(async () => {
    [stage.chromium, stage.server] = await Promise.all([browser.launch(), prosody.start(options)]);
  });
  after(async () => {
    await stage.chromium?.close();
    await stage.server?.stop();
  });
  return stage;
}

class Stage {
  accounts = 0;

  test(name, ...rest) {
    const body = rest.pop();
    const { expected = [] } = rest.pop() ?? {};
    test(name, { timeout: TEST_MS }, async () => {
      const page = await this.newPage();
      try {
        await body({
          server: this.server,
          page,
          account: (user, host) => this.account(user, host),
          client: (who, more) => this.client(page, who, more),
          online: (who, more) => this.online(page, who, more),
        });
        page.assertNoErrors(...expected);
      } finally {
        await page.context().close();
      }
    });
  }

  /** A page with the package and what is in stage-page.js, as `waxwing` and `stage`. */
  async newPage() {
    const page = await this.chromium.newPage();
    page.setDefaultTimeout(WAIT_MS);
    await page.evaluate(() => import("/tests/support/stage-page.js").then((module) => void (globalThis.stage = module)));
    return page;
  }

  account(user, host) {
    this.accounts += 1;
    return this.server.register(`${user}-${this.accounts}`, `secret of ${user}`, host);
  }

  async client(page, who, { stanzas = false, ...more } = {}) {
    const account = typeof who === "string" ? this.account(who) : who;
    const options = { jid: account.jid, password: account.password, url: this.server.url, ...more };
    const id = await run(page, "make", options, stanzas);
    return new RemoteClient(page, id, account);
  }

  async online(page, who, more) {
    const client = await this.client(page, who, more);
    await client.call("connect");
    client.fullJid = await client.get("jid");
    // Before the server has handled our presence, who writes to the bare JID reaches nobody. A test that looks at all stanzas has none of ours among them.
    if (!more?.stanzas) await client.settle();
    return client;
  }
}

/** A client in a page. */
class RemoteClient {
  constructor(page, id, account) {
    this.page = page;
    this.id = id;
    this.account = account;
    /** The bare JID. */
    this.jid = account.jid;
    this.password = account.password;
    /** As it was when the client came online. */
    this.fullJid = undefined;
  }

  /** Calls a method such as "messages.send"; rejects with what it rejects with. */
  call(path, ...values) {
    return run(this.page, "call", this.id, path, values, WAIT_MS);
  }

  /** A getter such as "roster.items". */
  get(path) {
    return run(this.page, "get", this.id, path);
  }

  /** The first event of that name not taken yet that has all that is in `match`; one that came already, or the next to come. */
  take(name, match = {}) {
    return run(this.page, "take", this.id, name, match, WAIT_MS);
  }

  /** All events of that name so far that have all that is in `match`, taken or not. */
  seen(name, match = {}) {
    return run(this.page, "seen", this.id, name, match);
  }

  /** Waits until all that the server had sent before is handled. */
  async settle() {
    await this.call("request", '<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>');
  }
}

/** Runs a function of stage-page.js, and throws what it threw. */
async function run(page, name, ...values) {
  const outcome = await page.evaluate(([name, values]) => stage.outcomeOf(name, values), [name, values]);
  if (!outcome.error) return outcome.value;
  const { message, ...details } = outcome.error;
  throw Object.assign(new Error(message), details);
}
