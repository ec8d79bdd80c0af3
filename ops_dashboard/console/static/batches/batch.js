// One batch: its outcome and progress, what failed, what it was, its first collages, its files.
import { get, poll, post, query } from "./api.js";
import { abandonButton, bar, batchFigures, outcomePill } from "./batches.js";
import { batchFacts } from "./batch_facts.js";
import { makeViewer, tile } from "./collage.js";
import { $, emptyState, fill, h, toast, updateList, visibleText } from "./dom.js";
import "./dead_count.js";
import { FAILURE_REASONS, REFUSAL_REASONS, duration, int, plural } from "./format.js";
import { isOpen, makeRate, runRate } from "./rates.js";
import { timeAgo } from "./times.js";

const id = decodeURIComponent(location.pathname.split("/")[2]);
const address = `/api/batches/${encodeURIComponent(id)}`;
const EVERY_MS = 5000;
const TILES_EVERY_MS = 20000;
const RETRY_BEGINS_WITHIN_MS = 120000; // until then, its windows may still be what they were
// Requested at once: nearly every batch has windows, and the figures of a large one take longer.
let firstWindows = get(`${address}/windows`).catch(() => null);
const AT_END = new Set(["ended", "abandoned", "rejected"]);
let windows = [];
let tilesFor = null;
let tilesAt = 0;
const rate = makeRate();
let run = null; // its retry that is under way
let isRunDue = false;
let isOver = false;
let followUntil = 0;

const viewer = makeViewer(() => windows.map((window) => window.window_id));

/** Images, or rows while they are sent, that are done and that there are in all. */
function work({ progress, outcome }) {
  if (outcome.kind === "sending") return { done: progress.rows_read, total: 0, unit: "rows" };
  return { done: progress.images_ok + progress.images_failed, total: progress.rows_accepted - progress.open_images, unit: "images" };
}

/** How fast the batch goes, and how long the rest takes; how long it has been running if nothing moves. */
function rateText(batch) {
  const { done, total, unit } = work(batch);
  return rate(done, total, unit) || `running for ${duration(Date.now() / 1000 - new Date(batch.started_at) / 1000)}`;
}

/** How far the windows of a batch that has ended are built again: as its retry says, if there is one. */
function againText({ progress }) {
  if (run) return [h("a", { href: "/replay" }, run.kind), `: ${int(run.done)} of ${plural(run.windows, "window")}`, run.rate ? ` · ${run.rate}` : null];
  const open = progress.windows_by_status.waiting;
  return open ? `${plural(open, "window")} being built` : "";
}

/** Read the batch's retry that is under way, at every other call. */
async function readRun() {
  isRunDue = !isRunDue;
  if (!isRunDue) return;
  const found = (await get("/api/replays")).find((each) => each.batch_id === id && isOpen(each));
  run = found ? { ...found, rate: runRate(found) } : null;
}

const isBuiltAgain = ({ progress }) => Date.now() < followUntil || (AT_END.has(progress.status) && !progress.ended);

function reasonRows(reasons, texts, kind, total) {
  return Object.entries(reasons).sort((one, other) => other[1] - one[1]).map(([reason, count]) =>
    h("tr", { data: { reason } },
      h("td", {}, h("a", { class: "reason-name", href: `/failures${query({ batch: id, reason })}` }, reason), h("div", { class: "quiet" }, texts[reason] ?? "")),
      h("td", { class: "share", "aria-hidden": "true" }, h("span", { class: kind, css: { width: `${(100 * count) / total}%` } })),
      h("td", { class: "number" }, int(count), h("span", { class: "quiet" }, kind === "refused" ? " refused" : " failed"))));
}

function drawReasons({ failures, unfinished, progress }) {
  const total = Math.max(...Object.values(failures), ...Object.values(progress.refused), 1);
  const rows = [
    ...reasonRows(failures, FAILURE_REASONS, "failed", total),
    ...reasonRows(progress.refused, REFUSAL_REASONS, "refused", total),
  ];
  const stuck = unfinished ? h("p", {}, h("a", { href: `/failures${query({ batch: id })}` }, plural(unfinished, "window")), " could not be built: no worker finished it.") : null;
  fill($("reasons"), stuck, rows.length
    ? h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Reason"), h("th", { scope: "col", class: "share" }, h("span", { class: "sr" }, "Share")), h("th", { scope: "col" }, h("span", { class: "sr" }, "Number")))), h("tbody", {}, rows))
    : stuck ? null : emptyState("Nothing failed, nothing was refused"));
}

async function retry(batch, button) {
  const wanted = { retry: true, batch: id };
  button.disabled = true;
  try {
    const { windows: count, more } = await post("/api/replays/count", wanted);
    const number = `${more ? "at least " : ""}${plural(count, "window")}`;
    if (!count) toast("No window failed for a reason that may have passed.", "bad");
    else if (confirm(`Build ${number} of batch ${id} again?\n\n${plural(batch.progress.images_failed, "image")} failed. Windows with reasons that may have passed are built again; a collage is replaced only if the new one has no fewer images.`)) {
      run = await post("/api/replays", wanted);
      toast(h("span", {}, `${number} will be built again: `, h("a", { href: "/replay" }, run.name)));
      isOver = false;
      followUntil = Date.now() + RETRY_BEGINS_WITHIN_MS;
      page.now();
    }
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
}

/** A file that the console makes; without "download", so that an error is a page that says why. */
function file(name, label, title) {
  return h("a", { class: "button small", href: `${address}/${name}`, title }, label);
}

function drawActions(batch) {
  const { progress, can_retry: canRetry } = batch;
  fill($("actions"),
    abandonButton(progress, () => page.now()),
    canRetry ? h("button", { type: "button", class: "small primary", id: "retry", onclick: (event) => retry(batch, event.currentTarget) }, "Retry failed …") : null,
    progress.windows ? file("report.csv", "Report CSV", "Each window, as it is now") : null,
    Object.keys(progress.refused).length ? file("refused.csv", "Refused rows CSV", "With what is wrong, to be corrected and uploaded again") : null,
    progress.collages ? file("collages.zip", "Collages as zip", plural(progress.collages, "collage")) : null);
}

async function drawTiles({ progress }) {
  const state = JSON.stringify(progress.windows_by_status);
  $("tiles-hint").textContent = `${int(progress.collages)} of ${plural(progress.windows, "window")}`;
  $("all").href = `/gallery${query({ batch: id })}`;
  $("all").hidden = !progress.windows;
  if (state === tilesFor || (!isOver && Date.now() - tilesAt < TILES_EVERY_MS)) return;
  tilesAt = Date.now();
  ({ windows } = (await firstWindows) ?? (await get(`${address}/windows`)));
  firstWindows = null;
  tilesFor = state;
  if (windows.length) updateList($("tiles"), windows, (window) => window.window_id, (window) => tile(window, viewer.open));
  else $("tiles").replaceChildren(h("li", { class: "wide" }, emptyState("No window has closed for this batch")));
}

function draw(batch) {
  const { progress, outcome } = batch;
  fill($("outcome"), outcomePill(outcome));
  fill($("about"), `${progress.trigger} · started `, timeAgo(batch.started_at));
  fill($("rate"), isBuiltAgain(batch) ? againText(batch) : progress.ended ? "" : rateText(batch));
  fill($("progress"), bar(progress), batchFigures(progress),
    batch.is_complete ? null : h("p", { class: "quiet" }, "Still adding up the windows of this batch …"),
    progress.rejected ? h("p", { class: "notice bad" }, visibleText(progress.rejected)) : null,
    progress.notes.map((note) => h("p", { class: "quiet" }, visibleText(note))));
  drawActions(batch);
  drawReasons(batch);
  fill($("facts"), batchFacts(batch));
  $("batch").hidden = false;
}

let drawn = "";
const page = poll(async () => {
  if (isOver) return;
  let batch;
  try {
    batch = await get(address);
  } catch (error) {
    if (error.status !== 404) throw error;
    isOver = true;
    $("problem").textContent = `There is no batch of this name in this stack. Batches are kept for 400 days.`;
    $("problem").hidden = false;
    return;
  }
  isOver = batch.progress.ended && batch.is_complete && Date.now() > followUntil;
  if (isBuiltAgain(batch)) await readRun();
  const signature = JSON.stringify(batch);
  if (signature !== drawn || !isOver) draw(batch);
  drawn = signature;
  await drawTiles(batch);
}, EVERY_MS);
