// Dead letters and their way back, windows with failures, refused rows.
import { get, live, post, query } from "./api.js";
import { makeViewer } from "./collage.js";
import { $, empty, fill, h, name, pill, toast } from "./dom.js";
import { deadCount, onDeadCount } from "./shell.js";
import { REASONS, REFUSALS, ago, int, moment, plural, windowNumber } from "./words.js";

const KINDS = {
  collage: "a window whose message failed three times",
  "window-rule": "an event that never reached the queue",
  sweeper: "an invocation of the sweeper",
  stream: "records that Lambda gave up folding",
  record: "a record that could not be read",
};
const viewer = makeViewer();
let letters = [];

function letterRow(letter) {
  return h("tr", { data: { letter: letter.id } },
    h("td", {}, h("span", { class: "pill", title: KINDS[letter.kind] }, letter.kind)),
    h("td", { class: "nowrap", title: moment(letter.when) }, ago(letter.when)),
    h("td", {}, letter.window_id
      ? h("button", { type: "button", class: "link", onclick: () => viewer.open(letter.window_id) }, letter.window_id)
      : h("code", {}, letter.batch_id ?? letter.id), letter.rows ? h("span", { class: "quiet" }, ` ${plural(letter.rows, "record")}`) : null),
    h("td", { class: "why" }, letter.why),
    h("td", { class: "end" }, h("button", { type: "button", class: "small", onclick: (event) => redrive({ ids: [letter.id] }, event.currentTarget) }, "Redrive")));
}

function drawLetters() {
  $("letters-hint").textContent = letters.length ? plural(letters.length, "letter") : "";
  $("redrive-all").hidden = letters.length < 2;
  fill($("letters"), letters.length
    ? h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "letters-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Kind", "When", "Window or object", "Why"].map((each) => h("th", { scope: "col" }, each)), h("th", { scope: "col" }, h("span", { class: "sr" }, "Action")))),
        h("tbody", {}, letters.map(letterRow))))
    : empty("No dead letters", "Everything that was accepted was done, or is under way."));
}

async function look() {
  letters = await get("/api/failures/letters");
  drawLetters();
}

async function redrive(order, button) {
  button.disabled = true;
  button.textContent = "Sending …";
  try {
    const done = await post("/api/failures/redrive", order);
    if (done.sent.length) toast(`${plural(done.sent.length, "letter")} sent on${done.batches.length ? ` as batch ${done.batches.join(", ")}` : ""}.`);
    done.unreadable.forEach((line) => toast(`Still unreadable: ${line}`, "bad"));
    if (!done.sent.length && !done.unreadable.length) toast("It is gone already.", "bad");
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
  button.textContent = order.all ? "Redrive all" : "Redrive";
  await look();
  deadCount.now();
}

$("redrive-all").addEventListener("click", (event) => redrive({ all: true }, event.currentTarget));
$("look").addEventListener("click", () => look().catch((error) => toast(error.message, "bad")));
onDeadCount(() => look());

const reasonList = (failures, words) =>
  h("span", { class: "reasons" }, Object.entries(failures).sort((one, other) => other[1] - one[1]).map(([reason, count]) =>
    h("span", { class: "reason", title: words[reason] ?? reason }, reason, " ", h("b", {}, int(count)))));

async function lookAtWindows() {
  const pages = await Promise.all(["failed", "partial"].map((status) => get(`/api/windows${query({ status })}`)));
  const windows = pages.flatMap((page) => page.windows).slice(0, 60);
  $("retry").hidden = windows.length === 0;
  if (lookAtWindows.drawn === JSON.stringify(windows)) return;
  lookAtWindows.drawn = JSON.stringify(windows);
  fill($("windows"), windows.length
    ? h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-labelledby": "windows-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Window", "Status", "Images", "Reasons", "Closed"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, windows.map((window) => h("tr", {},
          h("td", {}, h("button", { type: "button", class: "link", onclick: () => viewer.open(window.window_id) }, name(window.creator), ` #${windowNumber(window.window_id)}`)),
          h("td", {}, pill(window.status)),
          h("td", { class: "nowrap" }, `${int(window.images_ok)} of ${int(window.image_count)}`),
          h("td", {}, window.error ? h("span", { class: "why" }, window.error) : reasonList(window.failures, REASONS)),
          h("td", { class: "nowrap", title: moment(window.closed_at) }, ago(window.closed_at)))))))
    : empty("No window has failures"));
}

$("retry").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const run = await post("/api/replays", { retry: true });
    toast(`${run.name}: ${plural(run.windows, "window")} sent to be built again; Replay shows how far they are.`);
  } catch (error) {
    toast(error.message === "there is nothing to build again" ? "Nothing failed for a reason that may pass." : error.message, "bad");
  }
  button.disabled = false;
});

let refused = { rows: [], next: null };

function drawRefused(batch) {
  $("refused-more").hidden = !refused.next;
  fill($("refused"), !batch ? empty("No row was refused")
    : h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-labelledby": "refused-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Reason", "Creator", "Cover column", "Created at"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, refused.rows.map((row) => h("tr", {},
          h("td", {}, h("span", { class: "pill refused", title: REFUSALS[row.reason] }, row.reason)),
          h("td", {}, row.creator ? name(row.creator.slice(0, 140)) : h("span", { class: "quiet" }, "none")),
          h("td", { class: "cover" }, row.cover ? h("code", {}, name(row.cover.slice(0, 300))) : h("span", { class: "quiet" }, "empty")),
          h("td", { class: "nowrap" }, row.created_at)))))));
}

async function loadRefused(more = false) {
  const batch = $("refused-batch").value;
  if (!batch) return drawRefused(null);
  const page = await get(`/api/refused/${encodeURIComponent(batch)}${query({ after: more ? refused.next : null })}`);
  refused = { rows: more ? [...refused.rows, ...page.rows] : page.rows, next: page.next ?? null };
  return drawRefused(batch);
}

async function lookAtRefused() {
  const { batches } = await get("/api/refused");
  const known = [...$("refused-batch").options].map((option) => option.value);
  if (known.length && JSON.stringify(known) === JSON.stringify(batches)) return;
  const asked = $("refused-batch").value || new URLSearchParams(location.search).get("batch");
  fill($("refused-batch"), batches.map((batch) => h("option", { value: batch, selected: batch === asked }, batch)));
  $("refused-batch").closest("label").hidden = batches.length === 0;
  await loadRefused();
}

$("refused-batch").addEventListener("change", () => loadRefused().catch((error) => toast(error.message, "bad")));
$("refused-more").addEventListener("click", () => loadRefused(true).catch((error) => toast(error.message, "bad")));

look().catch((error) => fill($("letters"), h("p", { class: "notice bad" }, error.message)));
live(lookAtWindows, 10000);
live(lookAtRefused, 10000);
