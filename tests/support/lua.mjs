// What Prosody's storage "internal" keeps: one Lua file a store and account.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes one store of one account, as `<data>/<host>/<store>/<user>.dat`. */
export function writeStore(data, host, store, user, value) {
  const file = join(data, encodeName(host), store, `${encodeName(user)}.dat`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `return ${lua(value)};\n`);
}

/** A value as Lua source. A Map may have keys that are no strings; what is undefined is left out. */
export function lua(value) {
  if (typeof value === "string") return luaString(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const fields = entries.filter(([, field]) => field !== undefined).map(([key, field]) => `[${lua(key)}] = ${lua(field)};`);
  return `{ ${fields.join(" ")} }`;
}

function luaString(text) {
  const escaped = [...Buffer.from(text)].map((byte) =>
    byte < 32 || byte > 126 || byte === 34 || byte === 92 ? `\\${String(byte).padStart(3, "0")}` : String.fromCharCode(byte),
  );
  return `"${escaped.join("")}"`;
}

/** The name of a host or an account in file names: they keep ASCII letters and digits; all other bytes are %xx. */
export function encodeName(name) {
  return [...Buffer.from(name)]
    .map((byte) => (/[A-Za-z0-9]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`))
    .join("");
}
