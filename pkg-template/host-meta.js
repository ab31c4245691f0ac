// Fetching host metadata (XEP-0156) for the engine, and finding out what a browser does not say about a fetch that failed.
//
// A page may have put something else in the place of `fetch`: whatever that does, there is an outcome.

const WEBSOCKET = "urn:xmpp:alt-connections:websocket";

/** How much of a document is worth reading; real ones have a few hundred bytes. */
const MOST_BYTES = 65_536;

/** A method of the engine's sink. Returns what breaks the fetch off; until then the engine is told the outcome. */
export function fetchHostMeta(id, url, isJson) {
  const controller = new AbortController();
  const { signal } = controller;
  outcomeOf(url, isJson, signal).then(([outcome, text]) => {
    if (!signal.aborted) this.weak.deref()?.engine?.hostMeta(id, outcome, text);
  });
  return controller;
}

/** What came of a fetch, by a name that the engine knows, and a text that belongs to it. */
async function outcomeOf(url, isJson, signal) {
  const ask = async (mode) => {
    try {
      // XEP-0156, section 3: only a request without credentials may be answered with `Access-Control-Allow-Origin: *`.
      return await fetch(url, { mode, signal, credentials: "omit", referrerPolicy: "no-referrer" });
    } catch {}
  };
  const response = await ask("cors");
  if (!response) {
    if (globalThis.navigator?.onLine === false) return ["offline"];
    // A request whose answer nobody may read does not fail, wherever there is a server to answer it.
    return [(await ask("no-cors")) ? "cors-missing" : "unreachable"];
  }
  // XEP-0156, section 2.2: MUST be fetched only over HTTPS. A page that came over HTTPS cannot be led astray; others can.
  if (/^http:/.test(response.url)) return ["unreadable", "it was redirected to where nothing is encrypted"];
  if (response.ok !== true) return ["status", String(response.status)];
  try {
    const text = await textOf(response);
    if (text === undefined) return ["too-large"];
    return isJson ? linksOf(text, response) : ["xrd", text];
  } catch {
    return ["unreachable"];
  }
}

/** Reads no more than is worth it, counted as it comes out of any compression. */
async function textOf(response) {
  // Without a body it is empty, or does not come from a network.
  if (!response.body) return String(await response.text());
  const reader = response.body.getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { value } = await reader.read();
    if (!(value instanceof Uint8Array)) return new Blob(parts).text();
    length += value.length;
    if (length > MOST_BYTES) return undefined;
    parts.push(value);
  }
}

/** Of a JRD (RFC 6415, appendix A): the addresses of its links for WebSockets. A link that is none costs itself. */
function linksOf(text, response) {
  try {
    const links = JSON.parse(text.replace(/^\ufeff/, "")).links.filter((link) => link?.rel === WEBSOCKET && typeof link.href === "string");
    return ["links", JSON.stringify(links.map(({ href }) => href))];
  } catch {
    const type = String(response.headers.get("Content-Type") ?? "").split(";")[0].trim();
    return ["unreadable", `it is ${type && type.length <= 64 ? type : "of no known type"}, and no JRD`];
  }
}
