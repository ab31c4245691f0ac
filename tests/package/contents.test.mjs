// What is published: the files, and nothing but the files, that an app needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PKG = fileURLToPath(new URL("../../pkg/", import.meta.url));
const read = (file) => readFileSync(join(PKG, file), "utf8");

const EXPECTED = [
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  "THIRD-PARTY-NOTICES.md",
  "check.js",
  "client.js",
  "core.js",
  "error.js",
  "events.js",
  "index.d.ts",
  "index.js",
  "load.js",
  "package.json",
  "storage.js",
  "waxwing.js",
  "waxwing_bg.wasm",
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
  assert.deepEqual(Object.keys(manifest.exports["."]), ["types", "default"]);
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

test("a bundler finds the module by the one expression that they all know", () => {
  assert.match(read("load.js"), /new URL\("\.\/waxwing_bg\.wasm", import\.meta\.url\)/);
  assert.doesNotMatch(read("waxwing.js"), /import\.meta/);
});

test("the package exports what the contract names", async () => {
  const exported = Object.keys(await import(join(PKG, "index.js"))).sort();
  const declared = [...read("index.d.ts").matchAll(/^export (?:class|function|const) (\w+)/gm)].map(([, name]) => name).sort();
  assert.deepEqual(exported, declared);
});
