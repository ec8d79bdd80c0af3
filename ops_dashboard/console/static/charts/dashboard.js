// Draws the CloudWatch dashboard by its stages; charts without data are one line of text.
import { makeChart, sparkline } from "./chart.js";
import { zoom } from "./chart_range.js";
import { $, fill, h, newId } from "./dom.js";
import { compact, duration } from "./format.js";

const KEY = "coverstream-stages";
const isWide = matchMedia("(min-width: 46rem)").matches;
const stages = new Map();
const drawn = new Map();

const money = (value) => (value < 0.1 ? `$${compact(value)}` : `$${value.toFixed(2)}`);

function figureText(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "USD") return money(value);
  return unit.startsWith("seconds") ? duration(value) : compact(value);
}

function drawFigure(widget, now) {
  const isEmpty = widget.value === null || widget.value === undefined;
  const label = widget.unit.startsWith("seconds") || widget.unit === "USD" ? "" : widget.unit;
  const parts = widget.parts.map((part) => `${part.label} ${figureText(part.value, widget.unit)}`).join(", ");
  const line = widget.lines[0];
  return h("div", { class: "figure" },
    h("h3", { title: widget.title }, widget.title),
    h("p", { class: "figure-value", "data-empty": isEmpty ? "" : null }, figureText(widget.value, widget.unit)),
    h("p", { class: "quiet figure-label" }, widget.empty || parts || label),
    line ? sparkline(line, { ...now, period: widget.period }) : null);
}

function drawLog(widget) {
  return h("div", {}, h("div", { class: "panel-head" }, h("h3", {}, widget.title), h("span", { class: "hint" }, "a Logs Insights query, billed by the data scanned: run it in CloudWatch")),
    h("details", {}, h("summary", {}, "Query"), h("code", { class: "query" }, widget.query)));
}

/** The dashboard's rows below each heading; the alarms are above the batches. */
function stagesOf(widgets) {
  const found = [];
  for (const widget of widgets) {
    if (widget.kind === "text") {
      const [heading, ...notes] = widget.blocks;
      found.push({ title: heading.text, notes: notes.map((block) => block.text), widgets: [] });
    } else if (widget.kind !== "alarms") found.at(-1)?.widgets.push(widget);
  }
  return found;
}

const remembered = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

function makeStage(title, isFirst) {
  const hint = h("span", { class: "hint" });
  const own = { hint, notes: h("div"), grid: h("div", { class: "grid24" }), empty: h("div", { class: "quiet empty-charts" }) };
  const content = [own.notes, own.grid, own.empty];
  if (isFirst) return { ...own, box: h("section", { class: "stage-first" }, content) };
  const summary = h("summary", {}, h("h3", { class: "stage" }, title), hint);
  const box = h("details", { class: "stage-box" }, summary, content);
  summary.addEventListener("click", () => sessionStorage.setItem(KEY, JSON.stringify({ ...remembered(), [title]: !box.open })));
  return { ...own, box };
}

function makeWidget(widget) {
  const id = newId("widget");
  const chart = widget.kind === "chart" ? makeChart(zoom) : null;
  const box = h("section", { class: `widget ${widget.kind} panel`, css: { "--w": String(widget.width) }, "aria-labelledby": chart ? id : null });
  const unit = h("span", { class: "quiet" });
  if (chart) box.append(h("div", { class: "chart-head" }, h("h3", { id }, widget.title), unit), chart.element);
  return { box, chart, unit };
}

function drawWidget(key, widget, now) {
  if (!drawn.has(key)) drawn.set(key, makeWidget(widget));
  const own = drawn.get(key);
  const signature = JSON.stringify([widget, now.start, now.end]);
  if (own.signature === signature) return own.box;
  own.signature = signature;
  if (own.chart) {
    own.unit.textContent = widget.unit + (widget.right_unit ? ` · right: ${widget.right_unit}` : "");
    own.chart.draw({ ...widget, start: now.start, end: now.end });
  } else fill(own.box, widget.kind === "figure" ? drawFigure(widget, now) : drawLog(widget));
  return own.box;
}

function place(parent, children) {
  if (children.length === parent.children.length && children.every((child, at) => child === parent.children[at])) return;
  parent.replaceChildren(...children);
}

/** One line for each reason why charts have no data, with their titles. */
function emptyLines(widgets) {
  const byReason = new Map();
  for (const each of widgets) byReason.set(each.empty, [...(byReason.get(each.empty) ?? []), each.title]);
  return [...byReason].map(([reason, titles]) => h("p", {}, h("b", {}, titles.join(", ")), `: ${reason}`));
}

function drawStage(stage, at, now) {
  const isNew = !stages.has(stage.title);
  if (isNew) stages.set(stage.title, makeStage(stage.title, at === 0));
  const own = stages.get(stage.title);
  const empty = stage.widgets.filter((widget) => widget.kind === "chart" && widget.empty);
  const shown = stage.widgets.filter((widget) => !empty.includes(widget));
  own.hint.textContent = shown.length ? "" : "no data in this range";
  fill(own.notes, at === 0 ? null : stage.notes.map((text) => h("p", { class: "quiet" }, text)));
  fill(own.empty, emptyLines(empty));
  place(own.grid, shown.map((widget) => drawWidget(`${stage.title}/${widget.title}`, widget, now)));
  if (isNew && at > 0) own.box.open = remembered()[stage.title] ?? (isWide && shown.length > 0);
  return own.box;
}

/** Draw the dashboard of the console's API. */
export function draw(now) {
  $("dashboard-name").textContent = `CloudWatch dashboard ${now.name}`;
  $("release").textContent = now.notice ?? "";
  $("release").hidden = !now.notice;
  const all = stagesOf(now.widgets).filter((stage) => stage.widgets.length || stage.notes.length);
  place($("widgets"), all.map((stage, at) => drawStage(stage, at, now)));
}
