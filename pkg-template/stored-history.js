// history() of a conversation that is stored: what is there comes from there, and the archive (XEP-0313) is asked for what is not.

import { aborted } from "./error.js";
import { keyOf } from "./message-store.js";

/** Messages in a page, of the store and of an archive. */
export const PAGE = 50;

/**
 * The newest first. `before` is an archive id; where it is not stored, all comes from the archive (`archived`). `ask` has a page of the archive, the
 * newest before an archive id or, without one, up to a time. Without a connection, or an archive, it goes on over gaps: they stay known.
 */
export async function* storedHistory(behind, jid, { before, start, end, limit = Infinity, signal }, ask, archived) {
  const { store } = behind;
  let key = before === undefined ? undefined : await store.place(before);
  if (before === undefined) await checkEnd(behind, jid, ask);
  else if (!key) return yield* archived();
  for (let left = limit; left > 0; ) {
    const records = await store.page(jid, { limit: Math.min(left, PAGE), before: key, start, end });
    for (const record of records) {
      goOn(signal);
      const { message, stage } = record;
      yield stage ? { ...message, stage } : message;
      key = keyOf(record);
      left -= 1;
      // What is behind it now came out of the archive just now.
      if (record.isAfterGap && left > 0 && (await fillBefore(behind, record, ask))) break;
    }
    if (records.length === 0) return;
  }
}

/** Unless the loop was given up. */
export function goOn(signal) {
  if (signal?.aborted) throw aborted("the loop over history() was aborted", signal.reason);
}

/** Once a session: what the archive has at the end of the conversation is stored, whatever became of it on its way here. */
async function checkEnd(behind, jid, ask) {
  const { checked } = behind.store;
  if (behind.state !== "online" || checked.has(jid)) return;
  if (await fill(behind, undefined, () => ask({}), ask)) checked.add(jid);
}

function fillBefore(behind, record, ask) {
  if (behind.state !== "online") return false;
  const { stanzaId, timestamp } = record.message;
  return fill(behind, keyOf(record), () => (stanzaId === undefined ? ask({ end: timestamp }) : ask({ before: stanzaId })), ask);
}

/** Stores the page of the archive that `first` asks for. What is no message takes up room in pages, too: they are turned until one has something. */
async function fill(behind, key, first, ask) {
  try {
    let page = await first();
    while (page.messages.length === 0 && !page.complete && page.first !== undefined) page = await ask({ before: page.first });
    const isComplete = page.complete || page.first === undefined;
    await behind.store.fill(page.messages, key, isComplete);
    return true;
  } catch (error) {
    // There is no archive, or no connection any more; what is stored is still there.
    if (error.code === "stanza-error" || error.code === "connection-lost" || error.code === "not-connected" || error.code === "timeout") return false;
    throw error;
  }
}
