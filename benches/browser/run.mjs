// Waxwing and its peers: one Chromium, one Prosody, all contenders in turn, several rounds, medians. `cargo xtask bench` calls it.
//
//   node benches/browser/run.mjs [--rounds 5] [--quick] [MEASURE...]      measures.mjs has their names
//
// A run of everything writes results.md and results.svg; of some, it prints the table alone. --quick is one round of a tenth.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Bench } from "./bench.mjs";
import { bundleAll, CONTENDERS } from "./contenders.mjs";
import { MEASURES } from "./measures.mjs";
import { chart, table } from "./report.mjs";

const { values: options, positionals: words } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = words.filter((word) => !MEASURES.some(({ key }) => key === word));
if (unknown.length > 0) {
  console.error(`There is no measure ${unknown.join(", ")}; there are: ${MEASURES.map(({ key }) => key).join(" ")}.`);
  process.exit(1);
}
const measures = MEASURES.filter(({ key, isOnDemand }) => (words.length > 0 ? words.includes(key) : !isOnDemand));
const rounds = options.quick ? 1 : Number(options.rounds);

const { files, brotliKb } = await bundleAll();
const bench = new Bench(options.quick ? 0.1 : 1);
try {
  await bench.start(files);
  const rows = [...(await bench.measure(measures, rounds)), { key: "size", title: "download, brotli KB", values: brotliKb }];
  const about = bench.describe(rounds);
  const text = table(rows, CONTENDERS, about);
  console.log(`\n${text}`);
  if (words.length === 0 && !options.quick) {
    writeFileSync(new URL("./results.md", import.meta.url), text);
    writeFileSync(new URL("./results.svg", import.meta.url), chart(rows, CONTENDERS, about));
  }
} finally {
  await bench.stop();
}
