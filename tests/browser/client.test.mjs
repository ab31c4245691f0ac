// The life of a client in a page: connecting, what listeners may do, how calls are given up.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

let chromium;
let server;
let accounts = 0;

before(async () => {
  [chromium, server] = await Promise.all([browser.launch(), prosody.start()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** The options of a client, for an account that nobody has used before. */
function freshOptions() {
  accounts += 1;
  const { jid, password } = server.register(`user${accounts}`, "s3cret");
  return { jid, password, url: server.url };
}

/** A page with the package; `inPage` runs there with the options of a client, and whatever is given beside them. */
async function onPage(inPage, { expectedErrors = [], given = {} } = {}) {
  const page = await chromium.newPage();
  try {
    const result = await page.evaluate(inPage, { ...freshOptions(), ...given });
    page.assertNoErrors(...expectedErrors);
    return result;
  } finally {
    await page.close();
  }
}

/** Sends one IQ to the server that it ignores: one `stanza` event, and nothing else. */
const QUIET = "<iq type='result' id='nothing' to='localhost'/>";

test("the state getter is ahead of its event, and the events tell the whole way", async () => {
  const seen = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    const seen = [];
    client.on("state", ({ current, previous }) => seen.push([previous, current, client.state === current]));
    const connected = client.connect();
    seen.push(client.state);
    await connected;
    seen.push([client.state, client.jid.startsWith(`${options.jid}/`)]);
    await client.disconnect();
    seen.push([client.state, client.jid]);
    return seen;
  });
  assert.deepEqual(seen, [
    ["offline", "connecting", true],
    "connecting",
    ["connecting", "online", true],
    ["online", true],
    ["online", "offline", true],
    ["offline", undefined],
  ]);
});

test("a second connect() shares the promise, and when online it resolves at once", async () => {
  const result = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    const [first, second] = [client.connect(), client.connect()];
    await first;
    await client.connect();
    let states = 0;
    client.on("state", () => (states += 1));
    await client.connect({ signal: new AbortController().signal });
    await client.disconnect();
    return [first === second, states];
  });
  assert.deepEqual(result, [true, 1]);
});

test("disconnect() rejects a connect() under way with aborted, at whatever point", async () => {
  const codes = await onPage(async (options) => {
    const codes = [];
    const attempt = async (when) => {
      const client = new waxwing.Client(options);
      const connected = client.connect().then(() => "online", (error) => error.code);
      await when(client);
      await client.disconnect();
      codes.push([await connected, client.state]);
    };
    await attempt(() => {}); // while the module loads
    await attempt(() => {}); // while the socket opens
    await attempt((client) => new Promise((resolve) => client.on("stanza", ({ xml }) => xml.startsWith("<challenge") && resolve())));
    return codes;
  }, { expectedErrors: [/WebSocket is closed before the connection is established/] });
  assert.deepEqual(codes, [["aborted", "offline"], ["aborted", "offline"], ["aborted", "offline"]]);
});

test("connect() is given up by its signal when nobody else waits for it", async () => {
  const result = await onPage(async (options) => {
    const outcome = (promise) => promise.then(() => "online", (error) => [error.code, error.cause]);
    await waxwing.init();
    const alone = new waxwing.Client(options);
    const one = new AbortController();
    const first = outcome(alone.connect({ signal: one.signal }));
    one.abort("enough");
    const result = [await first, alone.state];
    const shared = new waxwing.Client(options);
    const two = new AbortController();
    const second = outcome(shared.connect({ signal: two.signal }));
    const third = outcome(shared.connect({ signal: new AbortController().signal }));
    two.abort("enough");
    result.push(await second, await third, shared.state);
    await shared.disconnect();
    return result;
  }, { expectedErrors: [/WebSocket is closed before the connection is established/] });
  assert.deepEqual(result, [["aborted", "enough"], "offline", ["aborted", "enough"], "online", "online"]);
});

test("a listener that throws is reported, and the others still run", async () => {
  const page = await chromium.newPage();
  const options = freshOptions();
  const seen = await page.evaluate(async (options) => {
    const client = new waxwing.Client(options);
    const seen = [];
    client.on("state", () => {
      throw new Error("on purpose");
    });
    client.on("state", ({ current }) => seen.push(current));
    await client.connect();
    await client.disconnect();
    return seen;
  }, options);
  assert.deepEqual(seen, ["connecting", "online", "offline"]);
  assert.equal(page.errors.filter((text) => /uncaught.*on purpose/.test(text)).length, 3);
  page.assertNoErrors(/on purpose/);
  await page.close();
});

test("listeners may unsubscribe themselves and each other, and subscribe new ones, while an event is delivered", async () => {
  const seen = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    const seen = [];
    const victim = () => seen.push("never");
    const stop = client.on("state", ({ current }) => {
      seen.push(`self ${current}`);
      stop();
      stop();
      client.off("state", victim);
      client.on("state", (event) => seen.push(`late ${event.current}`));
    });
    client.on("state", victim);
    client.once("state", ({ current }) => seen.push(`once ${current}`));
    client.on("state", ({ current }) => seen.push(`last ${current}`));
    await client.connect();
    await client.disconnect();
    return seen;
  });
  assert.deepEqual(seen, [
    "self connecting", "once connecting", "last connecting",
    "last online", "late online", "last offline", "late offline",
  ]);
});

test("a listener may call back in, and every listener sees all events in order", async () => {
  const seen = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    const seen = { a: [], b: [] };
    const note = (list) => ({ id, stage }) => list.push(`${id} ${stage}`);
    client.on("delivery", note(seen.a));
    client.on("delivery", ({ id, stage }) => {
      if (stage !== "queued" || id === "5") return;
      const next = String(Number(id) + 1);
      client.messages.send({ to: client.jid, body: "x", id: next });
      seen.inside ??= seen.a.includes(`${next} queued`);
    });
    client.on("delivery", note(seen.b));
    await client.connect();
    const all = new Promise((resolve) => client.on("delivery", ({ id, stage }) => id === "5" && stage === "acked" && resolve()));
    client.messages.send({ to: client.jid, body: "x", id: "1" });
    seen.before = seen.a.includes("1 queued");
    await all;
    await client.disconnect();
    return seen;
  });
  assert.equal(seen.before, true, "the queued event comes before send() returns");
  assert.equal(seen.inside, true, "also when send() is called by a listener");
  assert.deepEqual(seen.a, seen.b);
  for (const stage of ["queued", "sent", "acked"]) {
    assert.deepEqual(seen.a.filter((text) => text.endsWith(stage)), ["1", "2", "3", "4", "5"].map((id) => `${id} ${stage}`));
  }
});

test("listeners that call back in without end do not overflow the stack", async () => {
  const count = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    await client.connect();
    let count = 0;
    const done = new Promise((resolve) => {
      client.on("stanza", ({ direction }) => {
        if (direction === "in") return;
        count += 1;
        if (count < 5_000) client.sendRaw("<iq type='result' id='nothing' to='localhost'/>");
        else resolve();
      });
    });
    client.sendRaw("<iq type='result' id='nothing' to='localhost'/>");
    await done;
    await client.disconnect();
    return count;
  });
  assert.ok(count >= 5_000);
});

for (const name of ["connecting", "online"]) {
  test(`disconnect() from inside the ${name} event ends in offline`, async () => {
    const result = await onPage(async ({ name, ...options }) => {
      const client = new waxwing.Client(options);
      await waxwing.init();
      let closed;
      client.on("state", ({ current }) => {
        if (current === name) closed = client.disconnect();
      });
      const outcome = await client.connect().then(() => "online", (error) => error.code);
      await closed;
      return [outcome, client.state, client.jid];
    }, { given: { name }, expectedErrors: [/WebSocket is closed before the connection is established/] });
    assert.deepEqual(result, [name === "online" ? "online" : "aborted", "offline", undefined]);
  });
}

test("disconnect() from inside a message event lets the message out that was sent before", async () => {
  const result = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    let closed;
    client.on("message", ({ direction }) => {
      if (direction === "in") closed ??= client.messages.send({ to: options.jid, body: "last words" }).then(({ body }) => [body, client.state], (error) => error.code);
      if (closed) client.disconnect();
    });
    const offline = new Promise((resolve) => client.on("state", ({ current }) => current === "offline" && resolve()));
    await client.connect();
    client.messages.send({ to: client.jid, body: "first" });
    await offline;
    return closed;
  });
  assert.equal(result[0], "last words");
});

test("connect() from inside the offline event is a new attempt", async () => {
  const states = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    const states = [];
    let again;
    client.on("state", ({ current }) => {
      states.push(current);
      if (current === "offline") again ??= client.connect();
    });
    await client.connect();
    await client.disconnect();
    await again;
    states.push(client.state);
    await client.disconnect();
    return states;
  });
  assert.deepEqual(states.slice(0, 6), ["connecting", "online", "offline", "connecting", "online", "online"]);
});

test("a client works behind a Proxy, online too", async () => {
  const result = await onPage(async (options) => {
    const deep = (target) => new Proxy(target, {
      get(object, key, receiver) {
        const value = Reflect.get(object, key, receiver);
        return typeof value === "object" && value !== null && Object.isExtensible(value) ? deep(value) : value;
      },
    });
    const client = deep(new waxwing.Client(options));
    const inbound = new Promise((resolve) => client.on("message", ({ direction, body }) => direction === "in" && resolve(body)));
    await client.connect();
    await client.messages.send({ to: client.jid, body: "through a Proxy" });
    const result = [await inbound, client.state, client.roster.items.length, client.presence.resources(options.jid).length];
    await client.disconnect();
    return result;
  });
  assert.deepEqual(result, ["through a Proxy", "online", 0, 1]);
});

test("a request is given up by its signal and by its timeout, and a late answer disturbs nobody", async () => {
  const result = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    await client.connect();
    const outcome = (promise) => promise.then(({ name }) => name, ({ code, cause }) => (cause === undefined ? code : [code, cause]));
    const ping = (id) => waxwing.xml`<iq type="get" id=${id} to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`;
    // What stands on the wire to the server is held back until both have given up: an answer cannot be too fast.
    const { send } = WebSocket.prototype;
    const held = [];
    WebSocket.prototype.send = function (frame) {
      if (frame.includes("late-")) held.push(() => send.call(this, frame));
      else send.call(this, frame);
    };
    const answers = [];
    client.on("stanza", ({ direction, xml }) => direction === "in" && xml.includes("late-") && answers.push(xml));
    const controller = new AbortController();
    const first = outcome(client.request(ping("late-1"), { signal: controller.signal }));
    const second = outcome(client.request(ping("late-2"), { timeoutMs: 1 }));
    controller.abort("changed my mind");
    const results = await Promise.all([first, second]);
    for (const release of held) release();
    results.push(await outcome(client.request(ping("third"))), answers.length, client.state);
    await client.disconnect();
    return results;
  });
  assert.deepEqual(result, [["aborted", "changed my mind"], "timeout", "iq", 2, "online"]);
});

test("events() yields what comes, from the call on, and leaves nothing subscribed", async () => {
  const result = await onPage(async (options) => {
    const client = new waxwing.Client(options);
    const states = client.events("state");
    await client.connect();
    const seen = [];
    for await (const { current } of states) {
      seen.push(current);
      if (current === "online") break;
    }
    const ended = await states.next();
    const controller = new AbortController();
    const waiting = client.events("message", { signal: controller.signal });
    const outcomes = [waiting.next(), waiting.next()].map((next) => next.then(({ done }) => done, ({ code }) => code));
    controller.abort();
    const result = [seen, ended.done, await Promise.all(outcomes)];
    await client.disconnect();
    return result;
  });
  assert.deepEqual(result, [["connecting", "online"], true, ["aborted", true]]);
});

test("a loop over events() that is too far behind gets what was kept, and then the overflow as an error", async () => {
  const result = await onPage(async ({ quiet, ...options }) => {
    const client = new waxwing.Client(options);
    await client.connect();
    const behind = client.events("stanza");
    for (let sent = 0; sent < 1100; sent += 1) client.sendRaw(quiet);
    let kept = 0;
    const error = await (async () => {
      for await (const { direction } of behind) kept += direction === "out" ? 1 : 0;
    })().catch((error) => error.code);
    await client.disconnect();
    return [kept, error, (await behind.next()).done];
  }, { given: { quiet: QUIET } });
  assert.deepEqual(result, [1024, "limit-exceeded", true]);
});

test("the stanza event costs nothing and says nothing until somebody listens", async () => {
  const result = await onPage(async ({ quiet, ...options }) => {
    const client = new waxwing.Client(options);
    await client.connect();
    client.sendRaw(quiet);
    const seen = [];
    const stop = client.on("stanza", ({ direction, xml }) => direction === "out" && seen.push(xml));
    client.sendRaw(quiet);
    stop();
    client.sendRaw(quiet);
    await client.disconnect();
    return seen.length;
  }, { given: { quiet: QUIET } });
  assert.equal(result, 1);
});

test("await using disconnects at the end of the block, also when it is left by an error", async () => {
  // As text: Node 20 cannot read it yet.
  const source = `async (options, states) => {
    await using client = new waxwing.Client(options);
    client.on("state", ({ current }) => states.push(current));
    await client.connect();
    throw "out of here";
  }`;
  const result = await onPage(async ({ source, ...options }) => {
    const states = [];
    const thrown = await (0, eval)(source)(options, states).catch((reason) => reason);
    return [...states, thrown];
  }, { given: { source } });
  assert.deepEqual(result, ["connecting", "online", "offline", "out of here"]);
});

test("a client works in a Worker", async () => {
  const answer = await onPage((options) => {
    const worker = new Worker("/tests/browser/worker.js", { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(options);
    }).finally(() => worker.terminate());
  });
  assert.deepEqual(answer, { body: "from a Worker", state: "offline" });
});

test("what is sent in one task goes out in order with all else that is asked, whether anybody listens or not", async () => {
  const found = await onPage(
    async (options) => {
      const { given, ...own } = options;
      const juliet = new waxwing.Client(given);
      await juliet.connect();
      const outcomes = [];
      for (const isHeard of [false, true]) {
        const romeo = new waxwing.Client(own);
        const heard = [];
        if (isHeard) romeo.on("message", ({ body }) => heard.push(body));
        await romeo.connect();
        const bodies = Array.from({ length: 300 }, (_, n) => `Line ${n} \u{1f339}`);
        const got = [];
        const isOver = new Promise((resolve) => {
          const off = juliet.on("message", ({ body, subject }) => {
            got.push(subject ?? body);
            if (body !== "last") return;
            off();
            resolve();
          });
        });
        const to = juliet.jid;
        const send = (message) => romeo.messages.send(message);
        const sent = bodies.map((body) => send({ to, body }));
        sent.push(send({ to, body: "with a subject", subject: "subject" }), send({ to: given.jid.toUpperCase(), id: "own", body: "elsewhere" }));
        const refused = send({ to, body: "" + String.fromCharCode(1) }).catch(({ code }) => code);
        romeo.sendRaw(`<message type='chat' to='${to}'><body>raw</body></message>`);
        sent.push(send({ to, body: "last" }));
        const heardAtOnce = heard.length;
        // A listener hears of nothing that was sent before.
        const late = [];
        romeo.on("message", ({ body }) => late.push(body));
        const messages = await Promise.all(sent);
        await isOver;
        const left = romeo.disconnect();
        const afterwards = send({ to, body: "too late" }).catch(({ code }) => code);
        await left;
        const { timestamp, ...first } = messages[0];
        outcomes.push({
          isInOrder: JSON.stringify(got) === JSON.stringify([...bodies, "subject", "elsewhere", "raw", "last"]) ? true : got,
          heardAtOnce,
          late,
          codes: [await refused, await afterwards],
          isFirstWhole: first.id === first.originId && first.body === bodies[0] && first.to === to && first.from.startsWith(`${own.jid}/`) && timestamp > 0,
          ownId: messages[301].id,
        });
      }
      await juliet.disconnect();
      return outcomes;
    },
    { given: { given: freshOptions() } },
  );
  const same = { isInOrder: true, late: [], codes: ["invalid-argument", "not-connected"], isFirstWhole: true, ownId: "own" };
  assert.deepEqual(found, [{ ...same, heardAtOnce: 0 }, { ...same, heardAtOnce: 303 }]);
});
