// What is measured. Each measure runs in a fresh page for one contender at a time, and fills one row of the table or more.

const MESSAGES = 20_000;
const CONTACTS = 5_000;
const CONVERSATION = 5_000;
const KEPT = 50_000;
const MANY_KEPT = 1_000_000;

/** `isMore`: more is better. `run` returns one number for each row; `bench` is what run.mjs offers. */
export const MEASURES = [
  {
    key: "dispatch",
    rows: { perSecond: { title: "20,000 messages to a listener, /s", isMore: true } },
    run: (page, bench) => inPage(page, "dispatch", bench.many(MESSAGES)),
  },
  {
    key: "roster",
    rows: { ms: { title: "connect and roster of 5,000, ms" } },
    run: (page, bench) => inPage(page, "roster", bench.many(CONTACTS)),
  },
  {
    key: "presences",
    rows: { ms: { title: "5,000 presences, ms" } },
    run: (page, bench) => inPage(page, "presences", bench.many(CONTACTS)),
  },
  {
    key: "sends",
    rows: { perSecond: { title: "20,000 calls of send(), /s", isMore: true } },
    run: (page, bench) => inPage(page, "sends", bench.many(MESSAGES)),
  },
  {
    key: "prosody",
    rows: {
      perSecond: { title: "messages through Prosody, /s", isMore: true },
      cpuUs: { title: "main-thread CPU of each, µs" },
    },
    run: throughProsody,
  },
  {
    key: "login",
    rows: {
      cold: { title: "import, log in, roster: cold, ms" },
      warm: { title: "log in, roster: warm, ms" },
    },
    async run(page, bench) {
      const account = bench.account();
      const first = await inPage(page, "login", account);
      const second = await inPage(page, "login", account);
      return { cold: page.importMs + first.ms, warm: second.ms };
    },
  },
  {
    key: "resume",
    rows: { ms: { title: "return after a reload, to the roster, ms" } },
    /** What only logs in again with the password is measured by `login`. */
    isFor: (contender) => contender.key === "waxwing",
    async run(page, bench) {
      const account = { ...bench.account(), storage: "session" };
      await page.evaluate((account) => measures.connect(account), account);
      await page.reload();
      await bench.load(page);
      return inPage(page, "login", account);
    },
  },
  {
    key: "block",
    rows: { ms: { title: "longest block while both arrive, ms" } },
    run: (page, bench) => inPage(page, "longestBlock", bench.many(CONTACTS)),
  },
  {
    key: "start",
    rows: { ms: { title: "import, compile, instantiate, ms" } },
    run: async (page) => ({ ms: await page.evaluate(() => loaded.prepare()) }),
  },
  {
    key: "memory",
    rows: {
      bytesEach: { title: "heap kept a message after 50,000, bytes" },
      wasmKb: { title: "WebAssembly memory then, KB" },
    },
    run: (page, bench) => keptMemory(page, bench.many(KEPT)),
  },
  {
    key: "million",
    isOnDemand: true,
    rows: {
      bytesEach: { title: "heap kept a message after 1,000,000, bytes" },
      wasmKb: { title: "WebAssembly memory then, KB" },
    },
    run: (page, bench) => keptMemory(page, bench.many(MANY_KEPT)),
  },
];

function inPage(page, measure, ...given) {
  return page.evaluate(([measure, given]) => measures[measure](...given), [measure, given]);
}

async function throughProsody(page, bench) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const cpuSeconds = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ThreadTime").value;
  let before;
  await page.exposeFunction("isWarmedUp", async () => void (before = await cpuSeconds()));
  const count = bench.many(CONVERSATION);
  const run = await page.evaluateHandle(
    ([from, to, count]) => measures.conversation(from, to, count, isWarmedUp),
    [bench.account(), bench.account(), count],
  );
  const cpuUs = ((await cpuSeconds()) - before) * 1e6 / count;
  const perSecond = await run.evaluate(({ perSecond, close }) => close().then(() => perSecond));
  return { perSecond, cpuUs };
}

async function keptMemory(page, count) {
  const session = await page.context().newCDPSession(page);
  await page.exposeFunction("heapBytes", async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  });
  const { bytesEach, wasmBytes } = await page.evaluate((count) => measures.memory(count, heapBytes), count);
  return { bytesEach, wasmKb: wasmBytes > 0 ? wasmBytes / 1000 : undefined };
}
