// xmpp.js hands over generic elements: what is in them the app finds itself. In browsers it has no SCRAM and logs in with PLAIN.

import { client as createClient, xml } from "@xmpp/client";

export async function open({ url, host, user, password }) {
  const client = createClient({ service: url, domain: host, username: user, password });
  client.reconnect.stop();
  client.on("error", () => {});
  let size = 0;
  const on = (name, tell) => client.on("stanza", (stanza) => stanza.is(name) && tell(stanza));
  return {
    onMessage: (tell) => on("message", (stanza) => tell(stanza.getChildText("body"))),
    onPresence: (tell) => on("presence", (stanza) => tell(stanza.attrs.from, stanza.getChildText("show"))),
    async connect() {
      await client.start();
      const reply = await client.iqCaller.request(xml("iq", { type: "get" }, xml("query", "jabber:iq:roster")));
      size = reply.getChild("query").getChildren("item").map(({ attrs }) => ({ jid: attrs.jid, name: attrs.name })).length;
      await client.send(xml("presence"));
    },
    rosterSize: () => size,
    send: (to, body) => void client.send(xml("message", { to, type: "chat", id: crypto.randomUUID() }, xml("body", {}, body))),
    close: () => client.stop(),
  };
}
