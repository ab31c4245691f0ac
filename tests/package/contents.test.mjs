// What is published: the files, and nothing but the files, that an app needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PKG = fileURLToPath(new URL("../../pkg/", import.meta.url));
const read = (file) => readFileSync(join(PKG, file), "utf8");

const EXPECTED = [
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  "THIRD-PARTY-NOTICES.md",
  "attachments.js",
  "blocking.js",
  "check.js",
  "client.js",
  "core.d.ts",
  "core.js",
  "disco.js",
  "error.js",
  "events.js",
  "extensions.js",
  "history.js",
  "host-meta.js",
  "index.d.ts",
  "index.js",
  "inner.js",
  "keys.js",
  "load.js",
  "message-store.js",
  "messages.js",
  "package.json",
  "posts.js",
  "stanzas.js",
  "storage.js",
  "stored-history.js",
  "styling.js",
  "waxwing.js",
  "waxwing_bg.wasm",
  "waxwing_core.js",
  "waxwing_core_bg.wasm",
  "xml.js",
];

test("npm pack holds what is needed and nothing else", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: PKG, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [{ files, version }] = JSON.parse(output);
  assert.deepEqual(files.map(({ path }) => path).sort(), EXPECTED);
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.notEqual(version, "0.0.0", "the version is stamped");
});

test("package.json puts the types first and names files that exist", () => {
  const manifest = JSON.parse(read("package.json"));
  assert.equal(manifest.name, "waxwing");
  assert.equal(manifest.type, "module");
  assert.equal(manifest.license, "(MIT OR Apache-2.0) AND MPL-2.0");
  for (const entry of [".", "./core"]) assert.deepEqual(Object.keys(manifest.exports[entry]), ["types", "default"]);
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.scripts, undefined);
  for (const file of [manifest.types, ...Object.values(manifest.exports).flatMap((entry) => Object.values(typeof entry === "string" ? [entry] : entry))]) {
    assert.ok(EXPECTED.includes(file.replace("./", "")), file);
  }
});

test("the notices name each crate that is linked in, with licence and source", () => {
  const notices = read("THIRD-PARTY-NOTICES.md");
  for (const name of ["minidom", "xmpp-parsers", "xso"]) {
    assert.match(notices, new RegExp(`^\\| ${name} \\d[^|]*\\| MPL-2\\.0 \\| <https://[^>]+> \\|$`, "m"));
  }
  for (const line of notices.match(/^\| \S+ \d.*$/gm)) assert.match(line, /^\| \S+ \S+ \| [^|]+ \| <https:\/\/[^>]+> \|$/);
  // Dependencies of which nothing is linked in: Unicode is the browser's.
  assert.doesNotMatch(notices, /^\| (?:jid|idna|icu_\w+|stringprep) /m);
  assert.match(notices, /Mozilla Public License Version 2\.0/);
  assert.match(notices, /UNICODE LICENSE V3/);
});

const BUILDS = [
  { entry: "index.js", name: "waxwing", glue: "waxwing.js", wasm: "waxwing_bg.wasm" },
  { entry: "core.js", name: "waxwing/core", glue: "waxwing_core.js", wasm: "waxwing_core_bg.wasm" },
];

for (const { entry, name, glue, wasm } of BUILDS) {
  const other = BUILDS.find((build) => build.name !== name);

  test(`a bundler finds the module of ${name} by the one expression that they all know`, () => {
    assert.ok(read(entry).includes(`new URL("./${wasm}", import.meta.url)`));
    assert.doesNotMatch(read(glue), /import\.meta/);
  });

  test(`${name} exports what the contract names`, async () => {
    const exported = Object.keys(await import(join(PKG, entry))).sort();
    const declared = [...read("index.d.ts").matchAll(/^export (?:class|function|const) (\w+)/gm)].map(([, name]) => name).sort();
    assert.deepEqual(exported, declared);
  });

  test(`a bundle of an app with ${name} has nothing of the other build, and each module of ours once`, async () => {
    const { outputs, text } = await bundle(`import { Client } from "${name}"; globalThis.client = new Client(options);`);
    const inputs = Object.keys(outputs.inputs).map((file) => file.replace(/^.*\//, ""));
    assert.ok(inputs.includes(glue) && inputs.includes("client.js"), `${inputs}`);
    assert.ok(!inputs.includes(other.glue) && !inputs.includes(other.entry), `${inputs}`);
    assert.ok(text.includes(wasm) && !text.includes(other.wasm));
    assert.ok(!inputs.includes("styling.js"), "an app that shows no styles has nothing of them");
  });
}

test("an app can use both builds: they share all but the engine", async () => {
  const { outputs } = await bundle('import * as full from "waxwing"; import * as core from "waxwing/core"; console.log(full, core);');
  const inputs = Object.keys(outputs.inputs).filter((file) => file.includes("pkg/"));
  assert.deepEqual(inputs.map((file) => file.replace(/^.*\//, "")).sort(), EXPECTED.filter((file) => file.endsWith(".js")));
});

/** As an app's bundler finds the package: by its name, in node_modules. */
async function bundle(contents) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "waxwing-bundle-")));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(PKG, join(folder, "node_modules/waxwing"), "junction");
    const options = { bundle: true, minify: true, write: false, metafile: true, format: "esm", target: "es2022" };
    const { outputFiles, metafile } = await build({ ...options, outfile: join(folder, "app.js"), stdin: { contents, resolveDir: folder } });
    return { outputs: Object.values(metafile.outputs)[0], text: outputFiles[0].text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
