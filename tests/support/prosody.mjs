// A real Prosody on a free loopback port, with a temporary folder of its own. It ends with this process.
//
//   import * as prosody from "../support/prosody.mjs";
//
//   let server;
//   before(async () => { server = await prosody.start(); });
//   after(() => server?.stop());
//
//   test("romeo logs in", async () => {
//     const { jid, password } = server.register("romeo", "s3cret");           // on localhost: SCRAM-SHA-1, PLAIN
//     server.register("romeo", "s3cret", prosody.domains.sha256);             // SCRAM-SHA-256; see `domains`
//     ... new Client({ jid, password, url: server.url }) ...
//     await server.kill();                                                    // as a crash would
//     await server.restart();                                                 // same port, same accounts
//     await server.waitForLog(/Authenticated as romeo/);
//   });
//
// start({ modules: ["sasl2"], disabledModules: ["smacks"], config: "smacks_hibernation_time = 5" }) changes what the
// server does; `hosts` adds lines at the end of the file, where `VirtualHost "localhost"` opens that section again.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./cleanup.mjs";
import { writeStore } from "./lua.mjs";
import { freePort, runShell, signalProsody, spawnProsody, view } from "./prosody-process.mjs";

const TEMPLATE = new URL("./prosody.cfg.lua", import.meta.url);
/** Modules of our own: start({ modules: ["fresh_reader"] }). */
const MODULES = new URL("./prosody-modules/", import.meta.url);
const START_DEADLINE_MS = 60_000;
const ATTEMPTS = 5;
const DEFAULTS = { modules: [], disabledModules: [], config: "", hosts: "", logLevel: "info" };

/** The hosts of the configuration, by what they are for. */
export const domains = Object.freeze({
  sha1: "localhost", // PLAIN, SCRAM-SHA-1; like the next also OAUTHBEARER, which Prosody always adds there
  sha256: "sha256.localhost", // PLAIN, SCRAM-SHA-256
  plain: "plain.localhost", // passwords kept as they are: PLAIN, SCRAM-SHA-1, SCRAM-SHA-256
  anonymous: "anon.localhost", // ANONYMOUS
});

/** The modules of SASL2 and of what goes along with it, for `start({ modules })`. */
export const sasl2 = Object.freeze(["sasl2", "sasl2_bind2", "sasl2_sm", "sasl2_fast", "sasl_ssdp"]);

/** Starts a server; resolves once it listens. */
export async function start(options = {}) {
  const unknown = Object.keys(options).filter((name) => !(name in DEFAULTS));
  if (unknown.length > 0) throw new TypeError(`prosody.start() knows no option ${unknown.join(", ")}`);
  const server = new Server({ ...DEFAULTS, ...options });
  try {
    await server.begin();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class Server {
  /** The port of WebSocket and HTTP. It stays the same over restarts. */
  port = 0;
  /** All that the server has printed, over all restarts. */
  log = "";
  /** Where everything lies that the server writes. */
  folder = realpathSync(mkdtempSync(join(tmpdir(), "waxwing-prosody-")));

  constructor(options) {
    this.options = options;
    this.child = undefined;
    for (const inside of ["data", "certs"]) mkdirSync(join(this.folder, inside));
    cpSync(MODULES, join(this.folder, "modules"), { recursive: true });
    this.forget = atEnd(() => {
      if (this.child) signalProsody(this.child, "SIGKILL");
      this.removeFolder();
    });
  }

  /** For `new Client({ url })`. */
  get url() {
    return `ws://127.0.0.1:${this.port}/xmpp-websocket`;
  }

  get domains() {
    return domains;
  }

  get isRunning() {
    return this.child !== undefined;
  }

  /** Makes an account, whether the server runs or not. */
  register(user, password, host = domains.sha1) {
    writeStore(join(this.folder, "data"), host, "accounts", user, { password });
    return { jid: `${user}@${host}`, user, host, password };
  }

  /**
   * Writes the roster of an account that is not online, however large: over the wire, filling one is quadratic.
   * An item: { jid, name, groups: [], subscription: "both", ask: "subscribe", approved: true }.
   */
  writeRoster(account, items) {
    const [user, host] = account.split("@");
    const roster = new Map([[false, { version: 1, pending: {} }]]);
    for (const { jid, groups = [], subscription = "none", ...rest } of items) {
      roster.set(jid, { ...rest, subscription, groups: Object.fromEntries(groups.map((group) => [group, true])) });
    }
    writeStore(join(this.folder, "data"), host, "roster", user, roster);
  }

  /** Ends the server as a crash would. */
  async kill() {
    await this.end("SIGKILL");
  }

  /** Starts it again, ending it first if it runs. */
  async restart() {
    await this.end("SIGTERM");
    await this.launch();
  }

  /** Ends it for good and removes its folder. */
  async stop() {
    await this.end("SIGTERM");
    this.removeFolder();
    this.forget();
  }

  /** Resolves when the server has ended, whoever ended it. */
  async ended() {
    await this.child?.ended;
  }

  /** Runs a line in Prosody's shell, such as `c2s:closeall()`; resolves with what it prints. */
  async shell(line) {
    if (!this.child) throw new Error("Prosody does not run");
    return runShell(this.folder, this.child, line);
  }

  /** Resolves when the log holds `pattern`, now or later; rejects if the server ends before that. */
  waitForLog(pattern) {
    return this.waitFor((text) => pattern.test(text), 0);
  }

  /** The first start finds a port. Another program may take it in between, hence more than one attempt. */
  async begin() {
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      try {
        return await this.launch();
      } catch (error) {
        if (attempt === ATTEMPTS || !isPortTaken(this.log)) throw error;
        await this.end("SIGKILL");
        this.log = "";
      }
    }
  }

  async launch() {
    writeFileSync(join(this.folder, "prosody.cfg.lua"), this.configuration());
    const from = this.log.length;
    const child = spawnProsody(this.folder, this.port);
    this.child = child;
    child.ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.log += String(error);
        resolve();
      });
      child.once("close", resolve);
    });
    child.ended.then(() => {
      if (this.child === child) this.child = undefined;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part) => {
        this.log += part;
      });
    }
    const isListening = (text) => text.includes("Activated service 'http' on [") && text.includes(`]:${this.port}`);
    await this.waitFor((text) => isListening(text) || isPortTaken(text), from, START_DEADLINE_MS);
    if (isPortTaken(this.log.slice(from))) throw new Error(`Prosody cannot listen on port ${this.port}: it is taken`);
  }

  async end(signal) {
    const child = this.child;
    if (!child) return;
    signalProsody(child, signal);
    await child.ended;
  }

  waitFor(isThere, from, deadlineMs) {
    const child = this.child;
    const look = () => isThere(this.log.slice(from));
    if (look()) return Promise.resolve();
    const failure = (why) => new Error(`Prosody ${why}. It printed:\n${this.log.slice(from)}`);
    if (!child) return Promise.reject(failure("does not run"));
    return new Promise((resolve, reject) => {
      let timer;
      const settle = (action) => {
        clearTimeout(timer);
        child.stdout.off("data", onData);
        child.stderr.off("data", onData);
        action();
      };
      const onData = () => {
        if (look()) settle(resolve);
      };
      // After the listeners of launch(), so that the log already holds the new part.
      child.stdout.on("data", onData);
      child.stderr.on("data", onData);
      child.ended.then(() => settle(() => (look() ? resolve() : reject(failure("ended")))));
      if (deadlineMs) timer = setTimeout(() => settle(() => reject(failure("did not get that far in time"))), deadlineMs);
    });
  }

  configuration() {
    const list = (names) => names.map((name) => `  "${name}";`).join("\n");
    const { modules, disabledModules, ...rest } = this.options;
    const values = {
      ...rest,
      modules: list(modules),
      disabledModules: list(disabledModules),
      port: String(this.port),
      folder: view.folder(this.folder),
      address: view.address,
    };
    return readFileSync(TEMPLATE, "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? "");
  }

  removeFolder() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function isPortTaken(log) {
  return /Failed to open server port|Address already in use/.test(log);
}
