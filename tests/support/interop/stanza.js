// StanzaJS as the other side of a conversation: it answers receipts and markers by itself.

import { createClient } from "stanza";

export async function open({ url, jid, password }, tell) {
  const client = createClient({ jid, password, transports: { websocket: url, bosh: false }, autoReconnect: false });
  client.on("message", ({ from, id, body, replace }) => {
    if (body !== undefined) tell({ kind: "message", from, id, body, replaces: replace });
  });
  client.on("receipt", ({ from, receipt }) => tell({ kind: "receipt", from, about: receipt.id }));
  client.on("marker:displayed", ({ from, marker }) => tell({ kind: "displayed", from, about: marker.id }));
  client.on("chat:state", ({ from, chatState }) => chatState === "composing" && tell({ kind: "composing", from }));
  await new Promise((resolve, reject) => {
    client.once("session:started", resolve);
    client.once("auth:failed", () => reject(new Error("auth:failed")));
    client.connect();
  });
  client.sendPresence();
  const send = (message) => void client.sendMessage({ type: "chat", ...message });
  return {
    jid: () => client.jid,
    send: ({ to, id, body }) => send({ to, id, body, receipt: { type: "request" }, marker: { type: "markable" }, chatState: "active" }),
    displayed: ({ to, about }) => send({ to, marker: { type: "displayed", id: about } }),
    composing: ({ to }) => send({ to, chatState: "composing" }),
    correct: ({ to, about, body }) => send({ to, body, replace: about }),
    close: () => client.disconnect(),
  };
}
