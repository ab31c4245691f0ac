// What an archive has (XEP-0313), page by page (XEP-0059), and what is archived (XEP-0441).

import { jid, listOf, moment, nonEmpty, oneOf, optional, shape, waitingFields, whole } from "./check.js";
import { errorFrom, invalid, XmppError } from "./error.js";
import { ask, childOf, command, is, ownText } from "./stanzas.js";
import { goOn, PAGE, storedHistory } from "./stored-history.js";
import { xml } from "./xml.js";

const MAM = "urn:xmpp:mam:2";
const FORMS = "jabber:x:data";

/** In the place of what an answer lacks. */
const NOTHING = { attrs: {}, children: [] };

/** XEP-0431, and what servers called it before. */
const SEARCH_FIELDS = ["{urn:xmpp:fulltext:0}fulltext", "withtext"];

const historyOptions = optional(
  shape({
    ...waitingFields,
    before: archiveId,
    after: archiveId,
    start: moment,
    end: moment,
    limit: whole(0, 2 ** 32 - 1),
    search: nonEmpty,
    order: oneOf("newest-first", "oldest-first"),
  }),
  "options",
);

const preferences = optional(shape({ default: oneOf("always", "never", "roster"), always: listOf(jid), never: listOf(jid) }), "preferences");

/** An id that an archive gave, or the message that it gave it to. No other id would be found. */
function archiveId(value, name) {
  if (value?.direction === undefined) return nonEmpty(value, name);
  if (value.stanzaId !== undefined) return nonEmpty(value.stanzaId, `${name}.stanzaId`);
  throw invalid(`${name} has no stanzaId`, "Only what an archive has, and its server says so, has a place in it.");
}

/** Checks at once, asks when the first message is wanted. `archive` is the room whose archive it is, if it is not the account's. */
export function history(behind, address, given, archive) {
  const { signal, timeoutMs, order, limit, ...wanted } = historyOptions(given);
  const isForward = (order ?? (wanted.after === undefined ? "newest-first" : "oldest-first")) === "oldest-first";
  const query = { archive, with: address === undefined ? undefined : jid(address, "jid") };
  const waiting = { signal, timeoutMs };
  const archived = () => messagesOf(behind, query, wanted, isForward, limit, waiting);
  const isConversation = archive === undefined && query.with !== undefined && !query.with.includes("/");
  if (!behind.store || !isConversation || isForward || wanted.after !== undefined || wanted.search !== undefined) return archived();
  const newest = ({ before = "", end }) => pageOf(behind, { ...query, filters: timesOf({ end }), max: PAGE, before }, waiting);
  return storedHistory(behind, query.with.toLowerCase(), { ...wanted, limit, signal }, newest, archived);
}

async function* messagesOf(behind, query, { before, after, start, end, search }, isForward, limit = Infinity, waiting) {
  const filters = timesOf({ start, end });
  // From one end on pages are turned; where the other one is given too, only the form can say so (XEP-0313, section 4.3.2).
  const [near, far, farName] = isForward ? [after, before, "before-id"] : [before ?? "", after, "after-id"];
  if (far !== undefined) filters[await fieldOf(behind, query.archive, [farName], "ranges between two messages", waiting)] = far;
  if (search !== undefined) filters[await fieldOf(behind, query.archive, SEARCH_FIELDS, "text search", waiting)] = search;

  let cursor = near;
  for (let left = limit; left > 0; ) {
    const question = { ...query, filters, max: Math.min(left, PAGE), [isForward ? "after" : "before"]: cursor };
    const page = await pageOf(behind, question, waiting);
    const { messages } = page;
    if (!isForward) messages.reverse();
    for (const message of messages) {
      goOn(waiting.signal);
      yield message;
    }
    left -= messages.length;
    const next = isForward ? page.last : page.first;
    // Some servers never say that it was the last page.
    if (page.complete || next === undefined || next === cursor) return;
    cursor = next;
  }
}

async function pageOf(behind, question, waiting) {
  const page = await command(behind, "queryArchive", question, waiting);
  for (const message of page.messages) {
    if (message.error) message.error = errorFrom(message.error);
    behind.extensions?.read(message);
  }
  return page;
}

function timesOf({ start, end }) {
  const filters = {};
  if (start !== undefined) filters.start = new Date(start).toISOString();
  if (end !== undefined) filters.end = new Date(end).toISOString();
  return filters;
}

/** The one of these fields that the archive knows (XEP-0313, section 4.1.5). An archive is asked once. */
async function fieldOf(behind, archive, names, what, waiting) {
  const asked = (behind.archiveFields ??= new Map());
  if (!asked.has(archive)) asked.set(archive, await fields(behind, archive, waiting));
  const field = names.find((name) => asked.get(archive).includes(name));
  if (field) return field;
  throw new XmppError({ code: "unsupported", message: `the archive does not offer ${what}` });
}

async function fields(behind, archive, waiting) {
  const reply = await ask(behind, xml`<iq type="get" to=${archive}><query xmlns=${MAM}/></iq>`, waiting);
  const query = childOf(reply, "query", MAM);
  const form = query && childOf(query, "x", FORMS);
  return form ? form.children.filter((child) => is(child, "field", FORMS)).map(({ attrs }) => attrs.var) : [];
}

export async function archivePreferences(behind, waiting) {
  return read(await ask(behind, xml`<iq type="get"><prefs xmlns=${MAM}/></iq>`, waiting));
}

export async function setArchivePreferences(behind, given, waiting) {
  const wanted = preferences(given);
  // The server takes the whole: what is not mentioned stays as it is.
  const isWhole = ["default", "always", "never"].every((name) => wanted[name] !== undefined);
  const { default: rule, always, never } = isWhole ? wanted : { ...(await archivePreferences(behind, waiting)), ...wanted };
  const jids = (list) => list.map((jid) => xml`<jid>${jid}</jid>`);
  const prefs = xml`<prefs xmlns=${MAM} default=${rule}><always>${jids(always)}</always><never>${jids(never)}</never></prefs>`;
  return read(await ask(behind, xml`<iq type="set">${prefs}</iq>`, waiting));
}

function read(reply) {
  const { attrs, children } = childOf(reply, "prefs", MAM) ?? NOTHING;
  const listed = (name) => (children.find((child) => is(child, name, MAM)) ?? NOTHING).children;
  const jids = (name) => listed(name).filter((child) => is(child, "jid", MAM)).map((jid) => ownText(jid).trim());
  return { default: attrs.default, always: jids("always"), never: jids("never") };
}
