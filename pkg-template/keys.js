// Key derivation by WebCrypto, off the main thread.

/**
 * PBKDF2. Rejects where a page is no secure context, and where WebCrypto refuses: Chromium does not take an empty password.
 * `password` and `salt` may be views of memory that is written to once this has returned.
 */
export async function deriveKey(password, hash, salt, iterations, bits) {
  const algorithm = { name: "PBKDF2", hash, salt: salt.slice(), iterations };
  // It copies the password before it returns.
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, bits));
}
