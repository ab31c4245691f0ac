// waxwing/core: the build without extensions, for pages where each kilobyte counts. The contract is core.d.ts.

import { Client as AnyClient } from "./client.js";
import { invalid } from "./error.js";
import { Loader } from "./load.js";
import instantiate, { Engine } from "./waxwing_core.js";

export { XmppError } from "./error.js";
export { actionOf, parseStyling } from "./styling.js";
export { xml } from "./xml.js";

// Bundlers look for exactly this expression with `new URL`.
const loader = new Loader(instantiate, Engine, () => new URL("./waxwing_core_bg.wasm", import.meta.url));

export class Client extends AnyClient {
  constructor(options) {
    super(options, loader);
    if (options.url === undefined) {
      throw invalid("options.url is missing", 'waxwing/core does not look for the server: pass url, or import from "waxwing".');
    }
  }
}

/** Loads the module ahead of the first connect(). */
export async function init(source) {
  await loader.load(source);
  loader.rehearseNext();
}
