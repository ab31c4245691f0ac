// Two clients talk through a network that fails again and again: no message is lost, doubled or out of order.
//
// The seed of a run stands in the name of its test; WAXWING_SEEDS=7,8,9 runs others than the usual five, and WAXWING_SOAK=20 makes
// everything 20 times as long (CONTRIBUTING.md).

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as network from "../support/fault-proxy.mjs";
import * as prosody from "../support/prosody.mjs";

const SEEDS = (process.env.WAXWING_SEEDS ?? "1,2,3,4,5").split(",").map(Number);
const SOAK = Number(process.env.WAXWING_SOAK ?? 1);

/** At least so many messages each way; more, until every fault has happened. */
const MESSAGES = 2_000 * SOAK;
/** So many of those are on their way at once. */
const WINDOW = 10;
/** So often each kind of fault happens in a run. */
const TIMES = 100 * SOAK;
/** Frames between two faults, on the average: a login takes about ten each way, so that some faults strike inside it. */
const GAP = 20;

/** Each kind in its forms. */
const FAULTS = [
  [network.cutClean()],
  [1001, 1008, 1011, 1012, 3000, 4321].map((code) => network.cutClean(code, "so it goes")),
  [network.cutHard(), network.cutInside()],
  [network.halfOpen()],
  [network.drop("server"), network.drop("client")],
  [network.delay(20), network.delay(60)],
  [network.throttle(20_000), network.throttle(100_000)],
];

const RECONNECT = { minDelayMs: 1, maxDelayMs: 20 };
/** A dead connection is found soon, so that a run takes minutes at most. A busy machine takes some hundred ms for a login. */
const IMPATIENT = { connectMs: 2_000, requestMs: 1_500, pingMs: 200, pongMs: 800 };

/** With room for what piles up while a dead connection is not yet found; see mod_fresh_reader for why it is there. */
const SERVER = { modules: ["fresh_reader"], config: "smacks_max_queue_size = 100000" };
/** Logins by SASL2 and tokens, sessions resumed along with them. */
const SASL2_SERVER = { ...SERVER, modules: [...SERVER.modules, ...prosody.sasl2] };

/** A hang is no verdict: what was lost is seen by what follows it. This only ends a run that never would. */
const GUARD = { timeout: 600_000 * SOAK };

let chromium;
let servers = [];
let accounts = 0;

before(async () => {
  const start = (options) => prosody.start({ ...options, disabledModules: ["mam"] });
  [chromium, ...servers] = await Promise.all([browser.launch(), start(SERVER), start(SASL2_SERVER)]);
});

after(async () => {
  await chromium?.close();
  await Promise.all(servers.map((server) => server.stop()));
});

/** Two clients that are online and ready to `talk`, in one page. */
async function pair(target, url, timeouts) {
  accounts += 1;
  const options = ["romeo", "juliet"].map((name) => {
    const { jid, password } = target.register(`${name}${accounts}`, "s3cret");
    return { jid, password, url, reconnect: RECONNECT, timeouts };
  });
  const page = await chromium.newPage();
  await page.evaluate(async (options) => {
    globalThis.sides = options.map((own, side) => {
      const client = new waxwing.Client(own);
      const told = { client, to: options[1 - side].jid, heard: [], stages: {}, outcomes: {}, sessions: [], errors: [] };
      client.on("message", ({ direction, body }) => direction === "in" && told.heard.push(Number(body)));
      client.on("delivery", ({ id, stage }) => (told.stages[id] ??= []).push(stage));
      client.on("state", ({ current, resumed }) => current === "online" && told.sessions.push(resumed));
      client.on("error", ({ code, message }) => told.errors.push(`${code}: ${message}`));
      return told;
    });
    // A machine that is busy with five runs may take longer for the first login than for all that follow.
    const connect = (client) => client.connect().catch(() => connect(client));
    await Promise.all(sides.map(({ client }) => connect(client)));
    /** Sends numbered messages, a few at a time, until there were `count` of them and `isEnough` is set. */
    globalThis.talk = async (told, count, window) => {
      const open = new Set();
      let number = 0;
      while (number < count || !globalThis.isEnough) {
        const own = (number += 1);
        const sending = told.client.messages.send({ to: told.to, body: String(own), id: `${own}` })
          .then(() => "acked", ({ code }) => code)
          .then((outcome) => {
            (told.outcomes[own] ??= []).push(outcome);
            open.delete(sending);
          });
        open.add(sending);
        if (open.size >= window) await Promise.race(open);
      }
      await Promise.all(open);
      return number;
    };
    /** Resolves when both have said so many messages more. */
    globalThis.talked = (more) => Promise.all(sides.map(async (told) => {
      const settled = () => Object.keys(told.outcomes).length;
      for (const goal = settled() + more; settled() < goal; ) await new Promise((resolve) => told.client.on("delivery", resolve));
    }));
    /** Resolves when the last message has come, or something behind it. */
    globalThis.hear = (told, number) => new Promise((resolve) => {
      const look = () => told.heard.includes(number) && resolve();
      told.client.on("message", look);
      look();
    });
    /** The numbers of all messages that the server has in this side's archive, of those that came in or of those that went out. */
    globalThis.archive = async ({ client }, direction) => {
      const found = [];
      const off = client.on("stanza", ({ xml }) => {
        const number = xml.match(/<result [^>]*urn:xmpp:mam:2[^]*<body>(\d+)<\/body>/)?.[1];
        const isOut = new RegExp(`<message [^>]*from=['"]${client.jid.split("/")[0]}/`).test(xml);
        if (number && isOut === (direction === "out")) found.push(Number(number));
      });
      const nextPage = async (after) => {
        const query = `<query xmlns="urn:xmpp:mam:2"><set xmlns="http://jabber.org/protocol/rsm"><max>200</max>${after}</set></query>`;
        const { children: [fin] } = await client.request(`<iq type="set">${query}</iq>`);
        const last = fin.children.find(({ name }) => name === "set")?.children.find(({ name }) => name === "last");
        if (fin.attrs.complete !== "true" && last) await nextPage(`<after>${last.children[0]}</after>`);
      };
      await nextPage("");
      off();
      return found;
    };
    globalThis.report = () => sides.map(({ client, to, ...rest }) => rest);
  }, options);
  return page;
}

/** What was wrong, in few words. */
function judge({ heard, stages, outcomes, sessions, errors }, said, toHear) {
  const isHeard = new Set(heard);
  return {
    lost: ranges(numbers(toHear).filter((number) => !isHeard.has(number))),
    doubled: ranges(heard.filter((number, at) => heard.indexOf(number) !== at)),
    misplaced: ranges(heard.filter((number, at) => at > 0 && heard[at - 1] > number)),
    unsettled: ranges(numbers(said).filter((number) => String(outcomes[number]) !== "acked")),
    misled: ranges(numbers(said).filter((number) => String(stages[number]) !== "queued,sent,acked")),
    resets: sessions.slice(1).filter((isResumed) => !isResumed).length,
    errors,
  };
}

const CLEAN = { lost: [], doubled: [], misplaced: [], unsettled: [], misled: [], resets: 0, errors: [] };

/** 1, 2, 3, 7 becomes "1-3", "7". */
function ranges(list) {
  const found = [];
  for (const number of list) {
    const last = found.at(-1);
    if (last && last[1] + 1 === number) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
}

/** Both talk until it is enough, and each has heard the last of the other. */
function converse(page, count = MESSAGES) {
  return page.evaluate(async ({ count, window }) => {
    const counts = await Promise.all(sides.map((told) => talk(told, count, window)));
    await Promise.all(sides.map((told, side) => hear(told, counts[1 - side])));
    return { counts, sides: report() };
  }, { count, window: WINDOW });
}

const numbers = (count) => Array.from({ length: count }, (_, at) => at + 1);

describe("over a network that fails", { concurrency: true }, () => {
  for (const [at, seed] of SEEDS.entries()) {
    const login = at % 2 ? "SASL2" : "SASL";
    test(`${TIMES} times in each way, with seed ${seed} and ${login}, every message arrives once and in order`, GUARD, async () => {
      const server = servers[at % 2];
      const proxy = await network.start(server);
      let page;
      try {
        page = await pair(server, proxy.url, IMPATIENT);
        const faults = FAULTS.flatMap((forms) => Array.from({ length: TIMES }, (_, time) => forms[time % forms.length]));
        proxy.atRandom({ seed, faults, gap: GAP });
        const isOver = proxy.happened(faults.length).then(() => page.evaluate(() => void (globalThis.isEnough = true)));
        const { counts, sides } = await converse(page);
        await isOver;
        for (const [side, told] of sides.entries()) {
          assert.deepEqual(judge(told, counts[side], counts[1 - side]), CLEAN);
        }
        assert.equal(proxy.happenings.length, faults.length);
      } finally {
        await page?.close();
        await proxy.stop();
      }
    });
  }
});

test("over a server that restarts and crashes, no message is lost in silence and none arrives twice", GUARD, async () => {
  const own = await prosody.start(SERVER);
  let page;
  try {
    page = await pair(own, own.url);
    const talking = converse(page, 300);
    for (let round = 0; round < 2 * SOAK; round += 1) {
      for (const end of [() => {}, () => own.kill()]) {
        await page.evaluate((count) => talked(count), 100);
        await end();
        await own.restart();
      }
    }
    await page.evaluate(() => void (globalThis.isEnough = true));
    const { counts, sides } = await talking;
    for (const [side, told] of sides.entries()) {
      assert.deepEqual(judge(told, counts[side], counts[1 - side]).doubled, []);
      const { outcomes } = sides[1 - side];
      const isExplained = (number) => told.heard.includes(number) || String(outcomes[number]) === "delivery-unknown";
      const unexplained = numbers(counts[1 - side]).filter((number) => !isExplained(number));
      const [got, given] = await page.evaluate((side) => Promise.all([archive(sides[side], "in"), archive(sides[1 - side], "out")]), side);
      assert.deepEqual(ranges(unexplained.filter((number) => got.includes(number))), [], "in the archive and not shown");
      // A server that crashes while it hands a message on may have it in the archive of the sender alone: it has said that it has it.
      assert.deepEqual(ranges(unexplained.filter((number) => !given.includes(number))), [], "lost in silence");
    }
  } finally {
    await page?.close();
    await own.stop();
  }
});
