// The overview: raised alarms, the batches, and the stack's CloudWatch dashboard with its data.
import { fineText, onAlarms } from "./alarm_states.js";
import { get, poll, query } from "./api.js";
import { batchRow } from "./batches.js";
import { onRange, rangeQuery } from "./chart_range.js";
import { draw } from "./dashboard.js";
import "./dead_count.js";
import { $, emptyState, h, updateList } from "./dom.js";
import { timeAgo } from "./times.js";

const NEWEST = 10;

function alarmRow(alarm) {
  return h("li", { class: alarm.state }, h("a", { href: `/alarms#${alarm.name}` }, h("span", { class: "alarm-dot", "aria-hidden": "true" }), alarm.name),
    alarm.since ? h("span", {}, " raised ", timeAgo(alarm.since)) : null);
}

onAlarms((alarms) => {
  const raised = alarms.filter((alarm) => alarm.state === "ALARM");
  $("alarms").hidden = raised.length === 0;
  updateList($("alarms"), raised, (alarm) => alarm.name, alarmRow);
  $("fine").textContent = fineText(alarms);
});

poll(async () => {
  const { batches } = await get("/api/batches");
  $("batches-more").hidden = batches.length <= NEWEST;
  if (batches.length) updateList($("batches"), batches.slice(0, NEWEST), (row) => row.progress.batch_id, batchRow);
  else $("batches").replaceChildren(emptyState("No batches yet", "Push rows with stream-ingest, or upload a CSV file."));
}, 4000, $("batches-panel"));

let shown = { path: "", isRunning: true };
const metrics = poll(async () => {
  const path = `/api/dashboard${query(rangeQuery())}`;
  if (path === shown.path && !shown.isRunning) return; // nothing can be added to it
  const now = await get(path);
  if (path !== `/api/dashboard${query(rangeQuery())}`) return; // another range was chosen meanwhile
  shown = { path, isRunning: now.is_running };
  draw(now);
}, 15000, $("metrics"));
onRange(() => metrics.now());
