// Time-series charts with uPlot (a global, from a classic script). Colours come from the stylesheet.
import { h } from "./dom.js";
import { bytes, compact, duration } from "./format.js";

const COLOURS = 9;
const HEIGHT = 150;
const SVG = "http://www.w3.org/2000/svg";

function milliseconds(value) {
  if (value >= 90000) return duration(value / 1000);
  return value >= 1000 ? `${compact(value / 1000)} s` : `${compact(value)} ms`;
}

/** Return the function that formats values of a unit. */
export function formatter(unit) {
  if (unit.startsWith("milliseconds")) return milliseconds;
  if (unit.startsWith("seconds")) return (value) => duration(value);
  if (unit.startsWith("bytes")) return (value) => bytes(value);
  if (unit.startsWith("percent")) return (value) => `${compact(value)} %`;
  return compact;
}

/** uPlot's data: the times, then each line's values. A missing point of a count is zero. */
export function plotData(lines, { start, end, period }) {
  const moments = new Set(lines.flatMap((line) => line.points.map(([moment]) => moment)));
  for (let moment = Math.ceil(start / period) * period; moment < end; moment += period) moments.add(moment);
  const times = [...moments].sort((one, other) => one - other);
  return [
    times,
    ...lines.map((line) => {
      const values = new Map(line.points);
      return times.map((moment) => values.get(moment) ?? (line.is_count ? 0 : null));
    }),
  ];
}

function stack(rows) {
  const sums = rows[0].map(() => 0);
  return rows.map((row) => row.map((value, at) => (sums[at] += value ?? 0)));
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

function plotOptions(chart, colours, width, format, formatRight, annotations) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const quiet = colour("--quiet");
  const grid = { stroke: colour("--line-soft"), width: 1 };
  const font = "11px system-ui, sans-serif";
  const axis = { stroke: quiet, grid, ticks: { show: false }, font };
  const right = chart.lines.some((line) => line.on_right);
  const fromZero = (_, low, high) => [0, high > 0 ? high * 1.08 : 1];
  return {
    width,
    height: HEIGHT,
    padding: [8, right ? 4 : 10, 0, 4],
    legend: { show: false },
    cursor: { y: false, sync: { key: "metrics" }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true, range: () => [chart.start, chart.end] }, y: { range: (u, low, high) => fromZero(u, low, Math.max(high ?? 0, ...annotations.map((annotation) => annotation.value))) }, right: { range: fromZero } },
    axes: [
      { ...axis, size: 22, space: 70, values: (_, splits) => splits.map((each) => (each % 86400 === 0 ? day : clock).format(new Date(each * 1000))) },
      { ...axis, size: 46, space: 32, values: (_, splits) => splits.map(format) },
      ...(right ? [{ ...axis, side: 1, scale: "right", size: 46, grid: { show: false }, values: (_, splits) => splits.map(formatRight) }] : []),
    ],
    series: [
      {},
      ...chart.lines.map((line, at) => ({
        label: line.label,
        scale: line.on_right ? "right" : "y",
        stroke: colours[at],
        width: 1.6,
        spanGaps: !line.is_count,
        fill: chart.stacked ? null : line.is_count && !line.on_right ? `${colours[at]}1f` : null,
        points: { show: !line.is_count && line.points.length < 3, size: 5 },
      })),
    ],
    bands: chart.stacked ? chart.lines.map((_, at) => ({ series: [at + 1, at], fill: `${colours[at]}66` })).filter((band) => band.series[1] > 0) : [],
    hooks: {
      draw: [
        (u) => {
          for (const annotation of annotations) {
            const y = Math.round(u.valToPos(annotation.value, "y", true));
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

/** A chart in its own element. `draw` takes the widget; resizing and theme changes redraw it. */
export function makeChart() {
  const canvas = h("div", { class: "plot", "aria-hidden": "true" });
  const legend = h("ul", { class: "legend" });
  const element = h("div", { class: "chart" }, canvas, legend);
  let plot = null;
  let last = null;

  function draw(chart) {
    last = chart;
    const lines = chart.lines.filter((line) => line.points.length);
    const format = formatter(chart.unit);
    const formatRight = formatter(chart.right_unit || "");
    const style = getComputedStyle(document.documentElement);
    const colour = (line, at) => line.color ?? style.getPropertyValue(`--c${at % COLOURS}`).trim();
    const colours = chart.lines.map(colour);
    // with more lines than colours, the lines that have data take the colours in order
    const shown = lines.map((line, at) => colour(line, chart.lines.length > COLOURS ? at : chart.lines.indexOf(line)));
    const max = Math.max(0, ...lines.filter((line) => !line.on_right).flatMap((line) => line.points.map((point) => point[1])));
    const visible = chart.annotations.filter((annotation) => max > 0 && annotation.value <= max * 3);
    canvas.setAttribute("aria-hidden", String(lines.length > 0));
    plot?.destroy();
    plot = null;
    if (lines.length && canvas.clientWidth) {
      const raw = plotData(lines, chart);
      const data = chart.stacked ? [raw[0], ...stack(raw.slice(1))] : raw;
      const plotSettings = plotOptions({ ...chart, lines }, shown, canvas.clientWidth, format, formatRight, visible);
      plotSettings.hooks.setCursor = [(u) => updateLegend(lines, shown, raw, u.cursor.idx, format, formatRight, chart)];
      plot = new uPlot(plotSettings, data, canvas);
      updateLegend(lines, shown, raw, null, format, formatRight, chart);
    } else {
      canvas.replaceChildren(h("p", { class: "no-data" }, chart.empty || "no data in this range"));
      legend.replaceChildren(...chart.lines.length > 6 ? [] : chart.lines.map((line, at) => legendItem(colours[at], line.label, "–")), ...alarmNotes(chart, format));
    }
  }

  const legendItem = (colour, label, value) =>
    h("li", {}, h("span", { class: "swatch", css: { background: colour } }), h("span", { class: "legend-label" }, label), " ", h("b", {}, value));

  const alarmNotes = (chart, format) => chart.annotations.map((annotation) => h("li", { class: "alarm-note" }, h("span", { class: "swatch dashed" }), `${annotation.label} above ${format(annotation.value)}`));

  function updateLegend(lines, colours, raw, at, format, formatRight, chart) {
    legend.replaceChildren(
      ...lines.map((line, number) => {
        const own = line.on_right ? formatRight : format;
        const row = raw[number + 1];
        let value;
        if (at !== null && at !== undefined) value = row[at];
        else if (line.is_count) value = line.points.reduce((sum, point) => sum + point[1], 0);
        else value = line.points.at(-1)[1];
        const text = value === null || value === undefined ? "–" : own(value);
        return legendItem(colours[number], line.label, at === null || at === undefined ? (line.is_count ? `${text} total` : text) : text);
      }),
      ...alarmNotes(chart, format),
    );
  }

  new ResizeObserver(() => {
    if (last && canvas.clientWidth && (!plot || plot.width !== canvas.clientWidth)) draw(last);
  }).observe(canvas);
  document.addEventListener("themechange", () => last && requestAnimationFrame(() => draw(last)));
  return { element, draw };
}

/** A line without axes, as an SVG; null if there are too few points. */
export function sparkline(line, now) {
  if (line.points.length < (line.is_count ? 1 : 3)) return null;
  const [times, row] = plotData([line], now);
  const known = times.map((moment, at) => [moment, row[at]]).filter(([, value]) => value !== null);
  const max = Math.max(...known.map(([, value]) => value), 1e-9);
  const path = known.map(([moment, value], at) => `${at ? "L" : "M"}${(100 * (moment - now.start)) / (now.end - now.start)} ${23 - (22 * value) / max}`).join("");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 24");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
