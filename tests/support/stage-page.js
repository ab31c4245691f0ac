// The page's side of stage.mjs: clients by number, their events, and waiting for one of them.

const EVENTS = ["state", "message", "delivery", "chat-state", "displayed", "presence", "subscription", "roster", "blocking", "error"];
const actors = [];

/** Runs one of the functions below; what it throws comes back as plain data. */
export async function outcomeOf(name, values) {
  try {
    return { value: plain(await functions[name](...values)) };
  } catch (error) {
    return { error: plain(error) };
  }
}

/** Collects the events of a client. Returns its number. */
export function adopt(client, hasStanzas = false) {
  const actor = { client, events: [], waiting: [] };
  for (const name of hasStanzas ? [...EVENTS, "stanza"] : EVENTS) {
    client.on(name, (payload) => {
      // I7
      if (name === "state" && client.state !== payload.current) {
        console.error(`the getter says ${client.state} while the event says ${payload.current}`);
      }
      actor.events.push({ name, payload: plain(payload), isTaken: false });
      for (const look of [...actor.waiting]) look();
    });
  }
  return actors.push(actor) - 1;
}

/** The client of that number. */
export function client(id) {
  return actors[id].client;
}

/** See RemoteClient. */
export function take(id, name, match, waitMs) {
  const { events, waiting } = actors[id];
  return within(waitMs, () => `no ${name} with ${JSON.stringify(match)} came, but ${JSON.stringify(events)}`, (resolve) => {
    const look = () => {
      const event = events.find((event) => !event.isTaken && event.name === name && has(event.payload, match));
      if (!event) return;
      event.isTaken = true;
      if (waiting.includes(look)) waiting.splice(waiting.indexOf(look), 1);
      resolve(event.payload);
    };
    waiting.push(look);
    look();
  });
}

export function seen(id, name, match) {
  return actors[id].events.filter((event) => event.name === name && has(event.payload, match)).map((event) => event.payload);
}

/** Whether a value has all that is in another; arrays have to be equal. */
export function has(value, match) {
  if (typeof match !== "object" || match === null) return Object.is(value, match);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(match) && match.length !== value.length) return false;
  return Object.keys(match).every((key) => has(value[key], match[key]));
}

/** Rejects if it takes too long, with a description of what there was. */
export function within(waitMs, describe, executor) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(describe())), waitMs);
    const settled = (settle) => (value) => {
      clearTimeout(timer);
      settle(value);
    };
    executor(settled(resolve), settled(reject));
  });
}

const functions = {
  make: (options, hasStanzas) => adopt(new waxwing.Client(options), hasStanzas),
  get: (id, path) => reach(id, path).value,
  call: (id, path, values, waitMs) =>
    within(waitMs, () => `${path}() did not settle`, (resolve, reject) => {
      const { owner, value } = reach(id, path);
      Promise.resolve(value.apply(owner, values)).then(resolve, reject);
    }),
  take,
  seen,
};

function reach(id, path) {
  const names = path.split(".");
  const owner = names.slice(0, -1).reduce((object, name) => object[name], client(id));
  return { owner, value: owner[names.at(-1)] };
}

/** Errors as objects, with the cause inside. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { name, message, stack } = value instanceof Error ? value : {};
  const cause = value.cause === undefined ? {} : { cause: plain(value.cause) };
  const fields = Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
  return value instanceof Error ? { ...fields, ...cause, name, message, pageStack: stack } : fields;
}
