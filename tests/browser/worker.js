// A client in a Worker: says what it was told, and what came of it.

import { Client } from "/pkg/index.js";

self.onmessage = async ({ data: options }) => {
  try {
    const client = new Client(options);
    const inbound = new Promise((resolve) => client.on("message", (message) => message.direction === "in" && resolve(message.body)));
    await client.connect();
    await client.messages.send({ to: client.jid, body: "from a Worker" });
    const body = await inbound;
    await client.disconnect();
    self.postMessage({ body, state: client.state });
  } catch (error) {
    self.postMessage({ error: `${error.code}: ${error.message}` });
  }
};
