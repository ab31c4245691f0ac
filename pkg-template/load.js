// Loading the WebAssembly module of a build, once for all clients of a page.

import { invalid, XmppError } from "./error.js";

export class Loader {
  /** `instantiate` and `Engine` are wasm-bindgen's; `locate` returns where the module lies beside the package. */
  constructor(instantiate, Engine, locate) {
    this.instantiate = instantiate;
    this.Engine = Engine;
    this.locate = locate;
    this.loading = undefined;
    /** The class of the engine, as soon as the module is there. */
    this.engine = undefined;
    this.hasRehearsed = false;
  }

  /** Once for all clients: has what a login needs compiled, which browsers put off until it is called. For when nothing else is to be done. */
  rehearse() {
    if (!this.hasRehearsed) this.engine.rehearse();
    this.hasRehearsed = true;
  }

  /** In a task of its own, right behind the one that is running. */
  rehearseNext() {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      // Else Node would not end.
      port1.close();
      this.rehearse();
    };
    port2.postMessage(0);
  }

  /** A failure is forgotten, so that the next call tries again. */
  load(source) {
    this.loading ??= this.start(source).catch((error) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  async start(source) {
    try {
      const module = await compile(source, this.locate);
      await this.instantiate({ module_or_path: module });
    } catch (cause) {
      if (cause instanceof XmppError) throw cause;
      const remediation =
        "Check that the package's .wasm file is served beside its modules, or pass its URL or bytes to init(); a Content-Security-Policy must allow 'wasm-unsafe-eval'.";
      throw new XmppError({ code: "load-failed", message: `the WebAssembly module could not be loaded: ${cause.message}`, remediation, cause });
    }
    this.engine = this.Engine;
  }
}

async function compile(source, locate) {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const url = source === undefined ? locate() : urlOf(source);
  // Node's fetch knows no file: URLs; asked for this way, bundlers do not try to find the module.
  const fs = url.protocol === "file:" && globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs) return WebAssembly.compile(await fs.readFile(url));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} answered with status ${response.status}`);
  const isTyped = /^application\/wasm(;|$)/.test(response.headers.get("content-type") ?? "");
  // Streaming refuses any other type, and there are servers that do not know this one.
  return isTyped ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

function urlOf(source) {
  if (source instanceof URL) return source;
  if (typeof source !== "string") throw invalid("init() takes a URL, bytes or a WebAssembly.Module");
  return new URL(source, globalThis.location?.href ?? import.meta.url);
}
