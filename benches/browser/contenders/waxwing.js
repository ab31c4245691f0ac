// Each contender as its own documents show it. connect() ends with the roster read and presence sent; send() hands one chat message
// over; prepare() loads what connect() would load.
//
//   const client = await open({ url, host, user, jid, password });
//   client.onMessage((body) => …);  client.onPresence((from, show) => …);
//   await client.connect();  client.rosterSize();  client.send(to, body);  await client.close();

import { Client, init } from "waxwing";

export const prepare = () => init();

export async function open({ url, jid, password, storage = "none" }) {
  const client = new Client({ url, jid, password, storage, reconnect: false });
  return {
    onMessage: (tell) => client.on("message", ({ direction, body }) => direction === "in" && tell(body)),
    onPresence: (tell) => client.on("presence", ({ from, show }) => tell(from, show)),
    connect: () => client.connect(),
    rosterSize: () => client.roster.items.length,
    send: (to, body) => void client.messages.send({ to, body }).catch(() => {}),
    close: () => client.disconnect(),
  };
}
