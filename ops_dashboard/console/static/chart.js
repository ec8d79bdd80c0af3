// Charts over time with uPlot (a global: its file is a classic script). Colours come from the style.
import { h } from "./dom.js";
import { bytes, compact, duration } from "./words.js";

const COLOURS = 9;
const HEIGHT = 150;
const SVG = "http://www.w3.org/2000/svg";

function milliseconds(value) {
  if (value >= 90000) return duration(value / 1000);
  return value >= 1000 ? `${compact(value / 1000)} s` : `${compact(value)} ms`;
}

/** How values of a unit are written. */
export function writer(unit) {
  if (unit.startsWith("milliseconds")) return milliseconds;
  if (unit.startsWith("seconds")) return (value) => duration(value);
  if (unit.startsWith("bytes")) return (value) => bytes(value);
  if (unit.startsWith("percent")) return (value) => `${compact(value)} %`;
  return compact;
}

/** One row of times and a row of values for each line; where a count has no point it is zero. */
export function table(lines, { start, end, period }) {
  const moments = new Set(lines.flatMap((line) => line.points.map(([moment]) => moment)));
  for (let moment = Math.ceil(start / period) * period; moment < end; moment += period) moments.add(moment);
  const times = [...moments].sort((one, other) => one - other);
  return [
    times,
    ...lines.map((line) => {
      const values = new Map(line.points);
      return times.map((moment) => values.get(moment) ?? (line.counts ? 0 : null));
    }),
  ];
}

function stack(rows) {
  const sums = rows[0].map(() => 0);
  return rows.map((row) => row.map((value, at) => (sums[at] += value ?? 0)));
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

function options(chart, colours, width, write, writeRight, marks) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const quiet = colour("--quiet");
  const grid = { stroke: colour("--line-soft"), width: 1 };
  const font = "11px system-ui, sans-serif";
  const axis = { stroke: quiet, grid, ticks: { show: false }, font };
  const right = chart.lines.some((line) => line.on_right);
  const least = (_, low, high) => [0, high > 0 ? high * 1.08 : 1];
  return {
    width,
    height: HEIGHT,
    padding: [8, right ? 4 : 10, 0, 4],
    legend: { show: false },
    cursor: { y: false, sync: { key: "metrics" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true, range: () => [chart.start, chart.end] }, y: { range: (u, low, high) => least(u, low, Math.max(high ?? 0, ...marks.map((mark) => mark.value))) }, right: { range: least } },
    axes: [
      { ...axis, size: 22, space: 70, values: (_, splits) => splits.map((each) => (each % 86400 === 0 ? day : clock).format(new Date(each * 1000))) },
      { ...axis, size: 46, space: 32, values: (_, splits) => splits.map(write) },
      ...(right ? [{ ...axis, side: 1, scale: "right", size: 46, grid: { show: false }, values: (_, splits) => splits.map(writeRight) }] : []),
    ],
    series: [
      {},
      ...chart.lines.map((line, at) => ({
        label: line.label,
        scale: line.on_right ? "right" : "y",
        stroke: colours[at],
        width: 1.6,
        spanGaps: !line.counts,
        fill: chart.stacked ? null : line.counts && !line.on_right ? `${colours[at]}1f` : null,
        points: { show: !line.counts && line.points.length < 3, size: 5 },
      })),
    ],
    bands: chart.stacked ? chart.lines.map((_, at) => ({ series: [at + 1, at], fill: `${colours[at]}66` })).filter((band) => band.series[1] > 0) : [],
    hooks: {
      draw: [
        (u) => {
          for (const mark of marks) {
            const y = Math.round(u.valToPos(mark.value, "y", true));
            u.ctx.save();
            u.ctx.strokeStyle = colour("--bad");
            u.ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
            u.ctx.beginPath();
            u.ctx.moveTo(u.bbox.left, y);
            u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
            u.ctx.stroke();
            u.ctx.restore();
          }
        },
      ],
    },
  };
}

/** A chart in its own element; `draw` takes the widget as it is now, `resize` and themes redraw it. */
export function makeChart() {
  const canvas = h("div", { class: "plot", "aria-hidden": "true" });
  const legend = h("ul", { class: "legend" });
  const element = h("div", { class: "chart" }, canvas, legend);
  let plot = null;
  let last = null;

  function draw(chart) {
    last = chart;
    const lines = chart.lines.filter((line) => line.points.length);
    const write = writer(chart.unit);
    const writeRight = writer(chart.right_unit || "");
    const style = getComputedStyle(document.documentElement);
    const colour = (line, at) => line.color ?? style.getPropertyValue(`--c${at % COLOURS}`).trim();
    const colours = chart.lines.map(colour);
    // where there are more lines than colours, those that have data take them in order
    const shown = lines.map((line, at) => colour(line, chart.lines.length > COLOURS ? at : chart.lines.indexOf(line)));
    const most = Math.max(0, ...lines.filter((line) => !line.on_right).flatMap((line) => line.points.map((point) => point[1])));
    const near = chart.marks.filter((mark) => most > 0 && mark.value <= most * 3);
    plot?.destroy();
    plot = null;
    if (lines.length && canvas.clientWidth) {
      const raw = table(lines, chart);
      const data = chart.stacked ? [raw[0], ...stack(raw.slice(1))] : raw;
      const setting = options({ ...chart, lines }, shown, canvas.clientWidth, write, writeRight, near);
      setting.hooks.setCursor = [(u) => values(lines, shown, raw, u.cursor.idx, write, writeRight, chart)];
      plot = new uPlot(setting, data, canvas);
      values(lines, shown, raw, null, write, writeRight, chart);
    } else {
      canvas.replaceChildren(h("p", { class: "no-data" }, "nothing in this range"));
      legend.replaceChildren(...chart.lines.length > 6 ? [] : chart.lines.map((line, at) => item(colours[at], line.label, "–")), ...alarmNote(chart, write));
    }
  }

  const item = (colour, label, value) =>
    h("li", {}, h("span", { class: "swatch", css: { background: colour } }), h("span", { class: "legend-label" }, label), " ", h("b", {}, value));

  const alarmNote = (chart, write) => chart.marks.map((mark) => h("li", { class: "alarm-note" }, h("span", { class: "swatch dashed" }), `${mark.label} above ${write(mark.value)}`));

  function values(lines, colours, raw, at, write, writeRight, chart) {
    legend.replaceChildren(
      ...lines.map((line, number) => {
        const own = line.on_right ? writeRight : write;
        const row = raw[number + 1];
        let value;
        if (at !== null && at !== undefined) value = row[at];
        else if (line.counts) value = line.points.reduce((sum, point) => sum + point[1], 0);
        else value = line.points.at(-1)[1];
        const words = value === null || value === undefined ? "–" : own(value);
        return item(colours[number], line.label, at === null || at === undefined ? (line.counts ? `${words} total` : words) : words);
      }),
      ...alarmNote(chart, write),
    );
  }

  new ResizeObserver(() => {
    if (last && canvas.clientWidth && (!plot || plot.width !== canvas.clientWidth)) draw(last);
  }).observe(canvas);
  document.addEventListener("themechange", () => last && requestAnimationFrame(() => draw(last)));
  return { element, draw };
}

/** A course without axes, as a path of SVG; none where too little is known. */
export function sparkline(line, now) {
  if (line.points.length < (line.counts ? 1 : 3)) return null;
  const [times, row] = table([line], now);
  const known = times.map((moment, at) => [moment, row[at]]).filter(([, value]) => value !== null);
  const most = Math.max(...known.map(([, value]) => value), 1e-9);
  const path = known.map(([moment, value], at) => `${at ? "L" : "M"}${(100 * (moment - now.start)) / (now.end - now.start)} ${23 - (22 * value) / most}`).join("");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 24");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}
