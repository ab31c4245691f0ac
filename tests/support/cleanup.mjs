// What has to be ended with this process, however it ends: at its normal end, after an uncaught error, on Ctrl-C and
// on SIGTERM. (After SIGKILL nothing can run: Prosody is bound to its parent by the kernel then, and Chromium ends
// with its pipe.)

const actions = new Set();
let isWatching = false;

/** Runs `action` (synchronous) when this process ends. Returns a function that forgets it. */
export function atEnd(action) {
  watch();
  actions.add(action);
  return () => actions.delete(action);
}

function watch() {
  if (isWatching) return;
  isWatching = true;
  process.on("exit", () => {
    for (const action of actions) {
      try {
        action();
      } catch (error) {
        console.error(error);
      }
    }
  });
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };
  for (const [signal, number] of Object.entries(numbers)) process.once(signal, () => process.exit(128 + number));
}
