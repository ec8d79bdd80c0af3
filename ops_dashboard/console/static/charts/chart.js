// Time-series charts with uPlot (a global, from a classic script). Colours come from the stylesheet.
import { formatter, isStep, lonely, periodText, plotData, stack, steps, timeTexts, zoned } from "./chart_axes.js";
import { bindTouch } from "./chart_touch.js";
import { h } from "./dom.js";

const COLOURS = 9;
const HEIGHT = 150;
const MIN_DRAG_PX = 8;
const SVG = "http://www.w3.org/2000/svg";
const ALARM = /^alarm ([\w-]+): (.*)$/;

function series(line, colour, stacked) {
  const step = isStep(line, stacked);
  return {
    label: line.label,
    scale: line.on_right ? "right" : "y",
    stroke: colour,
    width: 1.6,
    spanGaps: false,
    paths: step ? uPlot.paths.stepped({ align: 1 }) : undefined,
    fill: stacked ? null : line.is_count && !line.on_right ? `${colour}1f` : null,
    points: step ? { show: false } : { show: true, size: 5, filter: lonely },
  };
}

/** Draw each threshold as a broken line on its own scale. */
function drawThresholds(u, thresholds, colour) {
  const ratio = devicePixelRatio;
  u.ctx.save();
  u.ctx.strokeStyle = colour;
  u.ctx.lineWidth = ratio;
  u.ctx.setLineDash([5 * ratio, 4 * ratio]);
  for (const { value, on_right: onRight } of thresholds) {
    const y = Math.round(u.valToPos(value, onRight ? "right" : "y", true));
    u.ctx.beginPath();
    u.ctx.moveTo(u.bbox.left, y);
    u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
    u.ctx.stroke();
  }
  u.ctx.restore();
}

function plotOptions(chart, colours, width, thresholds, onZoom) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line-soft"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const right = chart.lines.some((line) => line.on_right);
  const fromZero = (onRight) => (_, low, high) => {
    const most = Math.max(high ?? 0, ...thresholds.filter((each) => Boolean(each.on_right) === onRight).map((each) => each.value));
    return [0, most > 0 ? most * 1.08 : 1];
  };
  const texts = (unit) => (_, splits) => splits.map(formatter(unit));
  return {
    width,
    height: HEIGHT,
    padding: [8, right ? 4 : 10, 0, 4],
    legend: { show: false },
    tzDate: zoned,
    cursor: {
      y: false,
      sync: { key: "metrics", filters: { pub: (type) => type === "mousemove" || type === "mouseleave", sub: () => true } },
      drag: { x: Boolean(onZoom), y: false, setScale: false },
      points: { size: 6 },
      dataIdx: (u, _, at, moment) => (at > 0 && moment < u.data[0][at] ? at - 1 : Math.min(at, u.data[0].length - 2)),
    },
    scales: { x: { time: true, range: () => [chart.start, chart.end] }, y: { range: fromZero(false) }, right: { range: fromZero(true) } },
    axes: [
      { ...axis, size: 22, space: 70, values: timeTexts },
      { ...axis, size: 46, space: 32, values: texts(chart.unit), ...steps(chart.unit) },
      ...(right ? [{ ...axis, side: 1, scale: "right", size: 46, grid: { show: false }, values: texts(chart.right_unit), ...steps(chart.right_unit) }] : []),
    ],
    series: [{}, ...chart.lines.map((line, at) => series(line, colours[at], chart.stacked))],
    bands: chart.stacked ? chart.lines.map((_, at) => ({ series: [at + 1, at], fill: `${colours[at]}66` })).filter((band) => band.series[1] > 0) : [],
    hooks: {
      draw: [(u) => drawThresholds(u, thresholds, colour("--bad"))],
      setSelect: [(u) => {
        if (!onZoom || u.select.width < MIN_DRAG_PX) return;
        onZoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
      }],
    },
  };
}

const legendItem = (colour, label, value) =>
  h("li", {}, h("span", { class: "swatch", css: { background: colour } }), h("span", { class: "legend-label" }, label), " ", h("b", {}, value));

/** The alarm of a threshold with its condition; a threshold of an earlier release has a value only. */
function thresholdItem({ label, value, on_right: onRight }, chart) {
  const [, name, condition] = ALARM.exec(label) ?? [];
  return h("li", { class: "alarm-note" }, h("span", { class: "swatch dashed" }),
    name ? [h("a", { href: `/alarms#${name}` }, name), `: ${condition}`] : `${label} above ${formatter(onRight ? chart.right_unit : chart.unit)(value)}`);
}

/** What a line's legend says without a cursor: the total of counts, the latest value of others. */
function summary(line, format) {
  if (line.is_count) return `${format(line.points.reduce((sum, point) => sum + point[1], 0))} total`;
  return format(line.points.at(-1)[1]);
}

/** A chart in its own element: `draw` takes the widget, `onZoom` gets the seconds of a dragged range. */
export function makeChart(onZoom) {
  const canvas = h("div", { class: "plot", "aria-hidden": "true" });
  const legend = h("ul", { class: "legend" });
  const element = h("div", { class: "chart" }, canvas, legend);
  let plot = null;
  let last = null;

  function draw(chart) {
    last = chart;
    const lines = chart.lines.filter((line) => line.points.length);
    const style = getComputedStyle(document.documentElement);
    const colour = (line, at) => line.color ?? style.getPropertyValue(`--c${at % COLOURS}`).trim();
    // with more lines than colours, the lines that have data take the colours in order
    const colours = lines.map((line, at) => colour(line, chart.lines.length > COLOURS ? at : chart.lines.indexOf(line)));
    canvas.setAttribute("aria-hidden", String(lines.length > 0));
    plot?.destroy();
    plot = null;
    if (lines.length === 0) {
      canvas.replaceChildren(h("p", { class: "no-data" }, chart.empty || "no data in this range"));
      legend.replaceChildren(...chart.annotations.map((each) => thresholdItem(each, chart)));
    } else if (canvas.clientWidth) {
      canvas.replaceChildren();
      plot = plotLines({ ...chart, lines }, colours);
    }
  }

  function plotLines(chart, colours) {
    const most = (onRight) => Math.max(0, ...chart.lines.filter((line) => line.on_right === onRight).flatMap((line) => line.points.map((point) => point[1])));
    const near = chart.annotations.filter((each) => chart.of_alarm || each.value <= 3 * most(Boolean(each.on_right)));
    const raw = plotData(chart.lines, chart);
    const data = chart.stacked ? [raw[0], ...stack(raw.slice(1))] : raw;
    const options = plotOptions(chart, colours, canvas.clientWidth, near, onZoom);
    options.hooks.setCursor = [(u) => showLegend(chart, colours, raw, u.cursor.idxs?.[1] ?? null)];
    showLegend(chart, colours, raw, null);
    const drawn = new uPlot(options, data, canvas);
    bindTouch(drawn, Boolean(onZoom));
    return drawn;
  }

  function showLegend(chart, colours, raw, at) {
    const when = at === null ? null : h("li", { class: "when" }, periodText(raw[0][at], chart.period));
    const items = chart.lines.map((line, number) => {
      const format = formatter(line.on_right ? chart.right_unit : chart.unit);
      const value = at === null ? null : raw[number + 1][at];
      return legendItem(colours[number], line.label, at === null ? summary(line, format) : value === null ? "–" : format(value));
    });
    legend.replaceChildren(...(when ? [when] : []), ...items, ...(when ? [] : chart.annotations.map((each) => thresholdItem(each, chart))));
  }

  new ResizeObserver(() => {
    if (last && canvas.clientWidth && (!plot || plot.width !== canvas.clientWidth)) draw(last);
  }).observe(canvas);
  for (const change of ["themechange", "zonechange"]) document.addEventListener(change, () => last && requestAnimationFrame(() => draw(last)));
  return { element, draw };
}

/** A line without axes, as an SVG; null if there are too few points. */
export function sparkline(line, range) {
  if (line.points.length < (line.is_count ? 1 : 3)) return null;
  const [times, row] = plotData([line], range);
  const max = Math.max(...row.filter((value) => value !== null), 1e-9);
  let isOpen = false;
  const path = times.map((moment, at) => {
    if (row[at] === null) {
      isOpen = false;
      return "";
    }
    const step = `${isOpen ? "L" : "M"}${(100 * (moment - range.start)) / (range.end - range.start)} ${23 - (22 * row[at]) / max}`;
    isOpen = true;
    return step;
  }).join("");
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
