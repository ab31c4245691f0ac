// Starting Prosody as a process: as a program of this machine, or in a container where WAXWING_PROSODY_IMAGE names one.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

const CONTAINER_FOLDER = "/waxwing";
const image = process.env.WAXWING_PROSODY_IMAGE;

/** How the configuration has to name things, so that the server finds them. */
export const view = image
  ? { folder: () => CONTAINER_FOLDER, address: "*" } // reachable only through the port that is published on loopback
  : { folder: (folder) => folder, address: "127.0.0.1" };

/** Starts `prosody` on the configuration in `folder`. Its output comes on stdout and stderr. */
export function spawnProsody(folder, port) {
  const [program, ...before] = image ? container(folder, port) : onThisMachine();
  const child = spawn(program, [...before, "-F", "--config", join(view.folder(folder), "prosody.cfg.lua")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A container does not end with the program that attached to it.
  if (image) child.name = before[before.indexOf("--name") + 1];
  return child;
}

/** Sends a signal; safe to call in an exit handler. */
export function signalProsody(child, signal) {
  if (child.name) spawnSync("docker", ["kill", "--signal", signal, child.name], { stdio: "ignore" });
  child.kill(signal);
}

/** Runs a line in the shell of the server whose configuration lies in `folder`. */
export async function runShell(folder, child, line) {
  const shell = ["--config", join(view.folder(folder), "prosody.cfg.lua"), "shell", line];
  const [program, ...rest] = child.name ? ["docker", "exec", child.name, "prosodyctl", ...shell] : ["prosodyctl", ...shell];
  const process = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [process.stdout, process.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part));
  const [code] = await once(process, "close");
  if (code !== 0) throw new Error(`prosodyctl shell ${line}: ${text}`);
  return text;
}

/** A loopback port that nobody listens on just now. */
export async function freePort() {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

function onThisMachine() {
  const prosody = find("prosody");
  if (!prosody) throw new Error("Prosody is missing: run `cargo xtask setup`.");
  // Linux can end it when its parent ends, even if that is killed.
  const bind = process.platform === "linux" && find("setpriv");
  return bind ? [bind, "--pdeathsig", "KILL", prosody] : [prosody];
}

function container(folder, port) {
  const name = `waxwing-${process.pid}-${port}`;
  const user = `${process.getuid()}:${process.getgid()}`;
  const options = ["--rm", "--init", "--name", name, "--user", user, "--volume", `${folder}:${CONTAINER_FOLDER}`];
  return ["docker", "run", ...options, "--publish", `127.0.0.1:${port}:${port}`, "--entrypoint", "prosody", image];
}

function find(program) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}
