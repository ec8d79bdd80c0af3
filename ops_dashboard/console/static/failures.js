// Dead letters; windows with failures and refused rows: found by filters, chosen, acted on.
import { get, isRefusal, poll, query } from "./api.js";
import { makeViewer } from "./collage.js";
import { suggestCreators } from "./creator_names.js";
import { showDeadLetters } from "./dead_letters.js";
import { $, emptyState, fill, h, toast } from "./dom.js";
import { act } from "./failure_actions.js";
import { REASONS, failureId, failureTable, isWindow, reasonLabel, reasonText } from "./failure_rows.js";
import { bindFilters, withMoments } from "./filters.js";
import { int, plural } from "./format.js";

const NEW_MS = 15000;
const form = $("filters");
const chosen = new Set();
let shown = [];
let next = null;
let requested = 0;
let newest = null;
let matching = { total: 0, complete: true };

form.elements.reason.append(...REASONS.map((reason) => new Option(reasonLabel(reason), reason)));
const viewer = makeViewer(() => shown.flatMap(({ window }) => (window ? [window.window_id] : [])));
const filters = bindFilters(form, () => {
  chosen.clear();
  reload();
});
suggestCreators(form.elements.creator, $("creator-names"));
showDeadLetters(viewer.open);

const address = (what, others = {}) => `/api/failures${what}${query({ ...withMoments(filters.values()), ...others })}`;
const isChosen = (id) => chosen.has(id);
const own = {
  open: viewer.open,
  isChosen,
  choose: (id, isOn) => own.chooseAll([id], isOn),
  chooseAll(ids, isOn) {
    ids.forEach((id) => (isOn ? chosen.add(id) : chosen.delete(id)));
    drawSelection();
  },
  filter: (some) => filters.set(some),
};

/** What is chosen, in words: "3 windows and 1 refused row". */
function chosenText() {
  const windows = [...chosen].filter(isWindow).length;
  const rows = chosen.size - windows;
  return [windows && plural(windows, "window"), rows && plural(rows, "refused row")].filter(Boolean).join(" and ");
}

function drawSelection() {
  $("selection").hidden = chosen.size === 0;
  $("selected").textContent = `${chosenText()} selected`;
  const hasWindows = [...chosen].some(isWindow);
  for (const what of ["retry", "rebuild"]) $(what).hidden = !hasWindows;
  const isDiscarded = Boolean(filters.values().discarded);
  $("discard").textContent = isDiscarded ? "List again" : "Discard";
  $("select-all").hidden = chosen.size >= matching.total;
  $("select-all").textContent = `Select all ${int(matching.total)}${matching.complete ? "" : "+"} that match`;
  for (const box of document.querySelectorAll("#failures tbody input[type=checkbox]")) box.checked = isChosen(box.closest("tr").dataset.failure);
  const boxes = [...document.querySelectorAll("#failures tbody input[type=checkbox]")];
  const head = document.querySelector("#failures thead input");
  if (head) head.checked = boxes.length > 0 && boxes.every((box) => box.checked);
}

function draw() {
  const isFiltered = Object.keys(filters.values()).length > 0;
  fill($("failures"), shown.length ? failureTable(shown, own)
    : next ? emptyState("Nothing found yet", "More searches on.")
      : isFiltered ? emptyState("No failure matches", "Change the filters, or clear them.")
        : emptyState("No failures", "No window has failures, and no row was refused."));
  $("more").hidden = !next;
  $("csv").href = address("/csv");
  drawSelection();
}

/** A line of totals: a button for each reason, which filters by it. */
function totalLine(title, totals, what) {
  if (!totals.total) return null;
  return h("p", { class: "total-line" }, h("button", { type: "button", class: "link", onclick: () => filters.set({ what }) }, h("b", {}, `${int(totals.total)}${totals.complete ? "" : "+"} ${title}${totals.total === 1 ? "" : "s"}`)),
    Object.entries(totals.by_reason).map(([reason, count]) =>
      h("button", { type: "button", class: "small chip", title: reasonText(reason, what === "rows"), "aria-pressed": String(filters.values().reason === reason), onclick: () => filters.set({ what, reason: filters.values().reason === reason ? "" : reason }) },
        reasonLabel(reason), " ", h("b", {}, int(count)))));
}

async function loadTotals(now) {
  const totals = await get(address("/totals"));
  if (now !== requested) return;
  const { windows, rows } = totals;
  matching = { total: windows.total + rows.total, complete: windows.complete && rows.complete };
  fill($("totals"), totalLine("window", totals.windows, "windows"), totalLine("refused row", totals.rows, "rows"));
  $("shown").textContent = "failed: no image could be downloaded · partial: some cells are empty";
  drawSelection();
}

/** Show the newest failures, or those after the ones that are shown. */
async function load(after = null) {
  const now = (requested += 1);
  $("failures").setAttribute("aria-busy", "true");
  const started = new Date().toISOString();
  if (!after) loadTotals(now).catch((error) => console.info(error.message)); // the list shows the problem
  const page = await get(address("", { after })).finally(() => now === requested && $("failures").removeAttribute("aria-busy"));
  if (now !== requested) return; // the filters have changed meanwhile
  shown = after ? [...shown, ...page.failures] : page.failures;
  next = page.next ?? null;
  if (!after) newest = started;
  $("new").hidden = true;
  draw();
}

/** Show the newest anew; if that fails, the poll shows the error and goes on asking. */
function reload() {
  newest = null;
  return load().catch(() => refreshing.now());
}

/** Count what is new, so that the list does not move while read. */
async function lookForNewer() {
  const known = new Set(shown.map(failureId));
  const { failures } = await get(address("", { newer: newest }));
  const added = failures.filter((each) => !known.has(failureId(each))).length;
  $("new").hidden = added === 0;
  $("show-new").textContent = `Show ${plural(added, "new failure")}`;
}

async function perform(what) {
  const isDiscarded = Boolean(filters.values().discarded);
  const buttons = ["retry", "rebuild", "discard"].map($);
  buttons.forEach((button) => (button.disabled = true));
  try {
    if (await act(what === "discard" && isDiscarded ? "restore" : what, [...chosen])) {
      chosen.clear();
      await reload();
    }
  } catch (error) {
    toast(error.message, "bad");
  }
  buttons.forEach((button) => (button.disabled = false));
}

for (const what of ["retry", "rebuild", "discard"]) $(what).addEventListener("click", () => perform(what));
$("select-none").addEventListener("click", () => {
  chosen.clear();
  drawSelection();
});
$("select-all").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const { ids, rows, complete } = await get(address("/ids"));
    own.chooseAll([...ids, ...rows], true);
    if (!complete) toast(`The newest ${chosenText()} are selected; there are more.`);
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
});
$("more").addEventListener("click", () => load(next).catch((error) => toast(error.message, "bad")));
$("show-new").addEventListener("click", () => reload());
const refreshing = poll(async () => {
  try {
    await (newest ? lookForNewer() : load());
  } catch (error) {
    if (!isRefusal(error)) throw error;
    fill($("failures"), h("p", { class: "notice bad" }, error.message)); // a filter of the address
  }
}, NEW_MS, $("failures").closest("section"));
