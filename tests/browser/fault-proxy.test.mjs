// The network that fails on demand (tests/support/fault-proxy.mjs), between a plain WebSocket of Chromium and Prosody.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as network from "../support/fault-proxy.mjs";
import * as prosody from "../support/prosody.mjs";

let chromium;
let server;
let page;

before(async () => {
  [chromium, server] = await Promise.all([browser.launch(), prosody.start({ logLevel: "debug" })]);
  page = await chromium.newPage({ waxwing: false });
  await page.evaluate(() => {
    /** A socket that opens a stream, and what became of it. */
    globalThis.openStream = (url) => {
      const socket = new WebSocket(url, "xmpp");
      const stream = { socket, frames: [], waiters: [] };
      socket.onopen = () => socket.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>");
      socket.onmessage = ({ data }) => {
        stream.frames.push(data.match(/^<(?:\w+:)?(\w+)/)[1]);
        for (const look of stream.waiters) look();
      };
      stream.got = (count) => new Promise((resolve) => {
        const look = () => stream.frames.length >= count && resolve(stream.frames);
        stream.waiters.push(look);
        look();
      });
      stream.closed = new Promise((resolve) => {
        socket.onclose = ({ code, reason }) => resolve({ code, reason });
      });
      return stream;
    };
  });
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** A proxy with a plan, a stream through it, and `inPage(stream, given)`. */
async function over({ plan = () => {}, given, meanwhile = () => {} }, inPage) {
  const proxy = await network.start(server);
  try {
    plan(proxy);
    await page.evaluate((url) => {
      globalThis.stream = openStream(url);
    }, proxy.url);
    await meanwhile(proxy);
    return await page.evaluate(`(${inPage})(stream, ${JSON.stringify(given)})`);
  } finally {
    await proxy.stop();
  }
}

test("without a fault everything comes through, with the subprotocol", async () => {
  const result = await over({}, async (stream) => {
    const frames = await stream.got(2);
    return { frames, protocol: stream.socket.protocol };
  });
  assert.deepEqual(result, { frames: ["open", "features"], protocol: "xmpp" });
});

test("a cut comes at the frame that was chosen by number or by text, before it or after it", async () => {
  for (const [where, frames] of [
    [{ to: "client", frame: 1 }, []],
    [{ to: "client", frame: 2 }, ["open"]],
    [{ to: "client", text: /<stream:features/ }, ["open"]],
    [{ to: "client", text: (text) => text.startsWith("<open"), isLate: true }, ["open"]],
    [{ to: "server", frame: 1 }, []],
  ]) {
    for (const [fault, code] of [
      [network.cutClean(), 1000],
      [network.cutClean(1001), 1001],
      [network.cutClean(1011, "out of order"), 1011],
      [network.cutClean(4321, "an app's own"), 4321],
      [network.cutHard(), 1006],
      [network.cutInside(), 1006],
    ]) {
      const result = await over({ plan: (proxy) => proxy.at(where, fault) }, async (stream) => {
        const closed = await stream.closed;
        return { ...closed, frames: stream.frames };
      });
      const label = `${fault.name} at ${JSON.stringify(where)}`;
      assert.equal(result.code, code, label);
      // A reset may overtake what was forwarded before it; a close frame does not.
      if (code !== 1006) assert.deepEqual(result.frames, frames, label);
      else assert.ok(result.frames.length <= frames.length, label);
    }
  }
});

test("the server, too, sees the connection end", async () => {
  for (const fault of [network.cutClean(), network.cutHard(), network.cutInside()]) {
    const from = server.log.length;
    await over({ plan: (proxy) => proxy.at({ to: "client", text: /features/ }, fault) }, (stream) => stream.closed);
    await server.waitFor((log) => /Client disconnected/.test(log), from);
  }
});

test("a half-open connection is silent both ways and closes on neither side", async () => {
  const result = await over({
    plan: (proxy) => proxy.at({ to: "client", frame: 2 }, network.halfOpen()),
    meanwhile: (proxy) => proxy.happened(1),
  }, async (stream) => {
    stream.socket.send("<presence xmlns='jabber:client'/>");
    // Another stream goes its way meanwhile.
    await openStream(stream.socket.url).got(2);
    return { frames: stream.frames, state: stream.socket.readyState };
  });
  assert.deepEqual(result, { frames: ["open"], state: 1 });
});

test("one direction alone can be silent", async () => {
  for (const to of ["server", "client"]) {
    const from = server.log.length;
    const result = await over({
      plan: (proxy) => proxy.at({ to, frame: 1 }, network.drop(to)),
      meanwhile: (proxy) => proxy.happened(1),
    }, async (stream) => {
      await openStream(stream.socket.url).got(2);
      return { frames: stream.frames, state: stream.socket.readyState };
    });
    assert.deepEqual(result, { frames: [], state: 1 }, to);
    // The server heard of the other stream, and of this one where only the way back is silent.
    const heard = (log) => log.match(/Websocket received frame: opcode=1,/g)?.length;
    const count = to === "server" ? 1 : 2;
    await server.waitFor((log) => heard(log) >= count, from);
    assert.equal(heard(server.log.slice(from)), count, to);
  }
});

test("what is delayed or throttled arrives all the same, and in order", async () => {
  for (const fault of [network.delay(30), network.throttle(5_000)]) {
    const frames = await over({ plan: (proxy) => proxy.at({ to: "server", frame: 1 }, fault) }, async (stream) => {
      await stream.got(2);
      stream.socket.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='none-such'/>");
      stream.socket.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
      return stream.got(4);
    });
    assert.deepEqual(frames, ["open", "features", "failure", "close"], fault.name);
  }
});

test("the seed decides the order of random faults, and each happens as often as it is listed", async () => {
  const codes = [1001, 1002, 1003, 1008, 1011, 3000, 4000, 4001];
  const faults = codes.map((code) => network.cutClean(code));
  const run = async (seed) => {
    const proxy = await network.start(server);
    try {
      proxy.atRandom({ seed, faults, gap: 2 });
      while (proxy.happenings.length < faults.length) {
        await page.evaluate(async (url) => {
          const stream = openStream(url);
          await Promise.race([stream.closed, stream.got(2)]);
          stream.socket.close();
          await stream.closed;
        }, proxy.url);
      }
      return proxy.happenings;
    } finally {
      await proxy.stop();
    }
  };
  const [first, again, other] = [await run(1), await run(1), await run(2)];
  assert.deepEqual(first.toSorted(), faults.map(({ name }) => name).toSorted());
  assert.deepEqual(again, first);
  assert.notDeepEqual(other, first);
});

test("where there is no server the connection fails, and stop() ends what is open", async () => {
  const proxy = await network.start({ port: 1 });
  const closed = await page.evaluate((url) => openStream(url).closed, proxy.url);
  assert.equal(closed.code, 1006);
  await proxy.stop();
  const other = await network.start(server);
  const pending = page.evaluate((url) => {
    const stream = openStream(url);
    globalThis.isUp = stream.got(2);
    return stream.closed;
  }, other.url);
  await page.evaluate(() => isUp);
  await other.stop();
  assert.equal((await pending).code, 1006);
});
