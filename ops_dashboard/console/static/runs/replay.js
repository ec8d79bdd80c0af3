// Start a replay, after its windows were counted, and show the progress of all runs.
import { get, poll, post } from "./api.js";
import { makeViewer } from "./collage.js";
import { $, emptyState, updateList, toast } from "./dom.js";
import "./dead_count.js";
import { int, plural } from "./format.js";
import { isOpen, runRate } from "./rates.js";
import { runRow } from "./run_row.js";
import { fieldTime, fieldValue, zoneName } from "./times.js";

const POLL_MS = 5000;
const SECOND = 19; // characters of a field's value up to its second
const hoursAgo = (hours) => fieldValue(Date.now() / 1000 - hours * 3600, SECOND);
const utc = (value) => (value ? new Date(1000 * fieldTime(value)).toISOString().slice(0, SECOND) : null);
const what = () => document.querySelector('input[name="what"]:checked').value;
const viewer = makeViewer();
let counted = null; // the request whose windows were counted, which Start sends

function choose() {
  $("creators-part").hidden = what() !== "creators";
  $("from").required = what() === "range";
  forget();
}

/** Take back the question; what it was about has changed. */
function forget() {
  counted = null;
  $("confirm").hidden = true;
  $("count").hidden = false;
}

$("zone").textContent = zoneName();
$("from").value = hoursAgo(24);
document.querySelectorAll('input[name="what"]').forEach((each) => each.addEventListener("change", choose));
$("replay").addEventListener("input", forget);
$("quick").addEventListener("click", (event) => {
  const hours = Number(event.target.dataset.hours);
  if (!hours) return;
  $("from").value = hoursAgo(hours);
  $("to").value = "";
  forget();
});

const requested = new URLSearchParams(location.search).getAll("creator");
if (requested.length) {
  document.querySelector('input[value="creators"]').checked = true;
  $("names").value = requested.join("\n");
  $("from").value = "";
}
choose();

function request() {
  const wanted = { from: utc($("from").value), to: utc($("to").value) };
  if (what() !== "creators") return wanted;
  wanted.creators = $("names").value.split("\n").map((each) => each.replace(/\r$/, "")).filter((each) => each.trim());
  if (!wanted.creators.length) throw new Error("name at least one creator");
  return wanted;
}

/** Do `work` while `button` cannot be pressed again; its problem is shown. */
async function attempt(button, work) {
  button.disabled = true;
  $("problem").hidden = true;
  try {
    await work();
  } catch (error) {
    $("problem").textContent = error.message;
    $("problem").hidden = false;
  }
  button.disabled = false;
}

$("replay").addEventListener("submit", (event) => {
  event.preventDefault();
  if (counted) return;
  attempt($("count"), async () => {
    const wanted = request();
    const { windows, more, about } = await post("/api/replays/count", wanted);
    counted = wanted;
    $("question").textContent = more
      ? `At least ${plural(windows, "window")} will be built again: counting stopped there. (${about})`
      : windows ? `${plural(windows, "window")} will be built again. (${about})` : `No window of this stack's table is in the choice. (${about})`;
    $("start").textContent = more ? `Build more than ${int(windows)} again` : `Build ${plural(windows, "window")} again`;
    $("start").hidden = !windows;
    $("confirm").hidden = false;
    $("count").hidden = true;
    (windows ? $("start") : $("back")).focus();
  });
});
$("back").addEventListener("click", () => {
  forget();
  $("count").focus();
});
$("start").addEventListener("click", () => attempt($("start"), async () => {
  const run = await post("/api/replays", counted);
  toast(`${run.name} has started.`);
  forget();
  await runs.now();
}));

const runs = poll(async () => {
  const found = await get("/api/replays");
  const all = found.map((run) => ({ ...run, rate: runRate(run) })); // so that a row is drawn anew once nothing moves
  if (all.length) updateList($("runs"), all, (run) => run.name, (run) => runRow(run, viewer.open, () => runs.now()));
  else $("runs").replaceChildren(emptyState("No replays yet", "Replays and retries of the last 30 days are shown here, whoever started them."));
  const open = all.filter(isOpen).length;
  document.title = open ? `${int(open)} running · Replay` : "Replay · Coverstream";
}, POLL_MS);
