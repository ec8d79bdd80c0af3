// The stack's CloudWatch dashboard with its data, and the batches.
import { onAlarms } from "./alarm_states.js";
import { get, poll } from "./api.js";
import { batchRow } from "./batches.js";
import { makeChart, sparkline } from "./chart.js";
import { $, emptyState, fill, h, updateList, newId } from "./dom.js";
import "./dead_count.js";
import { compact, duration, int } from "./format.js";
import { timeAgo } from "./times.js";

const RANGES = ["15m", "1h", "3h", "12h", "1d", "7d"];
let range = localStorage.getItem("coverstream-range");
if (!RANGES.includes(range)) range = "1h";
const drawn = new Map();

function figureText({ value, unit }) {
  if (value === null || value === undefined) return "–";
  if (unit === "USD") return `$${value.toFixed(2)}`;
  if (unit.startsWith("seconds")) return duration(value);
  return compact(value);
}

function drawFigure(widget, now) {
  const line = widget.lines[0];
  return h("div", { class: "figure" },
    h("h3", { title: widget.title }, widget.title),
    h("p", { class: "figure-value", "data-empty": widget.value === null || widget.value === undefined ? "" : null }, figureText(widget)),
    h("p", { class: "quiet figure-label" }, widget.empty ? widget.empty : widget.unit.startsWith("seconds") || widget.unit === "USD" ? "" : widget.unit),
    line ? sparkline(line, now) : null);
}

function drawText(widget) {
  return widget.blocks.map(({ tag, text }) => (tag.startsWith("h") ? h("h3", { class: "stage" }, text) : h("p", { class: "quiet" }, text)));
}

function drawLog(widget) {
  return h("div", {}, h("div", { class: "panel-head" }, h("h3", {}, widget.title), h("span", { class: "hint" }, "a Logs Insights query, billed by the data scanned: run it in CloudWatch")),
    h("details", {}, h("summary", {}, "Query"), h("code", { class: "query" }, widget.query)));
}

const DRAW = { figure: drawFigure, text: drawText, log: drawLog };

function draw(now) {
  $("dashboard-name").textContent = `CloudWatch dashboard ${now.name}`;
  $("release").textContent = now.notice ?? "";
  $("release").hidden = !now.notice;
  const seen = new Set();
  now.widgets.forEach((widget, at) => {
    if (widget.kind === "alarms") return; // above the batches
    const key = `${at}-${widget.kind}-${widget.title}`;
    seen.add(key);
    let own = drawn.get(key);
    if (!own) {
      const id = newId("widget");
      const box = h("section", { class: `widget ${widget.kind}${widget.kind === "text" ? "" : " panel"}`, css: { "--w": String(widget.width), "--y": String(widget.y) }, "aria-labelledby": widget.kind === "chart" ? id : null });
      own = { box, chart: widget.kind === "chart" ? makeChart() : null };
      if (own.chart) box.append(h("div", { class: "chart-head" }, h("h3", { id }, widget.title), h("span", { class: "quiet" }, widget.unit, widget.right_unit ? ` · right: ${widget.right_unit}` : "")), own.chart.element);
      drawn.set(key, own);
      $("widgets").append(box);
    }
    const signature = JSON.stringify([widget, now.start]);
    if (own.signature === signature) return;
    own.signature = signature;
    if (own.chart) own.chart.draw({ ...widget, start: now.start, end: now.end, period: now.period });
    else fill(own.box, DRAW[widget.kind](widget, now));
  });
  for (const [key, own] of drawn) {
    if (seen.has(key)) continue;
    own.box.remove();
    drawn.delete(key);
  }
}

fill($("range"), RANGES.map((each) =>
  h("button", { type: "button", role: "radio", "aria-checked": String(each === range), tabindex: each === range ? "0" : "-1", data: { range: each }, onclick: () => choose(each) }, each)));
$("range").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  choose(RANGES[(RANGES.indexOf(range) + by + RANGES.length) % RANGES.length]);
  document.querySelector('#range [aria-checked="true"]').focus();
});

function choose(each) {
  range = each;
  localStorage.setItem("coverstream-range", each);
  for (const button of $("range").children) {
    button.setAttribute("aria-checked", String(button.dataset.range === each));
    button.tabIndex = button.dataset.range === each ? 0 : -1;
  }
  metrics.now();
}

function alarmRow(alarm) {
  return h("li", { class: alarm.state }, h("a", { href: `/alarms#${alarm.name}` }, h("span", { class: "alarm-dot", "aria-hidden": "true" }), alarm.name),
    alarm.since ? h("span", {}, " since ", timeAgo(alarm.since)) : null);
}

onAlarms((alarms) => {
  const raised = alarms.filter((alarm) => alarm.state === "ALARM");
  const fine = alarms.length - raised.length;
  $("alarms").hidden = raised.length === 0;
  updateList($("alarms"), raised, (alarm) => alarm.name, alarmRow);
  $("fine").textContent = raised.length ? `${raised.length} raised, the other ${int(fine)} fine` : `all ${int(fine)} fine`;
});

poll(async () => {
  const { batches, total } = await get("/api/batches");
  $("batches-total").textContent = total > batches.length ? `the newest ${int(batches.length)} of ${int(total)}` : total ? int(total) : "";
  if (batches.length) updateList($("batches"), batches, (row) => row.progress.batch_id, batchRow);
  else $("batches").replaceChildren(emptyState("No batches yet", "Push rows with stream-ingest, or upload a CSV file."));
}, 4000, $("batches-panel"));
const metrics = poll(async () => {
  const requested = range;
  const now = await get(`/api/dashboard?range=${requested}`);
  if (requested === range) draw(now);
}, 15000, $("metrics"));
