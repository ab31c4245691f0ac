// Key derivation: by WebCrypto where a page has it, in Rust where it has not; and dropped with the login that it was for.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

let chromium;
let server;
let options;

before(async () => {
  [chromium, server] = await Promise.all([browser.launch(), prosody.start()]);
  const { jid, password } = server.register("romeo", "pässword", prosody.domains.sha256);
  options = { jid, password, url: server.url };
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

test("the key comes from WebCrypto, with the server's salt and iterations", async () => {
  const page = await chromium.newPage();
  const result = await page.evaluate(async (options) => {
    const { deriveBits } = crypto.subtle;
    const asked = [];
    crypto.subtle.deriveBits = function (algorithm, key, bits) {
      const { name, hash, salt, iterations } = algorithm;
      asked.push({ name, hash, hasSalt: salt.length > 0, iterations, bits, isExtractable: key.extractable });
      return deriveBits.call(this, algorithm, key, bits);
    };
    const client = new waxwing.Client(options);
    await client.connect();
    const { state } = client;
    await client.disconnect();
    return { state, asked };
  }, options);
  const asked = [{ name: "PBKDF2", hash: "SHA-256", hasSalt: true, iterations: 10_000, bits: 256, isExtractable: false }];
  assert.deepEqual(result, { state: "online", asked });
  page.assertNoErrors();
  await page.close();
});

test("where a page is no secure context, the key is derived all the same", async () => {
  const page = await chromium.newPage();
  const result = await page.evaluate(async (options) => {
    Object.defineProperty(Crypto.prototype, "subtle", { value: undefined });
    const client = new waxwing.Client(options);
    await client.connect();
    const { state } = client;
    await client.disconnect();
    return [typeof crypto.subtle, state];
  }, options);
  assert.deepEqual(result, ["undefined", "online"]);
  page.assertNoErrors();
  await page.close();
});

test("a key that comes after disconnect() is for nobody", async () => {
  const page = await chromium.newPage();
  const result = await page.evaluate(async (options) => {
    const { deriveBits } = crypto.subtle;
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const asked = new Promise((resolve) => {
      crypto.subtle.deriveBits = async function (...given) {
        resolve();
        await released;
        return deriveBits.apply(this, given);
      };
    });
    const client = new waxwing.Client(options);
    const outcome = client.connect().catch(({ code }) => code);
    await asked;
    await client.disconnect();
    const again = client.connect();
    release();
    await again;
    const result = [await outcome, client.state];
    await client.disconnect();
    return result;
  }, options);
  assert.deepEqual(result, ["aborted", "online"]);
  page.assertNoErrors(/Data frame received after close/);
  await page.close();
});
