/** The one error of the package; index.d.ts says what its fields mean. */
export class XmppError extends Error {
  constructor({ message, cause, ...details }) {
    super(message);
    Object.assign(this, details);
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause, writable: true, configurable: true });
  }

  /** JSON.stringify() leaves out what an Error inherits. */
  toJSON() {
    return { ...this, message: this.message, cause: this.cause };
  }
}
Object.defineProperty(XmppError.prototype, "name", { value: "XmppError", writable: true, configurable: true });

/** An XmppError of what the engine reports or throws; anything else is passed through. */
export function errorFrom(reported) {
  if (reported instanceof Error || typeof reported?.code !== "string") return reported;
  return new XmppError({ ...reported, cause: errorFrom(reported.cause) });
}

export function invalid(message, remediation) {
  return new XmppError({ code: "invalid-argument", message, ...(remediation && { remediation }) });
}

export function notConnected() {
  const remediation = "Call connect() first and wait for it.";
  return new XmppError({ code: "not-connected", message: "the client is not connected", remediation });
}

export function aborted(message, cause) {
  return new XmppError({ code: "aborted", message, cause });
}

/** What a listener or a callback of the app threw: shown as uncaught, and nothing else is disturbed. */
export function report(error) {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
