// index.d.ts under the strictest settings and the oldest library, and code that uses it: what an app writes, what the
// golden cases say that events hold, and what the documents show.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TSC = join(ROOT, "tests/node_modules/typescript/bin/tsc");
const HERE = join(ROOT, "tests/types");
const OLD_LIBRARY = ["ES2020", "DOM"];

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "waxwing-types-")));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Fails with the compiler's words. */
function compile(files, { lib = OLD_LIBRARY, ...more } = {}) {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    skipLibCheck: false,
    noEmit: true,
    target: "ES2022",
    module: "ESNext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    lib,
    types: [],
    paths: { waxwing: [join(ROOT, "pkg-template/index.d.ts")], "waxwing/core": [join(ROOT, "pkg-template/core.d.ts")] },
    ...more,
  };
  const config = join(mkdtempSync(join(scratch, "config-")), "tsconfig.json");
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  try {
    execFileSync(process.execPath, [TSC, "--project", config, "--pretty", "false"], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    assert.fail(`tsc says:\n${error.stdout}${error.stderr}`);
  }
}

test("index.d.ts and core.d.ts need nothing but ES2020 and the DOM", () => {
  compile(["index.d.ts", "core.d.ts"].map((file) => join(ROOT, "pkg-template", file)), { target: "ES2020" });
});

test("an app can use all of the contract, and nothing beside it", () => {
  compile([join(HERE, "usage.ts")]);
});

test("what is written for the core build is written for the whole package, but for the url", () => {
  compile([join(HERE, "usage-core.ts")]);
});

test("the example program compiles as it stands", () => {
  compile([join(ROOT, "examples/seed.js")], { allowJs: true, checkJs: true });
});

test("await using works where the library knows it, and nothing breaks where it does not", () => {
  compile([join(HERE, "disposal.ts")], { lib: ["ESNext", "DOM"] });
});

test("a sample of every event satisfies its type", () => {
  compile([join(HERE, "samples.ts")]);
});

test("every event of the golden cases satisfies its type", () => {
  // An `extension` event is for the package itself: see extensions.js.
  const events = goldenEvents().filter(({ name }) => name !== "extension");
  const lines = events.map(({ name, payload, file }) => `// ${file}\n(${literal(payload)}) satisfies Plain<ClientEvents[${JSON.stringify(name)}]>;`);
  const source = `import type { ClientEvents, XmppError, XmppErrorDetails } from "waxwing";
// The package makes errors of what the engine reports as plain data.
type Plain<T> = T extends XmppError ? XmppErrorDetails : T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;
const anything = undefined as any;
${lines.join("\n")}
`;
  const file = join(scratch, "golden.ts");
  writeFileSync(file, source);
  compile([file]);
});

const DOCUMENTS = ["README.md", "pkg-template/README.md", "pkg-template/index.d.ts", "pkg-template/core.d.ts", "ARCHITECTURE.md", "CONTRIBUTING.md"];
for (const document of DOCUMENTS.filter((document) => existsSync(join(ROOT, document)))) {
  test(`the examples in ${document} compile`, () => {
    const files = examplesIn(readFileSync(join(ROOT, document), "utf8")).map((example, index) => {
      const file = join(scratch, `${document.replace(/\W/g, "-")}-${index}.ts`);
      writeFileSync(file, wrapped(example));
      return file;
    });
    if (files.length > 0) compile(files);
  });
}

function goldenEvents() {
  const folder = join(ROOT, "tests/cases");
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".json"));
  return files.flatMap((file) => {
    const { steps } = JSON.parse(readFileSync(join(folder, file), "utf8"));
    return steps.flatMap(({ events = [] }) =>
      events.flatMap((event) => Object.entries(event).map(([name, payload]) => ({ name, payload, file }))),
    );
  });
}

/** JSON as TypeScript; "*" stands for any value. */
function literal(value) {
  if (value === "*") return "anything";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${literal(field)}`).join(", ")} }`;
}

/** The code blocks marked as TypeScript or JavaScript, also inside a comment. */
function examplesIn(text) {
  const plain = text.replace(/^ *\* ?/gm, "");
  return [...plain.matchAll(/^```(?:ts|js|typescript|javascript)\n([^]*?)^```/gm)].map(([, code]) => code);
}

/** An example is a fragment: what it takes for granted is declared, what it imports stays on top. */
function wrapped(example) {
  const top = /^import[^;]*;$|^declare module [^]*?^}$/gm;
  const imports = example.match(top) ?? [];
  const body = example.replace(top, "");
  const has = (name) => new RegExp(`\\b(?:const|let)\\s+${name}\\b|import[^;]*\\b${name}\\b`).test(example);
  const given = { client: "import('waxwing').Client", jids: "string[]", to: "string", controller: "AbortController", show: "(...values: unknown[]) => void" };
  const declarations = Object.entries(given).filter(([name]) => !has(name)).map(([name, type]) => `declare const ${name}: ${type};`);
  const names = ["Client", "xml", "XmppError", "init"].filter((name) => !has(name) && new RegExp(`\\b${name}\\b`).test(body));
  if (names.length > 0) imports.push(`import { ${names.join(", ")} } from "waxwing";`);
  return `${imports.join("\n")}\n${declarations.join("\n")}\nexport async function example() {\n${body}\n}\n`;
}
