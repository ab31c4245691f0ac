// The files of the project over HTTP, on loopback only. The demo and the browser tests see the same addresses:
//
//   /            www/          the site
//   /pkg/...     pkg/          the package as it is published
//   /tests/...   tests/        pages of the tests
//   /examples/.. examples/     programs that the documents show
//
//   const site = await serve({ routes: { "/demo.json": () => ({ url }) }, csp: "script-src 'self'" });
//   site.url      // http://127.0.0.1:43210
//   await site.close();
//
// Nothing is cached, so a rebuild shows at once. `routes` answers a path with JSON; `csp` is sent as the
// Content-Security-Policy of every page; `files: { "/a.html": "<p>text</p>" }` adds files that exist nowhere.

import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = { pkg: "pkg", tests: "tests", examples: "examples" };

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** Starts the server; resolves once it listens. With `port` 0 it takes a free one. */
export async function serve({ port = 0, routes = {}, files = {}, csp } = {}) {
  const server = createServer((request, response) => {
    answer(request, { routes, files }).then(
      ({ status, type, body }) => {
        const headers = { "Content-Type": type, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff" };
        if (csp) headers["Content-Security-Policy"] = csp;
        response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
      },
      (error) => response.writeHead(500, { "Content-Type": TYPES[".txt"] }).end(String(error)),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const listening = server.address().port;
  return {
    port: listening,
    url: `http://127.0.0.1:${listening}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(request, { routes, files }) {
  if (request.method !== "GET" && request.method !== "HEAD") return text(405, "Only GET and HEAD are answered.");
  let path;
  try {
    path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  } catch {
    return text(400, "The address cannot be read.");
  }
  if (Object.hasOwn(routes, path)) return { status: 200, type: TYPES[".json"], body: JSON.stringify(await routes[path]()) };
  if (Object.hasOwn(files, path)) return { status: 200, type: typeOf(path), body: files[path] };
  const file = await fileFor(path);
  if (!file) return text(404, `There is no ${path}.`);
  return { status: 200, type: typeOf(file), body: await readFile(file) };
}

async function fileFor(path) {
  const [, first, ...rest] = path.split("/");
  const [folder, inside] = Object.hasOwn(FOLDERS, first) ? [FOLDERS[first], rest.join("/")] : ["www", path.slice(1)];
  const base = join(ROOT, folder);
  const file = normalize(join(base, inside.includes("\0") ? "" : inside));
  if (file !== base && !file.startsWith(base + sep)) return undefined;
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) return fileFor(`${path.replace(/\/$/, "")}/index.html`);
  return found?.isFile() ? file : undefined;
}

function typeOf(file) {
  return TYPES[extname(file)] ?? "application/octet-stream";
}

function text(status, body) {
  return { status, type: TYPES[".txt"], body };
}
