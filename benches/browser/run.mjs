// Waxwing and its peers: one Chromium, one Prosody, all contenders in turn, several rounds, medians. `cargo xtask bench` calls it.
//
//   node benches/browser/run.mjs [--rounds 5] [--quick] [MEASURE...]      measures.mjs has their names; `scale` is how cost grows (scale.mjs)
//
// A run of everything writes results.md, results.svg, scale.md and scale.svg; of some, it prints the table alone, and `scale` writes its two files all the
// same. --quick is one round of a tenth, and writes nothing.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Bench } from "./bench.mjs";
import { bundleAll, CONTENDERS } from "./contenders.mjs";
import { MEASURES } from "./measures.mjs";
import { chart, table } from "./report.mjs";
import { measureScales, SCALES } from "./scale.mjs";
import { scaleChart, scaleTable } from "./scale-report.mjs";

const SCALE = "scale";

const { values: options, positionals: words } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const unknown = words.filter((word) => word !== SCALE && !MEASURES.some(({ key }) => key === word));
if (unknown.length > 0) {
  console.error(`There is no measure ${unknown.join(", ")}; there are: ${MEASURES.map(({ key }) => key).join(" ")} ${SCALE}.`);
  process.exit(1);
}
const measures = MEASURES.filter(({ key, isOnDemand }) => (words.length > 0 ? words.includes(key) : !isOnDemand));
const rounds = options.quick ? 1 : Number(options.rounds);

const { files, brotliKb } = await bundleAll();
const bench = new Bench(options.quick ? 0.1 : 1);
try {
  await bench.start(files);
  const write = (name, text) => options.quick || writeFileSync(new URL(name, import.meta.url), text);
  const about = bench.describe(rounds);
  if (measures.length > 0) {
    const rows = [...(await bench.measure(measures, rounds)), { key: "size", title: "download, brotli KB", values: brotliKb }];
    const text = table(rows, CONTENDERS, about);
    console.log(`\n${text}`);
    if (words.length === 0) {
      write("results.md", text);
      write("results.svg", chart(rows, CONTENDERS, about));
    }
  }
  if (words.length === 0 || words.includes(SCALE)) {
    const scales = SCALES.map((scale) => (options.quick ? { ...scale, sizes: scale.sizes.slice(0, -1) } : scale));
    const lines = await measureScales(bench, scales, rounds);
    const text = scaleTable(lines, about);
    console.log(`\n${text}`);
    write("scale.md", text);
    write("scale.svg", scaleChart(lines, about));
  }
} finally {
  await bench.stop();
}
