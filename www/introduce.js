// Makes two accounts contacts of each other: in both rosters, each seeing when the other is online.
// Both clients are in this page, so it can play both sides of what usually two people do.

import { bareJid, personName } from "./words.js";

/** Is either in the other's roster, if only with a request that waits? */
export function haveMet(first, second) {
  return knows(first, second) || knows(second, first);
}

/**
 * @param {import("waxwing").Client} first   online
 * @param {import("waxwing").Client} second  online
 */
export async function introduce(first, second, { groups = [], signal } = {}) {
  for (const [client, other] of [[first, second], [second, first]]) {
    const jid = bareJid(other.jid);
    await client.roster.add({ jid, name: personName(jid), groups });
  }
  await subscribe(first, second, signal);
  await subscribe(second, first, signal);
}

/** `client` asks to see the presence of `other`, who says yes. */
async function subscribe(client, other, signal) {
  const jid = bareJid(other.jid);
  if (sees(client, jid)) return;

  // Listen first, ask then: the request may be there before the next line runs.
  const request = nextRequest(other, bareJid(client.jid), signal);
  await client.roster.subscribe(jid);
  await request;

  const isSeen = untilSeen(client, jid, signal);
  await other.roster.approve(bareJid(client.jid));
  await isSeen;
}

const nextRequest = (client, from, signal) =>
  until(client, "subscription", (event) => event.type === "subscribe" && bareJid(event.from) === from, signal);

const untilSeen = (client, jid, signal) => until(client, "roster", () => sees(client, jid), signal);

/** Resolves at the first event that satisfies `isIt`; either way the listener is gone afterwards. */
function until(client, name, isIt, signal) {
  let stop;
  let abort;
  return new Promise((resolve, reject) => {
    abort = () => reject(new Error("The other account did not answer in time."));
    signal?.addEventListener("abort", abort, { once: true });
    stop = client.on(name, (event) => {
      if (isIt(event)) resolve(event);
    });
  }).finally(() => {
    stop();
    signal?.removeEventListener("abort", abort);
  });
}

function knows(client, other) {
  const item = client.roster.get(bareJid(other.jid));
  return item !== undefined && (item.subscription !== "none" || item.ask !== undefined);
}

function sees(client, jid) {
  return ["to", "both"].includes(client.roster.get(jid)?.subscription);
}
