// What index.d.ts promises, some test in tests/browser does: each member of Client and of its parts, and each event.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
// TypeScript 7 calls its API unstable, and tests/package.json pins the version.
import { isClassDeclaration, isInterfaceDeclaration } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

const CONTRACT = fileURLToPath(new URL("../../pkg-template/index.d.ts", import.meta.url));
const BROWSER_TESTS = fileURLToPath(new URL("../browser/", import.meta.url));

/** In a doc comment: declared, so that apps can be written for it, and not there yet. */
const PROMISED = "Not emitted yet";

const contract = read(CONTRACT);
const tests = readdirSync(BROWSER_TESTS).filter((file) => file.endsWith(".test.mjs")).map((file) => readFileSync(join(BROWSER_TESTS, file), "utf8")).join("\n");

test("a browser test uses each member of Client and of its parts", () => {
  const partOf = ({ type }) => contract.get(type?.typeName?.text) ?? [];
  const names = contract.get("Client").flatMap((member) => [member.name.text, ...partOf(member).map(({ name }) => `${member.name.text}.${name.text}`)]);
  for (const name of ["connect", "roster", "roster.items", "messages.send"]) assert.ok(names.includes(name), `${name} is not found in ${names}`);
  assert.deepEqual(names.filter((name) => !isUsed(name)), []);
});

test("a browser test sees each event that can come", () => {
  const events = contract.get("ClientEvents").filter((event) => !event.getFullText().includes(PROMISED)).map(({ name }) => name.text);
  assert.ok(events.includes("message") && events.includes("error"), `${events}`);
  assert.deepEqual(events.filter((name) => !new RegExp(`\\b(?:on|once|events|take|seen)\\((?:\\w+, )?"${name}"`).test(tests)), []);
});

/** In a page as `client.state` and `roster.add(…)`, from outside as `romeo.get("state")` and `romeo.call("roster.add", …)`. */
function isUsed(name) {
  const escaped = name.replace(".", "\\.");
  const inPage = name.includes(".") ? `\\b${escaped}\\b` : `\\bclient(?:\\([^)]*\\))?\\.${escaped}\\b`;
  return new RegExp(`${inPage}|\\b(?:call|get)\\("${escaped}"`).test(tests);
}

/** The named members of each class and interface; those of declarations of one name together. */
function read(file) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "waxwing-contract-")));
  const config = join(folder, "tsconfig.json");
  writeFileSync(config, JSON.stringify({ compilerOptions: { noEmit: true, types: [] }, files: [file] }));
  const api = new API({ cwd: folder });
  try {
    const { statements } = api.updateSnapshot({ openProjects: [config] }).getProject(config).program.getSourceFile(file);
    const members = new Map();
    for (const statement of statements) {
      if (!isClassDeclaration(statement) && !isInterfaceDeclaration(statement)) continue;
      const { text } = statement.name;
      members.set(text, [...(members.get(text) ?? []), ...statement.members.filter(({ name }) => name)]);
    }
    return members;
  } finally {
    api.close();
    rmSync(folder, { recursive: true });
  }
}
