// A sample of every variant of every event, as the package delivers it.

import { XmppError } from "waxwing";
import type { ClientEvents, DeliveryStage } from "waxwing";

const error = new XmppError({
  code: "stanza-error",
  message: "the peer answered with an error: item-not-found",
  condition: "item-not-found",
  type: "cancel",
  text: "no such user",
  by: "example.com",
  applicationCondition: { name: "too-bad", xmlns: "urn:example" },
  remediation: "Check the address.",
  cause: new XmppError({ code: "connection-lost", message: "the WebSocket closed (code 1006)" }),
});

export const states = [
  { current: "connecting", previous: "offline" },
  { current: "online", previous: "connecting", resumed: false },
  { current: "waiting", previous: "online", error, retryInMs: 612 },
  { current: "connecting", previous: "waiting" },
  { current: "offline", previous: "connecting", error },
  { current: "offline", previous: "online" },
] satisfies ClientEvents["state"][];

export const messages = [
  { id: "1", from: "a@b/c", to: "d@e", type: "chat", direction: "in", body: "Hi", timestamp: 1_031_699_305_123 },
  {
    id: "2",
    from: "a@b/c",
    to: "d@e",
    type: "normal",
    direction: "in",
    body: "Hallo",
    bodies: { "": "Hi", de: "Hallo" },
    subject: "Gruß",
    subjects: { de: "Gruß" },
    thread: "t2",
    parentThread: "t1",
    lang: "de",
    timestamp: 0,
    delayed: true,
  },
  { id: "3", from: "a@b", to: "d@e", type: "groupchat", direction: "out", timestamp: 0 },
  { id: "4", from: "a@b", to: "d@e", type: "headline", direction: "in", body: "News", timestamp: 0 },
  { id: "5", from: "a@b", to: "d@e", type: "error", direction: "in", timestamp: 0, error },
] satisfies ClientEvents["message"][];

const stages: Record<DeliveryStage, ClientEvents["delivery"]> = {
  queued: { id: "1", to: "d@e", stage: "queued" },
  sent: { id: "1", to: "d@e", stage: "sent" },
  acked: { id: "1", to: "d@e", stage: "acked" },
  delivered: { id: "1", to: "d@e", stage: "delivered" },
  displayed: { id: "1", to: "d@e", stage: "displayed" },
  failed: { id: "1", to: "d@e", stage: "failed", error },
};
export const deliveries = Object.values(stages);

export const chatStates = [
  { from: "a@b/c", state: "active" },
  { from: "a@b/c", state: "composing" },
  { from: "a@b/c", state: "paused" },
  { from: "a@b/c", state: "inactive" },
  { from: "a@b/c", state: "gone" },
] satisfies ClientEvents["chat-state"][];

export const presences = [
  { from: "a@b/c", type: "available", priority: 0 },
  { from: "a@b/c", type: "available", show: "xa", status: "weg", statuses: { de: "weg", en: "away" }, priority: -1 },
  { from: "a@b/c", type: "unavailable", priority: 0 },
  { from: "a@b", type: "error", priority: 0, error },
] satisfies ClientEvents["presence"][];

export const subscriptions = [
  { from: "a@b", type: "subscribe", status: "It's me", nick: "A" },
  { from: "a@b", type: "subscribed" },
  { from: "a@b", type: "unsubscribe" },
  { from: "a@b", type: "unsubscribed" },
] satisfies ClientEvents["subscription"][];

const full = { jid: "a@b", name: "A", groups: ["x"], subscription: "from", ask: "subscribe", approved: true } as const;
export const rosters = [
  { change: "loaded", items: [{ ...full, groups: ["x"] }, { jid: "d@e", groups: [], subscription: "none" }] },
  { change: "added", items: [{ jid: "d@e", groups: [], subscription: "to" }] },
  { change: "updated", items: [{ jid: "d@e", groups: [], subscription: "both" }] },
  { change: "removed", items: [{ jid: "d@e", groups: [], subscription: "remove" }] },
] satisfies ClientEvents["roster"][];

export const stanzas = [
  { direction: "in", xml: "<presence/>" },
  { direction: "out", xml: "<presence/>" },
] satisfies ClientEvents["stanza"][];

export const errors = [error] satisfies ClientEvents["error"][];
