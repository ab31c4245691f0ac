// client.disco: who somebody is and what they can do (XEP-0030), which software (XEP-0092), what time it is there (XEP-0202), and how
// long nothing has happened (XEP-0012).

import { jid, nonEmpty, waiting } from "./check.js";
import { inner, Part } from "./client.js";
import { XmppError } from "./error.js";
import { ask, childOf, command, is, ownText, textOf } from "./stanzas.js";
import { xml } from "./xml.js";

const ITEMS = "http://jabber.org/protocol/disco#items";
const PAGES = "http://jabber.org/protocol/rsm";
const VERSION = "jabber:iq:version";
const TIME = "urn:xmpp:time";
const LAST = "jabber:iq:last";

const PAGE_SIZE = 100;

export class Disco extends Part {
  async info(of, node, options) {
    const query = { jid: jid(of, "jid"), node: nodeOf(node) };
    const behind = this[inner]();
    const info = await command(behind, "discoInfo", query, waiting(options));
    behind.store?.keepCaps(behind.engine?.ask("verifiedCaps"));
    return info;
  }

  async supports(of, namespace, options) {
    nonEmpty(namespace, "namespace");
    const { features } = await this.info(of, undefined, options);
    return features.includes(namespace);
  }

  /** Not a generator itself: arguments are checked when it is called. */
  items(of, node, options) {
    return items(this[inner](), jid(of, "jid"), nodeOf(node), waiting(options));
  }

  async version(of, options) {
    const answer = await query(this[inner](), jid(of, "jid"), "query", VERSION, waiting(options));
    const os = textOf(answer, "os");
    return { name: textOf(answer, "name") ?? "", version: textOf(answer, "version") ?? "", ...(os && { os }) };
  }

  async time(of, options) {
    const time = await query(this[inner](), jid(of, "jid"), "time", TIME, waiting(options));
    const timestamp = Date.parse(textOf(time, "utc"));
    const [, sign, hours, minutes] = /^(?:Z|([+-])(\d\d):(\d\d))$/.exec(textOf(time, "tzo")) ?? [];
    if (Number.isNaN(timestamp)) throw unreadable("a time");
    return { timestamp, offsetMinutes: sign ? Number(`${sign}1`) * (hours * 60 + Number(minutes)) : 0 };
  }

  async lastActivity(of, options) {
    const answer = await query(this[inner](), jid(of, "jid"), "query", LAST, waiting(options));
    const seconds = Number(answer.attrs.seconds);
    if (!/^\d+$/.test(answer.attrs.seconds)) throw unreadable("a number of seconds");
    const status = ownText(answer);
    return { seconds, ...(status && { status }) };
  }
}

/** Asks for page after page (XEP-0059), where the entity has pages. */
async function* items(behind, of, node, options) {
  let isPaged = true;
  let after;
  for (;;) {
    const page = isPaged && xml`<set xmlns=${PAGES}><max>${PAGE_SIZE}</max>${after && xml`<after>${after}</after>`}</set>`;
    const query = await request(behind, of, xml`<query xmlns=${ITEMS} node=${node}>${page}</query>`, "query", ITEMS, options).catch((error) => {
      // Some take it amiss that there is something in the question.
      const isTaken = isPaged && !after && (error.condition === "bad-request" || error.condition === "feature-not-implemented");
      if (!isTaken) throw error;
    });
    if (!query) {
      isPaged = false;
      continue;
    }
    const found = query.children.filter((child) => is(child, "item", ITEMS) && child.attrs.jid);
    for (const { attrs } of found) {
      yield { jid: attrs.jid, ...(attrs.node && { node: attrs.node }), ...(attrs.name && { name: attrs.name }) };
    }
    const set = childOf(query, "set", PAGES);
    const last = set && textOf(set, "last");
    const before = Number(set && childOf(set, "first", PAGES)?.attrs.index);
    if (found.length === 0 || !last || last === after || before + found.length >= Number(textOf(set, "count"))) return;
    after = last;
  }
}

function query(behind, to, name, xmlns, options) {
  return request(behind, to, name === "time" ? xml`<time xmlns=${xmlns}/>` : xml`<query xmlns=${xmlns}/>`, name, xmlns, options);
}

/** Resolves with the payload of the answer. */
async function request(behind, to, payload, name, xmlns, options) {
  const answer = childOf(await ask(behind, xml`<iq type="get" to=${to}>${payload}</iq>`, options), name, xmlns);
  if (!answer) throw unreadable("what was asked for");
  return answer;
}

function nodeOf(node) {
  return node === undefined ? undefined : nonEmpty(node, "node");
}

function unreadable(what) {
  return new XmppError({ code: "protocol-error", message: `the answer does not hold ${what}` });
}
