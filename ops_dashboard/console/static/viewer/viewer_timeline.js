// What is known about a window's life, as `ops-dashboard trace` shows it.
import { get } from "./api.js";
import { fill, h, toast, visibleText } from "./dom.js";
import { FAILURE_REASONS, bytes, moment } from "./format.js";

const SOURCES = { table: "from the table", log: "from the log of a function", bucket: "from the bucket" };
const DAY = { day: "numeric", month: "short", year: "numeric" };
const SECONDS = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
/** Only the logs have milliseconds. */
const clock = (step) => new Date(step.at).toLocaleTimeString("en-GB", step.source === "log" ? { ...SECONDS, fractionalSecondDigits: 3 } : SECONDS);
const day = (at) => new Date(at).toLocaleDateString("en-GB", DAY);

/** Time since the step before, such as +3.2 s; null below a second. */
function later(step, before) {
  if (!before) return null;
  const seconds = (new Date(step.at) - new Date(before.at)) / 1000;
  if (seconds < 1) return null;
  return seconds < 120 ? `+${seconds.toFixed(1)} s` : `+${Math.round(seconds / 60)} min`;
}

function stepRow(step, at, steps) {
  const before = steps[at - 1];
  return [
    before && day(before.at) === day(step.at) ? null : h("li", { class: "timeline-day" }, day(step.at)),
    h("li", {},
      h("time", { datetime: step.at, title: moment(step.at) }, clock(step)),
      h("span", { class: "quiet timeline-later" }, later(step, before)),
      h("span", { class: "pill", title: SOURCES[step.source] }, step.source),
      h("span", { class: "timeline-what" }, visibleText(step.what), step.facts ? h("span", { class: "quiet detail-line" }, visibleText(step.facts)) : null)),
  ];
}

const table = (label, columns, rows) =>
  h("table", { "aria-label": label },
    h("thead", {}, h("tr", {}, columns.map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((each) => h("td", {}, each))))));

function objects(found) {
  if (!found.length) return h("p", { class: "quiet" }, "Its event has expired, so the names of its objects are not known any more.");
  return table("Objects", ["Object", "Size", "Where"], found.map((each) => [
    each.what,
    each.bytes === null ? h("span", { class: "bad-text" }, "missing") : bytes(each.bytes),
    h("code", {}, `s3://${each.bucket}/${each.key}`),
  ]));
}

function missing(cells) {
  if (!cells.length) return null;
  return [
    h("h3", {}, "Images that failed"),
    table("Images that failed", ["Image", "Reason", "Identity"], cells.map((each) => [
      String(each.cell + 1),
      [h("b", {}, each.reason), `: ${FAILURE_REASONS[each.reason] ?? ""}`, each.detail ? h("span", { class: "quiet detail-line" }, visibleText(each.detail)) : null],
      h("code", {}, visibleText(each.identity)),
    ])),
  ];
}

function logs(timeline, searching) {
  if (searching) return h("p", { class: "hint", role: "status" }, "Searching the logs …");
  if (timeline.log_error) return h("p", { class: "notice" }, `No log lines: ${visibleText(timeline.log_error)}`);
  return null;
}

async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast("Copied.");
}

function queryOf(timeline) {
  return h("details", {},
    h("summary", {}, "Query for its log lines in Logs Insights"),
    h("p", { class: "quiet" }, `over ${timeline.log_groups.join(", ")}`),
    h("pre", {}, timeline.query),
    navigator.clipboard ? h("button", { type: "button", class: "small", onclick: () => copy(timeline.query) }, "Copy the query") : null);
}

function draw(parent, timeline, searching) {
  fill(parent,
    h("ol", { class: "timeline", "aria-label": "What happened, in order" }, timeline.steps.map(stepRow)),
    logs(timeline, searching),
    missing(timeline.empty_cells),
    h("h3", {}, "Objects"),
    objects(timeline.objects),
    queryOf(timeline));
}

/** Show a window's timeline in `parent`: at first without the log lines, which take seconds. */
export async function showTimeline(parent, windowId, isCurrent) {
  const path = `/api/windows/${encodeURIComponent(windowId)}/timeline`;
  fill(parent, h("p", { class: "hint loading" }, "Loading …"));
  try {
    const short = await get(path);
    if (!isCurrent()) return;
    draw(parent, short, true);
    const whole = await get(`${path}?logs=true`);
    if (isCurrent()) draw(parent, whole, false);
  } catch (error) {
    if (isCurrent()) fill(parent, h("p", { class: "notice bad" }, error.message));
  }
}
