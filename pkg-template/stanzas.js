// What extensions ask of the engine and of others, and how they look into the answers.

/** Has the engine do something of an extension; resolves when that settles. */
export function command(behind, name, given, waiting) {
  return behind.call((engine, token) => engine.command(token, name, JSON.stringify(given)), waiting);
}

/** Resolves with the answer to an IQ request. */
export function ask(behind, request, { signal, timeoutMs }) {
  return behind.call((engine, token) => engine.request(token, String(request), timeoutMs), { signal });
}

export function is(node, name, xmlns) {
  return node.name === name && node.xmlns === xmlns;
}

export function childOf(element, name, xmlns = element.xmlns) {
  return element.children.find((child) => is(child, name, xmlns));
}

/** Without what stands in elements of its own. */
export function ownText({ children }) {
  return children.filter((child) => typeof child === "string").join("");
}

export function textOf(element, name) {
  const child = childOf(element, name);
  return child && ownText(child);
}
