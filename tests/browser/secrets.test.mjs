// No secret is ever shown: not in the log, not in an event, not in an error, not on the console. Whether the login succeeds or not.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

const PASSWORD = "pässword,=<&\">😀";
/** A socket that is closed together with its stream: what Chromium has to say about Prosody's answer. */
const AFTER_CLOSE = /Data frame received after close/;

let chromium;
let server;

before(async () => {
  [chromium, server] = await Promise.all([browser.launch(), prosody.start()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** Logs in, in the page, and collects all that is said meanwhile. */
async function logIn({ password, credentials, ...options }) {
  const said = [];
  const client = new waxwing.Client({
    ...options,
    ...(credentials === undefined ? { password } : { credentials: async (request) => (said.push(request), credentials) }),
    log: (entry) => said.push(entry, entry.error?.stack),
  });
  const mechanisms = [];
  client.on("stanza", ({ xml }) => {
    said.push(xml);
    mechanisms.push(...(/^<auth .*mechanism=['"]([^'"]+)/.exec(xml)?.slice(1) ?? []));
  });
  for (const name of ["state", "error", "message", "presence", "roster"]) client.on(name, (event) => said.push(event, event.stack));
  const outcome = await client.connect().then(
    () => ({ state: client.state, jid: client.jid }),
    (error) => {
      said.push(error, error.stack, error.cause?.stack);
      return { state: client.state, code: error.code, condition: error.condition, remediation: error.remediation };
    },
  );
  await client.disconnect();
  return { ...outcome, mechanisms, said: JSON.stringify(said) };
}

async function attempt(options, ...expectedErrors) {
  const page = await chromium.newPage();
  const shown = [];
  page.on("console", (message) => shown.push(message.text()));
  try {
    const { said, ...outcome } = await page.evaluate(logIn, { url: server.url, ...options });
    for (const secret of secretsOf(options)) {
      assert.ok(!said.includes(secret), `${secret} is in what the client says`);
      assert.ok(!shown.join("\n").includes(secret), `${secret} is on the console`);
    }
    page.assertNoErrors(...expectedErrors);
    return outcome;
  } finally {
    await page.close();
  }
}

/** A password in every form in which it could leak. */
function secretsOf({ jid, password, credentials }) {
  const secret = password ?? credentials?.secret ?? credentials?.password;
  if (!secret) return [];
  const plain = Buffer.from(`\0${jid.split("@")[0]}\0${secret}`).toString("base64");
  return [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString("base64"), plain, plain.slice(-12)];
}

for (const host of [prosody.domains.sha1, prosody.domains.sha256]) {
  test(`a SCRAM login on ${host} shows no secret`, async () => {
    const { jid } = server.register("juliet", PASSWORD, host);
    assert.equal((await attempt({ jid, password: PASSWORD })).state, "online");
    assert.equal((await attempt({ jid, password: "wrong-password" }, AFTER_CLOSE)).code, "auth-failed");
  });
}

test("a PLAIN login shows no secret", async () => {
  const plain = await prosody.start({ config: 'disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER" }' });
  try {
    const { jid } = plain.register("juliet", PASSWORD);
    const outcome = await attempt({ jid: `${jid}/balcony`, password: PASSWORD, url: plain.url });
    assert.deepEqual(outcome, { state: "online", jid: `${jid}/balcony`, mechanisms: ["PLAIN"] });
    const refused = await attempt({ jid, password: "wrong-password", url: plain.url }, AFTER_CLOSE);
    assert.equal(refused.code, "auth-failed");
  } finally {
    await plain.stop();
  }
});

test("a password that the app is asked for is shown no more than another, and an answer without one ends the login", async () => {
  const { jid } = server.register("nurse", PASSWORD);
  assert.equal((await attempt({ jid, credentials: { password: PASSWORD } })).state, "online");
  for (const credentials of [null, {}, { password: 7, secret: PASSWORD }, { password: "wrong-password" }]) {
    const outcome = await attempt({ jid, credentials }, AFTER_CLOSE);
    assert.deepEqual([outcome.state, outcome.code], ["offline", "auth-failed"]);
  }
});
