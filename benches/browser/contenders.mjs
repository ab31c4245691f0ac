// Who is measured, each bundled as a page would load it.

import { build } from "esbuild";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const PKG = fileURLToPath(new URL("../../pkg/", import.meta.url));
const WASM = "waxwing_bg.wasm";

/** What measures how Waxwing's cost grows, with the package in it. */
export const SCALE_PATH = "/bench/scale.js";

/** `npm` is the package, `gives` what an app gets of a message. */
export const CONTENDERS = [
  { key: "waxwing", title: "Waxwing", gives: "typed objects" },
  { key: "strophe", title: "strophe.js", npm: "strophe.js", gives: "DOM elements" },
  { key: "stanza", title: "StanzaJS", npm: "stanza", gives: "typed objects" },
  { key: "xmpp", title: "xmpp.js", npm: "@xmpp/client", gives: "generic elements" },
  { key: "raw", title: "raw socket", gives: "text, unparsed" },
];

/** The files of all contenders by their path on the site, and what a page downloads of each, in KB of brotli. */
export async function bundleAll() {
  const folder = mkdtempSync(join(tmpdir(), "waxwing-bench-"));
  try {
    const wasm = readFileSync(join(PKG, WASM));
    const files = { [`/bench/${WASM}`]: wasm };
    const brotliKb = {};
    for (const name of ["measures.js", "stub-server.js"]) files[`/bench/${name}`] = readFileSync(join(HERE, "page", name));
    for (const { key } of CONTENDERS) {
      const code = await bundle(join("contenders", `${key}.js`), join(folder, `${key}.js`));
      files[pathOf(key)] = code;
      brotliKb[key] = (brotli(code) + (key === "waxwing" ? brotli(wasm) : 0)) / 1000;
    }
    files[SCALE_PATH] = await bundle(join("page", "scale.js"), join(folder, "scale.js"));
    return { files, brotliKb };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The contender's module, as pages import it. */
export function pathOf(key) {
  return `/bench/${key}.js`;
}

export function versionOf(npm) {
  return JSON.parse(readFileSync(join(HERE, "node_modules", npm, "package.json"))).version;
}

async function bundle(entry, outfile) {
  await build({
    entryPoints: [join(HERE, entry)],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { global: "globalThis" },
    // xmpp.js imports a module of Node that it does not use in a browser.
    alias: { waxwing: join(PKG, "index.js"), "node:dns": join(HERE, "nothing.js") },
    logLevel: "error",
  });
  return readFileSync(outfile);
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
}
