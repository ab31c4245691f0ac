// The bench: a server, a browser, and samples of all contenders.

import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import * as browser from "../../tests/support/browser.mjs";
import * as prosody from "../../tests/support/prosody.mjs";
import { CONTENDERS, pathOf, versionOf } from "./contenders.mjs";

const CONTACTS = 100;
const DEADLINE_MS = 120_000;
const LONG_DEADLINE_MS = 20 * 60_000;

export class Bench {
  accounts = 0;

  /** `scale` makes all counts smaller. */
  constructor(scale = 1) {
    this.scale = scale;
  }

  async start(files) {
    // Without the archive, which writes each message to the disk: what is measured is the client.
    this.server = await prosody.start({ modules: [...prosody.sasl2], disabledModules: ["mam"] });
    this.chromium = await browser.launch({ files, args: ["--js-flags=--expose-gc"] });
  }

  async stop() {
    await this.chromium?.close();
    await this.server?.stop();
  }

  many(count) {
    return Math.max(1, Math.round(count * this.scale));
  }

  /** A fresh account with some contacts on the server. */
  account() {
    this.accounts += 1;
    const { jid, user, host, password } = this.server.register(`bench-${this.accounts}`, "s3cret");
    const contacts = Array.from({ length: CONTACTS }, (_, n) => ({ jid: `contact-${n}@${host}`, name: `Contact ${n}`, subscription: "both" }));
    this.server.writeRoster(jid, contacts);
    return { url: this.server.url, jid, user, host, password };
  }

  /** Interleaved: whatever the machine does meanwhile, it does to all. Returns the rows of the table; `tell` hears of each sample. */
  async measure(measures, rounds, tell = console.error) {
    const samples = new Samples();
    for (let round = 1; round <= rounds; round += 1) {
      for (const measure of measures) {
        for (const contender of CONTENDERS.filter(measure.isFor ?? (() => true))) {
          const values = await this.sample(measure, contender);
          samples.add(measure, contender, values);
          tell(`${round}/${rounds} ${measure.key}, ${contender.title}: ${describeValues(values)}`);
        }
      }
    }
    return measures.flatMap((measure) =>
      Object.entries(measure.rows).map(([row, { title, isMore = false }]) => ({
        key: `${measure.key}.${row}`,
        title,
        isMore,
        values: Object.fromEntries(CONTENDERS.map(({ key }) => [key, samples.median(measure.key, row, key)])),
      })),
    );
  }

  /** One measure of one contender. */
  sample(measure, contender) {
    const deadlineMs = measure.isOnDemand ? LONG_DEADLINE_MS : DEADLINE_MS;
    return this.inPage(`${measure.key} of ${contender.title}`, deadlineMs, async (page) => {
      const load = (page) => loadContender(page, contender);
      await load(page);
      return measure.run(page, { load, many: (count) => this.many(count), account: () => this.account() });
    });
  }

  /** Runs in a page and a browser profile of its own. */
  async inPage(what, deadlineMs, run) {
    const page = await this.chromium.newPage({ waxwing: false });
    let timer;
    const tooLate = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} is not done after ${deadlineMs} ms`)), deadlineMs);
    });
    try {
      return await Promise.race([run(page), tooLate]);
    } finally {
      clearTimeout(timer);
      await page.context().close();
    }
  }

  describe(rounds) {
    const about = execFileSync("prosodyctl", ["about"], { encoding: "utf8" });
    return {
      date: new Date().toISOString().slice(0, 10),
      rounds,
      machine: `${cpus().length} cores, ${cpus()[0]?.model ?? "an unknown processor"}`,
      browser: `Chromium ${this.chromium.browser.version()}`,
      server: `Prosody ${/prosody ([\d.]+)/i.exec(about)?.[1] ?? "of an unknown version"}`,
      peers: CONTENDERS.filter(({ npm }) => npm).map(({ title, npm }) => `${title} ${versionOf(npm)}`),
    };
  }
}

/** Medians, by measure, row and contender. */
class Samples {
  byName = new Map();

  add(measure, contender, values) {
    for (const row of Object.keys(measure.rows)) {
      const name = `${measure.key}.${row}.${contender.key}`;
      if (values[row] !== undefined) this.byName.set(name, [...(this.byName.get(name) ?? []), values[row]]);
    }
  }

  median(measure, row, contender) {
    return median(this.byName.get(`${measure}.${row}.${contender}`) ?? []);
  }
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function loadContender(page, { key }) {
  page.importMs = await page.evaluate(async (path) => {
    globalThis.measures = await import("/bench/measures.js");
    globalThis.loaded = await measures.load(path);
    return loaded.importMs;
  }, pathOf(key));
}

function describeValues(values) {
  return Object.entries(values).filter(([, value]) => value !== undefined).map(([row, value]) => `${row} ${Number(value.toPrecision(4))}`).join(", ");
}
