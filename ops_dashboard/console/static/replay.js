// Start a replay and show the progress of all runs.
import { get, poll, post } from "./api.js";
import { $, emptyState, h, updateList, toast } from "./dom.js";
import "./dead_count.js";
import { ago, int, moment, plural } from "./format.js";

const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
const utc = (value) => (value ? new Date(value).toISOString().slice(0, 19) : null);
const what = () => document.querySelector('input[name="what"]:checked').value;

function choose() {
  $("creators-part").hidden = what() !== "creators";
  $("from").required = what() === "range";
}

$("zone").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
$("from").value = local(new Date(Date.now() - 24 * 3600 * 1000));
document.querySelectorAll('input[name="what"]').forEach((each) => each.addEventListener("change", choose));
$("quick").addEventListener("click", (event) => {
  const hours = Number(event.target.dataset.hours);
  if (!hours) return;
  $("from").value = local(new Date(Date.now() - hours * 3600 * 1000));
  $("to").value = "";
});

const requested = new URLSearchParams(location.search).getAll("creator");
if (requested.length) {
  document.querySelector('input[value="creators"]').checked = true;
  $("names").value = requested.join("\n");
  $("from").value = "";
}
choose();

$("replay").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter ?? $("replay").querySelector("button.primary");
  const request = { from: utc($("from").value), to: utc($("to").value) };
  if (what() === "creators") request.creators = $("names").value.split("\n").map((each) => each.replace(/\r$/, "")).filter((each) => each.trim());
  button.disabled = true;
  $("problem").hidden = true;
  try {
    if (request.creators && !request.creators.length) throw new Error("name at least one creator");
    const run = await post("/api/replays", request);
    toast(`Replay of ${plural(run.windows, "window")} started.`);
    await runs.now();
  } catch (error) {
    $("problem").textContent = error.message;
    $("problem").hidden = false;
  }
  button.disabled = false;
});

function runRow(run) {
  const all = run.windows === run.done;
  const statuses = Object.entries(run.by_status).map(([status, count]) => `${int(count)} ${status}`).join(", ");
  return h("article", { class: "run", "aria-label": run.name, data: { done: String(all) } },
    h("div", { class: "run-head" }, h("b", {}, run.about), h("span", { class: `pill ${all ? "good" : "busy"}` }, all ? "done" : "running")),
    h("progress", { max: String(Math.max(run.windows, 1)), value: String(run.windows ? run.done : 1), "aria-label": run.name }),
    h("p", {}, h("b", {}, `${int(run.done)} of ${int(run.windows)}`), " windows rebuilt", statuses ? h("span", { class: "quiet" }, ` (${statuses})`) : null),
    run.gone ? h("p", { class: "quiet" }, `${plural(run.gone, "window")} whose event no longer exists`) : null,
    run.warning ? h("p", { class: "notice" }, run.warning) : null,
    h("p", { class: "quiet", title: moment(run.started_at) }, `${run.name} · ${ago(run.started_at)}`));
}

const runs = poll(async () => {
  const all = await get("/api/replays");
  if (all.length) updateList($("runs"), all, (run) => run.name, runRow);
  else $("runs").replaceChildren(emptyState("No replays yet", "The progress of the replays that you start is shown here."));
}, 1500);
