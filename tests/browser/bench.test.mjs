// The benchmarks of benches/browser/ on a small scale: that every contender still does what is measured.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Bench } from "../../benches/browser/bench.mjs";
import { bundleAll, CONTENDERS } from "../../benches/browser/contenders.mjs";
import { MEASURES } from "../../benches/browser/measures.mjs";
import { chart, table } from "../../benches/browser/report.mjs";

const SCALE = 0.001;
/** The rest goes the same ways again. */
const MEASURED = MEASURES.filter(({ key }) => !["block", "start", "million"].includes(key));
const bench = new Bench(SCALE);

before(async () => bench.start((await bundleAll()).files));
after(() => bench.stop());

test("every contender does everything that the benchmarks measure", async () => {
  const rows = await bench.measure(MEASURED, 1, () => {});
  for (const measure of MEASURED) {
    const [row] = Object.keys(measure.rows);
    const { values } = rows.find(({ key }) => key === `${measure.key}.${row}`);
    for (const { key } of CONTENDERS.filter(measure.isFor ?? (() => true))) {
      assert.ok(Number.isFinite(values[key]), `${measure.key}: ${key} has no figure`);
    }
  }
  const about = bench.describe(1);
  assert.match(table(rows, CONTENDERS, about), /^\|  \| Waxwing \|/);
  assert.match(chart(rows, CONTENDERS, about), /^<svg [^]*<\/svg>\n$/);
});
