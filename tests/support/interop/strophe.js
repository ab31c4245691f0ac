// strophe.js as the other side of a conversation: what it sends and sees is XML, as its users write and read it.

import { Strophe, $msg, $pres } from "strophe.js";

const NS = {
  receipts: "urn:xmpp:receipts",
  markers: "urn:xmpp:chat-markers:0",
  states: "http://jabber.org/protocol/chatstates",
  correction: "urn:xmpp:message-correct:0",
  reactions: "urn:xmpp:reactions:0",
};

export async function open({ url, jid, password }, tell) {
  const connection = new Strophe.Connection(url);
  connection.addHandler((stanza) => (read(stanza, tell), true), null, "message");
  await new Promise((resolve, reject) => {
    connection.connect(jid, password, (status, condition) => {
      if (status === Strophe.Status.CONNECTED) resolve();
      else if (status === Strophe.Status.CONNFAIL || status === Strophe.Status.AUTHFAIL) reject(new Error(condition));
    });
  });
  connection.send($pres().tree());
  const message = (to, id = connection.getUniqueId()) => $msg({ to, type: "chat", id });
  const send = (builder) => void connection.send(builder.tree());
  return {
    jid: () => connection.jid,
    send: ({ to, id, body }) =>
      send(message(to, id).c("body").t(body).up().c("request", { xmlns: NS.receipts }).up().c("markable", { xmlns: NS.markers }).up().c("active", { xmlns: NS.states })),
    receipt: ({ to, about }) => send(message(to).c("received", { xmlns: NS.receipts, id: about })),
    displayed: ({ to, about }) => send(message(to).c("displayed", { xmlns: NS.markers, id: about })),
    composing: ({ to }) => send(message(to).c("composing", { xmlns: NS.states })),
    correct: ({ to, about, body }) => send(message(to).c("body").t(body).up().c("replace", { xmlns: NS.correction, id: about })),
    react: ({ to, about, emoji }) => send(message(to).c("reactions", { xmlns: NS.reactions, id: about }).c("reaction").t(emoji)),
    close: () => connection.disconnect(),
  };
}

function read(stanza, tell) {
  const [from, id] = [stanza.getAttribute("from"), stanza.getAttribute("id")];
  const child = (name, xmlns) => [...stanza.children].find((child) => child.localName === name && (!xmlns || child.namespaceURI === xmlns));
  const body = child("body")?.textContent;
  if (body !== undefined) tell({ kind: "message", from, id, body, replaces: child("replace", NS.correction)?.getAttribute("id") });
  const about = (name, xmlns) => child(name, xmlns)?.getAttribute("id");
  for (const [kind, id] of [
    ["receipt", about("received", NS.receipts)],
    ["displayed", about("displayed", NS.markers)],
  ]) {
    if (id) tell({ kind, from, about: id });
  }
  const reactions = child("reactions", NS.reactions);
  if (reactions) tell({ kind: "reaction", from, about: reactions.getAttribute("id"), emoji: reactions.textContent });
  if (child("composing", NS.states)) tell({ kind: "composing", from });
}
