// strophe.js hands over elements of the DOM: what is in them the app finds itself.

import { Strophe, $iq, $msg, $pres } from "strophe.js";

export async function open({ url, jid, password }) {
  const connection = new Strophe.Connection(url);
  let size = 0;
  return {
    onMessage: (tell) => connection.addHandler((stanza) => (tell(stanza.querySelector("body")?.textContent), true), null, "message"),
    onPresence: (tell) =>
      connection.addHandler((stanza) => (tell(stanza.getAttribute("from"), stanza.querySelector("show")?.textContent), true), null, "presence"),
    async connect() {
      await new Promise((resolve, reject) => {
        connection.connect(jid, password, (status, condition) => {
          if (status === Strophe.Status.CONNECTED) resolve();
          else if (status === Strophe.Status.CONNFAIL || status === Strophe.Status.AUTHFAIL) reject(new Error(condition));
        });
      });
      const roster = $iq({ type: "get", id: "roster" }).c("query", { xmlns: Strophe.NS.ROSTER });
      const reply = await new Promise((resolve, reject) => connection.sendIQ(roster.tree(), resolve, reject));
      size = [...reply.querySelectorAll("item")].map((item) => ({ jid: item.getAttribute("jid"), name: item.getAttribute("name") })).length;
      connection.send($pres().tree());
    },
    rosterSize: () => size,
    send: (to, body) => connection.send($msg({ to, type: "chat", id: crypto.randomUUID() }).c("body").t(body).tree()),
    close: async () => connection.disconnect(),
  };
}
