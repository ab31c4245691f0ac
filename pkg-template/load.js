// Loading the WebAssembly module, once for all clients of a page.

import instantiate, { Engine } from "./waxwing.js";
import { invalid, XmppError } from "./error.js";

let loading;
let isLoaded = false;

/** Loads the module ahead of the first connect(). */
export async function init(source) {
  await load(source);
}

/** The class of the engine, if the module is there already. */
export function loadedEngine() {
  return isLoaded ? Engine : undefined;
}

/** A failure is forgotten, so that the next call tries again. */
export function load(source) {
  loading ??= start(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function start(source) {
  let module;
  try {
    module = await compile(source);
    await instantiate({ module_or_path: module });
  } catch (cause) {
    if (cause instanceof XmppError) throw cause;
    const remediation =
      "Check that waxwing_bg.wasm is served beside the package, or pass its URL or bytes to init(); a Content-Security-Policy must allow 'wasm-unsafe-eval'.";
    throw new XmppError({ code: "load-failed", message: `the WebAssembly module could not be loaded: ${cause.message}`, remediation, cause });
  }
  isLoaded = true;
}

async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const url = locate(source);
  // Node's fetch knows no file: URLs; asked for this way, bundlers do not try to find the module.
  const fs = url.protocol === "file:" && globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs) return WebAssembly.compile(await fs.readFile(url));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} answered with status ${response.status}`);
  const isTyped = /^application\/wasm(;|$)/.test(response.headers.get("content-type") ?? "");
  // Streaming refuses any other type, and there are servers that do not know this one.
  return isTyped ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

function locate(source) {
  // Bundlers look for exactly this expression.
  if (source === undefined) return new URL("./waxwing_bg.wasm", import.meta.url);
  if (source instanceof URL) return source;
  if (typeof source !== "string") throw invalid("init() takes a URL, bytes or a WebAssembly.Module");
  return new URL(source, globalThis.location?.href ?? import.meta.url);
}
