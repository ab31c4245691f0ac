// How Waxwing's cost grows with what there is to do: the same measures over sizes, each a tenth of the next. Linear cost is time for each that
// stays flat.

import { SCALE_PATH } from "./contenders.mjs";
import { median } from "./bench.mjs";

const DEADLINE_MS = 120_000;
const powers = (first, last) => Array.from({ length: Math.round(Math.log10(last / first)) + 1 }, (_, n) => first * 10 ** n);

/** `rows` are what a sample gives: milliseconds. What the page does for it is the function of page/scale.js that `measure` names, or the key. */
export const SCALES = [
  // Servers take 256 KB by default, and hand over more of their own; ours is the limit of 16 MiB.
  { key: "body", panel: "frames", sizes: [...powers(1_670, 167_000), 262_144, ...powers(1_670_000, 16_700_000)], rows: { ms: "A message of n bytes" } },
  { key: "children", panel: "frames", sizes: powers(50, 500_000), rows: { ms: "A message of n elements" } },
  { key: "roster", panel: "roster", sizes: powers(5, 50_000), rows: { ms: "Connect, a roster of n contacts" } },
  ...[
    { storage: "none", most: 100_000, said: "in memory" },
    { storage: "session", most: 10_000, said: "in the session storage" },
    { storage: "indexeddb", most: 100_000, said: "in IndexedDB" },
  ].map(({ storage, most, said }) => ({
    key: `offline-${storage}`,
    panel: "offline",
    measure: "offline",
    given: [storage],
    sizes: powers(10, most),
    rows: { queueMs: `n messages written offline, ${said}`, sendMs: `Connect, these n on the socket, ${said}` },
  })),
  { key: "requests", panel: "requests", sizes: powers(10, 10_000), rows: { ms: "n requests at once, answered" } },
  {
    key: "failures",
    panel: "requests",
    sizes: powers(10, 10_000),
    rows: { timeoutMs: "n requests at once, timed out", abortMs: "n requests at once, given up" },
  },
];

/** Returns the lines of the plot: { key, panel, title, points: [{ size, ms }] }. */
export async function measureScales(bench, scales, rounds, tell = console.error) {
  const samples = new Map();
  for (let round = 1; round <= rounds; round += 1) {
    // From small to large and back: what the machine does meanwhile, it does to all sizes.
    for (const scale of scales) {
      for (const size of round % 2 === 0 ? scale.sizes.toReversed() : scale.sizes) {
        const values = await sample(bench, scale, size);
        for (const row of Object.keys(scale.rows)) {
          const name = `${scale.key}.${row}`;
          const line = samples.get(name) ?? samples.set(name, new Map()).get(name);
          line.set(size, [...(line.get(size) ?? []), values[row]]);
        }
        tell(`${round}/${rounds} ${scale.key}, ${size}: ${JSON.stringify(values)}`);
      }
    }
  }
  return scales.flatMap(({ key, panel, sizes, rows }) =>
    Object.entries(rows).map(([row, title]) => {
      const line = samples.get(`${key}.${row}`);
      return { key: `${key}.${row}`, panel, title, points: sizes.map((size) => ({ size, ms: median(line.get(size)) })) };
    }),
  );
}

function sample(bench, { key, measure = key, given = [] }, size) {
  return bench.inPage(`${key} of ${size}`, DEADLINE_MS, async (page) => {
    await page.evaluate(async (path) => {
      globalThis.scale = await import(path);
      await scale.prepare();
    }, SCALE_PATH);
    return page.evaluate(([measure, given]) => scale[measure](...given), [measure, [size, ...given]]);
  });
}
