// Collages, newest first. New ones are announced by a button, so the list does not move while read.
import { get, isRefusal, poll, post, query } from "./api.js";
import { makeViewer, tile } from "./collage.js";
import { suggestCreators } from "./creator_names.js";
import { $, emptyState, h, toast, updateList } from "./dom.js";
import { shadeEmptyCells } from "./empty_cells.js";
import "./dead_count.js";
import { bindFilters, withMoments } from "./filters.js";
import { FAILURE_REASONS, plural } from "./format.js";

const ENDED = new Set(["completed", "partial", "failed"]);
const MAX_CHECKED = 48;
let shown = [];
let next = null;
let requested = 0;

const form = $("filters");
form.elements.reason.append(...Object.keys(FAILURE_REASONS).map((reason) => new Option(reason, reason)));
const viewer = makeViewer(() => shown.map((window) => window.window_id));
const filters = bindFilters(form, () => {
  shown = [];
  requested += 1; // what is still being loaded is of the filters before
  $("tiles").setAttribute("aria-busy", "true");
  refreshPoll.now();
});
suggestCreators(form.elements.creator, $("creator-names"));

const list = (others = {}) => get(`/api/windows${query({ ...withMoments(filters.values()), ...others })}`);

function draw() {
  updateList($("tiles"), shown, (window) => window.window_id, (window) => tile(window, viewer.open));
  if (!shown.length) {
    $("tiles").replaceChildren(h("li", { class: "wide" }, next
      ? emptyState("Nothing found yet", "Older searches on.")
      : emptyState("No collages found", "Push rows, upload a CSV file, or change the filter.")));
  }
  $("shown").textContent = shown.length ? `${plural(shown.length, "window")}${next ? ", more below" : ""}` : "";
  $("more").hidden = !next;
  shadeEmptyCells($("tiles"), shown);
}

/** Show the newest windows, or those after the ones that are shown. */
async function load(after = null) {
  const own = (requested += 1);
  const page = await list({ after });
  if (own !== requested) return null; // the filters have changed meanwhile
  $("tiles").removeAttribute("aria-busy");
  shown = after ? [...shown, ...page.windows] : page.windows;
  next = page.next ?? null;
  $("new").hidden = true;
  draw();
  return page.windows[0]?.window_id;
}

/** Look at what has not ended, and at what has closed since; neither costs more in a large batch. */
async function refresh() {
  if (!shown.length) return load();
  const open = shown.filter((window) => !ENDED.has(window.status)).slice(0, MAX_CHECKED);
  const before = requested;
  const [states, newer] = await Promise.all([
    open.length ? post("/api/windows/states", { ids: open.map((window) => window.window_id) }) : { windows: [] },
    list({ newer: shown[0].closed_at }),
  ]);
  if (before !== requested) return undefined;
  const current = new Map([...states.windows, ...newer.windows].map((window) => [window.window_id, window]));
  const known = new Set(shown.map((window) => window.window_id));
  const added = newer.windows.filter((window) => !known.has(window.window_id));
  shown = shown.map((window) => current.get(window.window_id) ?? window);
  draw();
  if (added.length && window.scrollY < 40 && !document.querySelector("dialog[open]")) return load();
  $("new").hidden = added.length === 0;
  $("show-new").textContent = `Show ${added.length < MAX_CHECKED ? plural(added.length, "new window") : "new windows"}`;
  return undefined;
}

$("more").addEventListener("click", async () => {
  $("more").disabled = true;
  try {
    const first = await load(next);
    if (first) document.querySelector(`[data-window="${CSS.escape(first)}"]`)?.focus();
  } catch (error) {
    toast(error.message, "bad");
  }
  $("more").disabled = false;
});
$("show-new").addEventListener("click", () => load().catch((error) => toast(error.message, "bad")));
const refreshPoll = poll(async () => {
  try {
    await refresh();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    $("tiles").removeAttribute("aria-busy");
    $("tiles").replaceChildren(h("li", { class: "wide notice bad" }, error.message)); // a filter of the address
  }
}, 15000);
