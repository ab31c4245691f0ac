// What a page downloads of a build: the module, and all JavaScript as a bundler leaves it.
//
//   node measure.mjs '{ "root", "entry", "glue", "module" }'     -> { "module": [raw, gzip, brotli], "javascript": [...] }
//
// `glue` and `module` are the files that were built; the entry imports the glue of its own build by name, and gets this one.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const { root, entry, glue, module } = JSON.parse(process.argv[2]);
const { build } = createRequire(join(root, "tests/package.json"))("esbuild");

const ownGlue = { name: "glue", setup: ({ onResolve }) => onResolve({ filter: /^\.\/waxwing(_core)?\.js$/ }, () => ({ path: glue })) };
const { outputFiles } = await build({
  entryPoints: [join(root, "pkg-template", entry)],
  plugins: [ownGlue],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  platform: "browser",
  target: "es2022",
  logLevel: "error",
});
console.log(JSON.stringify({ module: sizes(readFileSync(module)), javascript: sizes(outputFiles[0].contents) }));

/** Node brings zlib and brotli themselves, so the figures are those of `gzip -9` and `brotli -q 11`. */
function sizes(bytes) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 22, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params }).length];
}
