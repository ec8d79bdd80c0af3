// Dead letters and their redrive, windows with failures, refused rows.
import { get, poll, post, query } from "./api.js";
import { makeViewer } from "./collage.js";
import { $, emptyState, fill, h, nameElement, pill, toast, visibleText } from "./dom.js";
import { deadCount, onDeadCount } from "./dead_count.js";
import { FAILURE_REASONS, REFUSAL_REASONS, ago, int, moment, plural, windowNumber } from "./format.js";

const KINDS = {
  collage: "a window that failed three times",
  "window-rule": "an event that was not delivered to the queue",
  sweeper: "a failed invocation of the sweeper",
  intake: "a file or request that could not be read",
  prefetch: "covers that could not be prefetched",
  notification: "a notification that was not delivered",
  stream: "records that Lambda stopped retrying",
  record: "a record that could not be decoded",
};
const viewer = makeViewer();
let letters = [];
let remaining = {};

function letterRow(letter) {
  return h("tr", { data: { letter: letter.id } },
    h("td", {}, h("span", { class: "pill", title: KINDS[letter.kind] }, letter.kind)),
    h("td", { class: "nowrap", title: moment(letter.when) }, ago(letter.when)),
    h("td", {}, letter.window_id
      ? h("button", { type: "button", class: "link", onclick: () => viewer.open(letter.window_id) }, letter.window_id)
      : visibleText(letter.about)),
    h("td", { class: "why" }, visibleText(letter.why),
      h("details", {}, h("summary", {}, "Body"), h("pre", {}, readable(letter.body).split("\n").map(visibleText).join("\n")),
        h("p", { class: "quiet" }, `${letter.ref} · ${letter.id} · ${letter.tries == null ? "attempts not counted" : plural(letter.tries, "attempt")}`))),
    h("td", { class: "end nowrap" },
      h("button", { type: "button", class: "small", onclick: (event) => redrive({ ids: [letter.id] }, event.currentTarget) }, "Redrive"), " ",
      h("button", { type: "button", class: "small", onclick: (event) => drop(letter, event.currentTarget) }, "Drop")));
}

function readable(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

const hint = () => [
  letters.length ? plural(letters.length, "dead letter") : "",
  ...Object.entries(remaining).map(([kind, count]) => `about ${int(count)} more of ${kind}`),
].filter(Boolean).join(" · ");

function drawLetters() {
  $("letters-hint").textContent = hint();
  $("redrive-all").hidden = letters.length < 2;
  fill($("letters"), letters.length
    ? h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "letters-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Kind", "When", "About", "Why"].map((each) => h("th", { scope: "col" }, each)), h("th", { scope: "col" }, h("span", { class: "sr" }, "Action")))),
        h("tbody", {}, letters.map(letterRow))))
    : emptyState("No dead letters", "Everything that was accepted is done or in progress."));
}

/** Take letters off the page that are gone; listing the queues again takes seconds. */
function removeLetters(ids) {
  letters = letters.filter((letter) => !ids.includes(letter.id));
  drawLetters();
}

async function loadLetters() {
  ({ letters, remaining } = await get("/api/failures/letters"));
  drawLetters();
}

async function redrive(request, button) {
  button.disabled = true;
  button.textContent = "Sending …";
  try {
    const done = await post("/api/failures/redrive", request);
    if (done.sent.length) toast(`${plural(done.sent.length, "dead letter")} redriven${done.batches.length ? ` as batch ${done.batches.join(", ")}` : ""}.`);
    removeLetters(done.sent.map((letter) => letter.id));
    done.unreadable.forEach((line) => toast(`Cannot be sent again: ${line}`, "bad"));
    if (!done.sent.length && !done.unreadable.length) toast("It is no longer in the queue.", "bad");
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
  button.textContent = request.all ? "Redrive all" : "Redrive";
  await loadLetters();
  deadCount.now();
}

async function drop(letter, button) {
  if (!window.confirm(`Drop this dead letter for good? (${letter.kind}: ${letter.about})\nA copy is stored in the output bucket.`)) return;
  button.disabled = true;
  button.textContent = "Dropping …";
  try {
    const [done] = await post("/api/failures/drop", { ids: [letter.id] });
    if (done) toast(`Dropped; its copy is ${done.copy}.${done.abandoned ? ` Batch ${done.abandoned} ends with the rows that were sent.` : ""}`);
    else toast("It is no longer in the queue.", "bad");
    removeLetters([letter.id]);
  } catch (error) {
    toast(error.message, "bad");
  }
  await loadLetters();
  deadCount.now();
}

$("redrive-all").addEventListener("click", (event) => redrive({ all: true }, event.currentTarget));
$("refresh").addEventListener("click", () => loadLetters().catch((error) => toast(error.message, "bad")));
onDeadCount(() => loadLetters());

const reasonList = (failures, texts) =>
  h("span", { class: "reasons" }, Object.entries(failures).sort((one, other) => other[1] - one[1]).map(([reason, count]) =>
    h("span", { class: "reason", title: texts[reason] ?? reason }, reason, " ", h("b", {}, int(count)))));

async function loadWindows() {
  const pages = await Promise.all(["failed", "partial"].map((status) => get(`/api/windows${query({ status })}`)));
  const windows = pages.flatMap((page) => page.windows).slice(0, 60);
  $("retry").hidden = windows.length === 0;
  if (loadWindows.drawn === JSON.stringify(windows)) return;
  loadWindows.drawn = JSON.stringify(windows);
  fill($("windows"), windows.length
    ? h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-labelledby": "windows-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Window", "Status", "Images", "Reasons", "Closed"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, windows.map((window) => h("tr", {},
          h("td", {}, h("button", { type: "button", class: "link", onclick: () => viewer.open(window.window_id) }, nameElement(window.display_name || window.creator), ` #${windowNumber(window.window_id)}`)),
          h("td", {}, pill(window.status)),
          h("td", { class: "nowrap" }, `${int(window.images_ok)} of ${int(window.image_count)}`),
          h("td", {}, window.error ? h("span", { class: "why" }, window.error) : reasonList(window.failures, FAILURE_REASONS)),
          h("td", { class: "nowrap", title: moment(window.closed_at) }, ago(window.closed_at)))))))
    : emptyState("No window has failures"));
}

$("retry").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const run = await post("/api/replays", { retry: true });
    toast(`${run.name}: ${plural(run.windows, "window")} will be rebuilt; the Replay page shows the progress.`);
  } catch (error) {
    toast(error.message === "there is nothing to rebuild" ? "No window failed for a temporary reason." : error.message, "bad");
  }
  button.disabled = false;
});

let refused = { rows: [], next: null };

function drawRefused(batch) {
  $("refused-more").hidden = !refused.next;
  fill($("refused"), !batch ? emptyState("No rows were refused")
    : h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-labelledby": "refused-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Reason", "What is wrong", "Creator", "Cover column", "Created at"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, refused.rows.map((row) => h("tr", {},
          h("td", {}, h("span", { class: "pill refused", title: REFUSAL_REASONS[row.reason] }, row.reason)),
          h("td", {}, visibleText(row.detail)),
          h("td", {}, row.creator ? nameElement(row.creator.slice(0, 140)) : h("span", { class: "quiet" }, "none")),
          h("td", { class: "cover" }, row.cover ? h("code", {}, nameElement(row.cover.slice(0, 300))) : h("span", { class: "quiet" }, "empty")),
          h("td", { class: "nowrap" }, row.created_at)))))));
}

async function loadRefusedRows(more = false) {
  const batch = $("refused-batch").value;
  if (!batch) return drawRefused(null);
  const page = await get(`/api/refused/${encodeURIComponent(batch)}${query({ after: more ? refused.next : null })}`);
  refused = { rows: more ? [...refused.rows, ...page.rows] : page.rows, next: page.next ?? null };
  return drawRefused(batch);
}

async function loadRefusedBatches() {
  const { batches } = await get("/api/refused");
  const known = [...$("refused-batch").options].map((option) => option.value);
  if (known.length && JSON.stringify(known) === JSON.stringify(batches)) return;
  const requested = $("refused-batch").value || new URLSearchParams(location.search).get("batch");
  fill($("refused-batch"), batches.map((batch) => h("option", { value: batch, selected: batch === requested }, batch)));
  $("refused-batch").closest("label").hidden = batches.length === 0;
  await loadRefusedRows();
}

$("refused-batch").addEventListener("change", () => loadRefusedRows().catch((error) => toast(error.message, "bad")));
$("refused-more").addEventListener("click", () => loadRefusedRows(true).catch((error) => toast(error.message, "bad")));

loadLetters().catch((error) => fill($("letters"), h("p", { class: "notice bad" }, error.message)));
poll(loadWindows, 10000);
poll(loadRefusedBatches, 10000);
