// Hosts of the web that exist only in Chromium: names that end in .test, served over HTTPS and wss by one port of this machine.
//
//   const hosts = await serveHosts({
//     "json.test": { files: { "/.well-known/host-meta.json": { type: "application/json", body: "{}" } }, sockets: { "/ws": proxyTo(server) } },
//     "hang.test": hanging,                              // accepts connections, and never says a word
//     "down.test": refusing,                             // nobody listens
//   });
//   const chromium = await browser.launch({ args: hosts.chromiumArgs });
//   hosts.requests("json.test")                          // what was asked for: { path, headers }
//   await hosts.close();
//
// A file: { status = 200, type = "text/plain", body = "", cors = true, location }; cors false leaves Access-Control-Allow-Origin out. `files` may be
// a function of the path. A socket: a function (request, socket, head), such as proxyTo(prosody) or sayOnOpen(frame); without one, a
// WebSocket is refused with 404. The certificate is made by openssl, which comes with Debian's Prosody, and Chromium is told to ignore its issuer.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./prosody-process.mjs";

export const hanging = Symbol("hanging");
export const refusing = Symbol("refusing");

/** Starts the port, and one that hangs. */
export async function serveHosts(hosts) {
  const log = new Map();
  const server = createHttpsServer(certificate(), (request, response) => {
    const name = nameOf(request);
    log.set(name, [...(log.get(name) ?? []), { path: request.url, headers: request.headers }]);
    answer(hosts[name], request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    const open = hosts[nameOf(request)]?.sockets?.[request.url];
    if (open) open(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  });
  // Chromium breaks connections off that it does not want.
  server.on("tlsClientError", () => {});
  const held = new Set();
  const silent = createTcpServer((socket) => held.add(socket.on("error", () => {})));
  for (const listener of [server, silent]) listener.listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(silent, "listening")]);
  const closedPort = await freePort();
  const portOf = (host) => (host === hanging ? silent : server).address().port;
  const rules = Object.entries(hosts).map(([name, host]) => `MAP ${asciiName(name)} 127.0.0.1:${host === refusing ? closedPort : portOf(host)}`);
  return {
    chromiumArgs: [`--host-resolver-rules=${rules.join(", ")}`, "--ignore-certificate-errors"],
    requests: (name) => log.get(asciiName(name)) ?? [],
    async close() {
      for (const socket of held) socket.destroy();
      silent.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Serves a host by passing everything on to the HTTP port of a server, as a reverse proxy does. */
export function behindProxy(port) {
  return {
    handle(request, response) {
      const { url: path, method, headers } = request;
      const passed = httpRequest({ host: "127.0.0.1", port, path, method, headers }, (answered) => {
        response.writeHead(answered.statusCode, answered.headers);
        answered.pipe(response);
      });
      passed.on("error", () => response.destroy());
      request.pipe(passed);
    },
    sockets: new Proxy({}, { get: () => proxyTo(port) }),
  };
}

/** Passes a WebSocket on to the endpoint of Prosody at that port. */
export function proxyTo(port) {
  return (request, socket, head) => {
    const inner = connect(port, "127.0.0.1", () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      inner.write(`GET /xmpp-websocket HTTP/1.1\r\n${headers.join("")}\r\n`);
      inner.write(head);
      socket.pipe(inner).pipe(socket);
    });
    inner.on("error", () => socket.destroy());
    socket.on("error", () => inner.destroy());
  };
}

/** Opens a WebSocket that speaks XMPP, and answers whatever comes first with one short text frame. */
export function sayOnOpen(frame) {
  return (request, socket) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const text = Buffer.from(frame);
    // RFC 6455, section 5.2: one final text frame. A length of 7 bits is all that is needed here.
    if (text.length > 125) throw new RangeError("the frame is too long");
    socket.once("data", () => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text])));
  };
}

function answer(host, request, response) {
  if (host?.handle) return host.handle(request, response);
  const file = typeof host?.files === "function" ? host.files(request.url) : host?.files?.[request.url];
  const { status = file ? 200 : 404, type = "text/plain", body = "", cors = true, location } = file ?? {};
  const headers = { "Content-Type": type, "Cache-Control": "no-store" };
  if (cors) headers["Access-Control-Allow-Origin"] = "*";
  if (location) headers.Location = location;
  response.writeHead(status, headers).end(body);
}

function nameOf(request) {
  return (request.headers.host ?? "").split(":")[0];
}

/** As it is on the wire: Punycode. */
function asciiName(name) {
  return new URL(`https://${name}`).hostname;
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "waxwing-tls-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  try {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-subj", "/CN=waxwing.test", "-addext", "subjectAltName=DNS:*.test", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject], { stdio: "pipe" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch (error) {
    throw error.code === "ENOENT" ? new Error("openssl is missing: run `cargo xtask setup`.") : error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
