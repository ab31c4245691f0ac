// How cost grows, as a Markdown table and as a plot.

import { escape } from "./report.mjs";

/** What each costs at the largest size against what it costs at a tenth of that: 1 is linear cost. */
export function growth({ points }) {
  const last = points.at(-1);
  const tenth = points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
  return last.ms / last.size / (tenth.ms / tenth.size);

  function distance({ size }) {
    return Math.abs(Math.log10((size * 10) / last.size));
  }
}

export function scaleTable(lines, about) {
  const rows = lines.flatMap((line) =>
    line.points.map(({ size, ms }, at) => [
      at === 0 ? line.title : "",
      size.toLocaleString("en"),
      time(ms),
      time(ms / size),
      at === line.points.length - 1 ? `${growth(line).toFixed(2)}x` : "",
    ]),
  );
  const head = ["", "n", "time", "time / n", "growth"];
  const cells = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...rows];
  return `${cells.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n\n${said(about)}\n`;
}

function said({ rounds, date, browser, machine }) {
  return [
    `Medians of ${rounds} rounds, each sample in a page of its own after a short warm-up, against a server inside the page; ${date}, ${browser} headless, ${machine}.`,
    "Growth is time / n at the largest n against that at a tenth of it: 1 is linear cost, and what is paid once makes it less. Messages that are written offline",
    "are written each in a task of its own, so that each is stored by itself.",
  ].join("\n");
}

function time(ms) {
  const [value, unit] = ms >= 10_000 ? [ms / 1_000, "s"] : ms >= 1 ? [ms, "ms"] : ms >= 0.001 ? [ms * 1_000, "µs"] : [ms * 1e6, "ns"];
  const rounded = value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
  return `${rounded} ${unit}`;
}

const PANELS = { frames: "One message", roster: "Roster", offline: "Messages written offline, then sent", requests: "Requests" };
const COLUMNS = 2;
const PANEL = { width: 440, left: 56, right: 16, top: 28, plot: 180, axis: 30, legend: 17 };
/** They stand on light and on dark alike. */
const COLOURS = ["#d9822b", "#2f81c7", "#3c9a5f", "#a05fb4", "#c4514f", "#8a7a2f"];

/** A panel of lines for each kind of work, time against n, both in powers of ten. */
export function scaleChart(lines, about) {
  const panels = Object.entries(PANELS).map(([key, title]) => ({ title, lines: lines.filter(({ panel }) => panel === key) }));
  const shown = panels.filter(({ lines }) => lines.length > 0);
  const rows = Array.from({ length: Math.ceil(shown.length / COLUMNS) }, (_, at) => shown.slice(at * COLUMNS, (at + 1) * COLUMNS));
  let y = 0;
  const drawn = rows.flatMap((row) => {
    const group = row.map((panel, at) => `<g transform="translate(${at * PANEL.width} ${y})">${drawPanel(panel)}</g>`);
    y += Math.max(...row.map(heightOf)) + 16;
    return group;
  });
  const note = `Dotted: linear cost. In brackets: time / n at the largest n against a tenth of it. ${about.date}, ${about.browser}, ${about.machine}.`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${COLUMNS * PANEL.width} ${y + 20}" font-family="system-ui,sans-serif" font-size="11" fill="#6e7781" role="img">` +
    `<title>How Waxwing's cost grows</title><style>.t{font-weight:600;font-size:14px}.g{stroke:#8c959f;stroke-opacity:.25}.e{text-anchor:end}.m{text-anchor:middle}</style>` +
    `${drawn.join("")}<text x="4" y="${y + 10}">${escape(note)}</text></svg>\n`
  );
}

function heightOf({ lines }) {
  return PANEL.top + PANEL.plot + PANEL.axis + lines.length * PANEL.legend;
}

function drawPanel({ title, lines }) {
  const all = lines.flatMap(({ points }) => points);
  const x = axis(all.map(({ size }) => size), PANEL.left, PANEL.width - PANEL.right);
  const y = axis(all.map(({ ms }) => ms), PANEL.top + PANEL.plot, PANEL.top);
  const [left, right, bottom] = [x.at(x.first), x.at(x.last), y.at(y.first)];
  const columns = x.ticks.map((tick) => `<path class="g" d="M${x.at(tick)} ${bottom}V${PANEL.top}"/><text class="m" x="${x.at(tick)}" y="${bottom + 14}">${count(tick)}</text>`);
  const rows = y.ticks.map((tick) => `<path class="g" d="M${left} ${y.at(tick)}H${right}"/><text class="e" x="${left - 6}" y="${y.at(tick) + 4}">${time(tick)}</text>`);
  const drawn = lines.map((line, at) => drawLine(line, at, x, y));
  return `<text x="4" y="16" class="t">${escape(title)}</text>${columns.join("")}${rows.join("")}${drawn.join("")}`;
}

function drawLine(line, at, x, y) {
  const colour = COLOURS[at % COLOURS.length];
  const path = (points) => points.map(({ size, ms }, at) => `${at === 0 ? "M" : "L"}${x.at(size)} ${y.at(ms)}`).join("");
  const last = line.points.at(-1);
  const legend = PANEL.top + PANEL.plot + PANEL.axis + at * PANEL.legend + 8;
  // From where linear cost would have come to the last point.
  const least = Math.max(x.first, last.size * (y.first / last.ms));
  const linear = path([{ size: least, ms: (last.ms * least) / last.size }, last]);
  return (
    `<path d="${linear}" fill="none" stroke="${colour}" stroke-opacity=".6" stroke-dasharray="1 3"/>` +
    `<path d="${path(line.points)}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>` +
    line.points.map(({ size, ms }) => `<circle cx="${x.at(size)}" cy="${y.at(ms)}" r="2.5" fill="${colour}"/>`).join("") +
    `<path d="M${PANEL.left} ${legend - 4}h14" stroke="${colour}" stroke-width="2"/>` +
    `<text x="${PANEL.left + 20}" y="${legend}">${escape(line.title)}: ${time(last.ms / last.size)} each (${growth(line).toFixed(2)}x)</text>`
  );
}

/** An axis in powers of ten, which begins and ends with one. */
function axis(values, from, to) {
  const exponents = values.map((value) => Math.log10(value));
  const first = Math.floor(Math.min(...exponents));
  const last = Math.max(first + 1, Math.ceil(Math.max(...exponents)));
  const at = (value) => Number((from + ((Math.log10(value) - first) / (last - first)) * (to - from)).toFixed(1));
  return { first: 10 ** first, last: 10 ** last, at, ticks: Array.from({ length: last - first + 1 }, (_, n) => 10 ** (first + n)) };
}

function count(value) {
  return value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : String(value);
}
