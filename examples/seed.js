// The whole of a small client: it logs in, is seen, reads the contacts, prints what is said to it, and answers "bye" with its
// last words.

import { Client } from "waxwing";

/** @param {import("waxwing").ClientOptions} options */
export async function run(options) {
  const client = new Client({ ...options, presence: { status: "here for a moment" } });
  const messages = client.events("message"); // from here on, none is missed
  await client.connect(); // the presence is sent, the roster is there
  for (const { jid, name } of client.roster.items) console.log(`contact: ${name ?? jid}`);
  for await (const { direction, from, body } of messages) {
    if (direction === "out") continue;
    console.log(`${from}: ${body}`);
    if (body === "bye") {
      // disconnect() flushes what was sent before it; send() resolves when the server has it.
      await Promise.all([client.messages.send({ to: from, body: "Good night!" }), client.disconnect()]);
      break;
    }
  }
}
