// The demo: Prosody with two accounts, and the site beside it. `cargo xtask demo` builds and then runs this with the
// port that it would like. Ctrl-C ends all of it.

import { randomBytes } from "node:crypto";
import * as prosody from "./prosody.mjs";
import { serve } from "./static-server.mjs";

const MOST_PORTS_TRIED = 50;
const wanted = Number(process.argv[2] ?? 8080);

try {
  const server = await prosody.start();
  const accounts = ["romeo", "juliet"].map((user) => server.register(user, randomBytes(9).toString("base64url")));
  const demo = { url: server.url, accounts: accounts.map(({ jid, password }) => ({ jid, password })) };
  const site = await serveNear(wanted, { "/demo.json": () => demo });
  if (site.port !== wanted && wanted !== 0) console.log(`Port ${wanted} is taken, so the site listens on ${site.port}.`);
  console.log(`
  Open   http://localhost:${site.port}/   in a browser.

  romeo@localhost and juliet@localhost are there for you; the page logs both in.
  The server speaks XMPP at ${server.url} and is Prosody, run from ${server.folder}.
  Ctrl-C ends everything.
`);
  await server.ended();
  console.error(`Prosody ended by itself. Its last lines:\n${server.log.split("\n").slice(-15).join("\n")}`);
} catch (error) {
  console.error(error.message);
}
process.exit(1);

/** The first free port from `port` on. */
async function serveNear(port, routes) {
  for (let tried = 0; ; tried += 1) {
    try {
      return await serve({ port: port === 0 ? 0 : port + tried, routes });
    } catch (error) {
      if (error.code === "EACCES") throw new Error(`Port ${port} is not open to this user: choose one with --port.`);
      if (error.code !== "EADDRINUSE" || tried === MOST_PORTS_TRIED) throw error;
    }
  }
}
