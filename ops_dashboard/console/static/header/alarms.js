// Every alarm with its meaning, its runbook and its chart; raised ones first, fine ones collapsed.
import { STATE_TEXT, fineText, onAlarms } from "./alarm_states.js";
import { get } from "./api.js";
import { makeChart } from "./chart.js";
import { $, fill, h } from "./dom.js";
import "./dead_count.js";
import { dayAndClock, timeAgo } from "./times.js";

const rows = new Map();

function stepText({ text, kind }) {
  if (kind === "code") return h("code", {}, text);
  return kind === "alarm" ? h("a", { href: `#${text}` }, text) : text;
}

async function loadSteps(name, box) {
  try {
    const { steps } = await get(`/api/alarms/${encodeURIComponent(name)}`);
    fill(box, h("dl", { class: "runbook" }, steps.map((step) => [h("dt", {}, step.label), h("dd", {}, step.spans.map(stepText))])));
  } catch (error) {
    fill(box, h("p", { class: "notice" }, error.message));
  }
}

async function loadChart(name, own) {
  try {
    const chart = await get(`/api/alarms/${encodeURIComponent(name)}/chart`);
    fill(own.caption, h("b", {}, chart.title || chart.lines[0].label), chart.unit ? h("span", { class: "quiet" }, ` · ${chart.unit}`) : null);
    own.chart.draw({ ...chart, of_alarm: true }); // with its threshold, however far it is
  } catch (error) {
    fill(own.caption, h("p", { class: "notice bad" }, `No chart: ${error.message}`));
  }
}

function makeRow(name) {
  const own = { pill: h("span", { class: "pill" }), since: h("span", { class: "quiet" }), meaning: h("p"), why: h("p", { class: "quiet" }), steps: h("div"), caption: h("p"), chart: makeChart() };
  own.box = h("details", { class: "alarm", id: name },
    h("summary", {}, h("b", {}, name), " ", own.pill, " ", own.since),
    own.meaning, own.why, own.steps, own.caption, own.chart.element);
  own.box.addEventListener("toggle", () => {
    if (!own.box.open) return;
    history.replaceState(null, "", `#${name}`);
    if (!own.steps.hasChildNodes()) loadSteps(name, own.steps);
    loadChart(name, own);
  });
  return own;
}

function showState(own, alarm) {
  own.box.dataset.state = alarm.state;
  own.pill.className = `pill ${alarm.state}`;
  own.pill.textContent = STATE_TEXT[alarm.state];
  fill(own.since, alarm.since && alarm.state !== "OK" ? [`since ${dayAndClock(new Date(alarm.since))}, `, timeAgo(alarm.since)] : null);
  own.meaning.textContent = alarm.meaning;
  own.why.textContent = alarm.why;
  if (own.box.open) loadChart(alarm.name, own);
}

/** Open the alarm that the address names. */
function openNamed() {
  const own = rows.get(decodeURIComponent(location.hash.slice(1)));
  if (!own) return;
  own.box.parentElement.closest("details")?.setAttribute("open", "");
  own.box.open = true;
  own.box.scrollIntoView({ block: "nearest" });
  own.box.querySelector("summary").focus({ preventScroll: true });
}

function place(parent, names) {
  const children = names.map((name) => rows.get(name).box);
  if (children.some((child, at) => parent.children[at] !== child) || parent.children.length !== children.length) parent.replaceChildren(...children);
}

onAlarms((alarms) => {
  const first = rows.size === 0;
  for (const alarm of alarms) {
    if (!rows.has(alarm.name)) rows.set(alarm.name, makeRow(alarm.name));
    showState(rows.get(alarm.name), alarm);
  }
  const raised = alarms.filter((alarm) => alarm.state === "ALARM");
  const fine = alarms.filter((alarm) => alarm.state !== "ALARM");
  $("alarms-loading").hidden = true;
  $("alarms-total").textContent = raised.length ? `${raised.length} of ${alarms.length} raised` : "none is raised";
  $("fine-total").textContent = fineText(alarms);
  $("fine-box").hidden = fine.length === 0;
  place($("raised"), raised.map((alarm) => alarm.name));
  place($("fine"), fine.map((alarm) => alarm.name));
  if (first) openNamed();
});

addEventListener("hashchange", openNamed);
