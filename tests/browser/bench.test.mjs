// The benchmarks of benches/browser/ on a small scale: that every contender still does what is measured.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Bench } from "../../benches/browser/bench.mjs";
import { bundleAll, CONTENDERS } from "../../benches/browser/contenders.mjs";
import { MEASURES } from "../../benches/browser/measures.mjs";
import { chart, table } from "../../benches/browser/report.mjs";
import { measureScales, SCALES } from "../../benches/browser/scale.mjs";
import { scaleChart, scaleTable } from "../../benches/browser/scale-report.mjs";

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

test("how cost grows is measured of everything that can be long", async () => {
  const scales = SCALES.map((scale) => ({ ...scale, sizes: scale.sizes.slice(0, 2) }));
  const lines = await measureScales(bench, scales, 1, () => {});
  assert.deepEqual(
    lines.map(({ key }) => key),
    SCALES.flatMap(({ key, rows }) => Object.keys(rows).map((row) => `${key}.${row}`)),
  );
  for (const { key, points } of lines) assert.ok(points.length === 2 && points.every(({ ms }) => ms > 0), key);
  const about = bench.describe(1);
  assert.match(scaleTable(lines, about), /^\|  \| n \|/);
  assert.match(scaleChart(lines, about), /^<svg [^]*<\/svg>\n$/);
  assert.doesNotMatch(scaleChart(lines, about), /NaN|undefined|Infinity/);
});
