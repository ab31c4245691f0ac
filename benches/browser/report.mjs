// The results as a Markdown table, and as a chart.

const PEERS = ["strophe", "stanza", "xmpp"];

/** Rows: { title, isMore, values: { contender: number } }. A ratio above 1 says that Waxwing is ahead. */
export function table(rows, contenders, about) {
  const head = ["", ...contenders.map(({ title }) => title), "against the best peer", "against xmpp.js", "against raw"];
  const lines = rows.map(({ title, isMore, values }) => {
    const ratio = (other) => {
      const ahead = isMore ? values.waxwing / other : other / values.waxwing;
      return Number.isFinite(ahead) ? `${ahead.toFixed(2)}x` : "";
    };
    return [title, ...contenders.map(({ key }) => number(values[key])), ratio(bestPeer({ isMore, values })), ratio(values.xmpp), ratio(values.raw)];
  });
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const cells = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ["what a message is", ...contenders.map(({ gives }) => gives), "", "", ""], ...lines];
  return `${cells.map(row).join("\n")}\n\n${said(about)}\n`;
}

function said({ rounds, date, browser, server, machine, peers }) {
  return [
    `Medians of ${rounds} interleaved rounds, each sample in a page of its own; ${date}, ${browser} headless, ${server}, ${machine}; ${peers.join(", ")}.`,
    "A ratio above 1 says that Waxwing is ahead. The raw socket is written by hand and parses nothing. Peers are used as their documents show; xmpp.js",
    "has no SCRAM in browsers and logs in with PLAIN. Messages, presences, rosters, blocks and memory are measured against a server inside the page, so",
    "that the client alone is measured; logins and what goes through Prosody against Prosody on the same machine. Before rosters and blocks are measured, all",
    "code is loaded (Waxwing's `init()`, which also has a login compiled ahead).",
  ].join("\n");
}

function bestPeer({ isMore, values }) {
  const known = PEERS.map((key) => values[key]).filter(Number.isFinite);
  return isMore ? Math.max(...known) : Math.min(...known);
}

function number(value) {
  if (!Number.isFinite(value)) return "–";
  if (value >= 100) return Math.round(Number(value.toPrecision(3))).toLocaleString("en");
  return value.toFixed(value >= 10 ? 0 : 1);
}

/** What the chart shows, with the words for it. */
const PANELS = [
  ["dispatch.perSecond", "Messages received", "a second"],
  ["sends.perSecond", "Messages sent", "a second"],
  ["presences.ms", "5,000 presences", "ms"],
  ["roster.ms", "Connect, roster of 5,000", "ms"],
];
const COLUMNS = 2;
const PANEL = { width: 400, height: 140, bar: 18, gap: 7, label: 76, value: 64 };
const WIDTH = COLUMNS * PANEL.width;

/** One panel a measure; the longest bar is the quickest. The colours stand on light and on dark alike. */
export function chart(rows, contenders, about) {
  const shown = contenders.filter(({ key }) => key === "waxwing" || PEERS.includes(key));
  const panels = PANELS.map(([key, title, unit]) => ({ title, unit, row: rows.find((row) => row.key === key) })).filter(({ row }) => row);
  const height = Math.ceil(panels.length / COLUMNS) * PANEL.height + 30;
  const drawn = panels.map((panel, at) => {
    const [x, y] = [(at % COLUMNS) * PANEL.width, Math.floor(at / COLUMNS) * PANEL.height];
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, shown)}</g>`;
  });
  const style = ".t{font-weight:600;font-size:14px}.w{font-weight:600}.n{text-anchor:end}";
  const note = `Longer is faster. Medians of ${about.rounds} rounds, ${about.date}, ${about.browser}, ${about.machine}.`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui,sans-serif" font-size="12" fill="#6e7781" role="img">` +
    `<title>Waxwing and its peers</title><style>${style}</style>${drawn.join("")}<text x="4" y="${height - 10}" font-size="11">${escape(note)}</text></svg>\n`
  );
}

function drawPanel({ title, unit, row }, shown) {
  const { isMore, values } = row;
  const speed = (key) => (isMore ? values[key] : 1 / values[key]);
  const best = Math.max(...shown.map(({ key }) => speed(key)).filter(Number.isFinite));
  const bars = shown.map(({ key, title: name }, at) => {
    const y = 30 + at * (PANEL.bar + PANEL.gap);
    const length = Math.max(2, ((speed(key) || 0) / best) * (PANEL.width - PANEL.label - PANEL.value));
    const isOurs = key === "waxwing";
    const text = `y="${y + 13}"${isOurs ? ' class="w"' : ""}`;
    return (
      `<text x="${PANEL.label - 8}" ${text} text-anchor="end">${escape(name)}</text>` +
      `<rect x="${PANEL.label}" y="${y}" width="${length.toFixed(1)}" height="${PANEL.bar}" rx="3" fill="${isOurs ? "#d9822b" : "#8c959f"}"${isOurs ? "" : ' fill-opacity=".6"'}/>` +
      `<text x="${(PANEL.label + length + 7).toFixed(1)}" ${text}>${number(values[key])}</text>`
    );
  });
  return `<text x="4" y="18" class="t">${escape(title)} <tspan font-weight="400" font-size="12">${escape(unit)}</tspan></text>${bars.join("")}`;
}

export function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
