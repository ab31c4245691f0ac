// StanzaJS hands over typed objects, as Waxwing does.

import { createClient } from "stanza";

export async function open({ url, jid, password }) {
  const client = createClient({ jid, password, transports: { websocket: url, bosh: false }, autoReconnect: false });
  let size = 0;
  return {
    onMessage: (tell) => client.on("message", ({ body }) => tell(body)),
    onPresence: (tell) => client.on("presence", ({ from, show }) => tell(from, show)),
    async connect() {
      await new Promise((resolve, reject) => {
        client.once("session:started", resolve);
        client.once("auth:failed", () => reject(new Error("auth:failed")));
        client.connect();
      });
      size = (await client.getRoster()).items.length;
      client.sendPresence();
    },
    rosterSize: () => size,
    send: (to, body) => void client.sendMessage({ to, body, type: "chat" }),
    close: async () => void client.disconnect(),
  };
}
