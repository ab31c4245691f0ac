// client.blocking: whom the account blocks (XEP-0191), and reports about them (XEP-0377).

import { flag, jid, listOf, nonEmpty, oneOf, optional, shape, text, waiting, waitingFields } from "./check.js";
import { bare, inner, Part } from "./client.js";
import { invalid, XmppError } from "./error.js";
import { command } from "./stanzas.js";

const archiveId = shape({ id: nonEmpty, by: jid }, "id");

const report = shape(
  {
    reason: oneOf("spam", "abuse"),
    text,
    stanzaIds: listOf((value, name) => (typeof value === "string" ? { id: nonEmpty(value, name) } : archiveId(value, name))),
    toOrigin: flag,
    toThirdParties: flag,
  },
  "reason",
);

const blockOptions = optional(shape({ ...waitingFields, report }), "options");

export class Blocking extends Part {
  get items() {
    return this[inner]().cached("blocking", (engine) => JSON.parse(engine.ask("blocked")));
  }

  async block(who, options) {
    const jids = addresses(who);
    const { report, ...waiting } = blockOptions(options);
    const behind = this[inner]();
    if (report && jids.length > 1) throw invalid("a report is about one address", "Block the addresses one by one.");
    if (report) await requireReports(behind, waiting);
    await command(behind, "block", { jids, report }, waiting);
  }

  async unblock(who, options) {
    const jids = addresses(who);
    await command(this[inner](), "unblock", jids, waiting(options));
  }

  async unblockAll(options) {
    await command(this[inner](), "unblock", [], waiting(options));
  }
}

/** A server that knows nothing of reports would drop it without a word. */
async function requireReports({ parts, options }, waiting) {
  const domain = bare(options.jid).split("@").pop();
  if (await parts.disco.supports(domain, "urn:xmpp:reporting:1", waiting)) return;
  throw new XmppError({
    code: "unsupported",
    message: "the server takes no reports (XEP-0377), and nobody was blocked",
    remediation: "Call block() without a report.",
  });
}

/** One, or several. None would be everybody. */
function addresses(value) {
  const jids = listOf(jid)(Array.isArray(value) ? value : [value], "jid");
  if (jids.length === 0) throw invalid("jid must not be empty");
  return jids;
}
