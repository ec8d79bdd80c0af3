// Collages, newest first. New ones are announced by a button, so the list does not move while read.
import { get, poll, query } from "./api.js";
import { makeViewer, tile } from "./collage.js";
import { $, emptyState, h, updateList } from "./dom.js";
import "./dead_count.js";
import { plural } from "./format.js";

const FIELDS = ["status", "creator", "batch"];
let shown = [];
let next = null;

const viewer = makeViewer(() => shown.map((window) => window.window_id));
const start = new URLSearchParams(location.search);
for (const field of FIELDS) $(field).value = start.get(field) ?? "";

const filters = () => Object.fromEntries(FIELDS.map((field) => [field, $(field).value.trim()]));

function draw() {
  updateList($("tiles"), shown, (window) => window.window_id, (window) => tile(window, viewer.open));
  if (!shown.length) {
    $("tiles").replaceChildren(h("li", { class: "wide" }, emptyState("No collages found", "Push rows, upload a CSV file, or change the filter.")));
  }
  $("shown").textContent = shown.length ? `${plural(shown.length, "window")}${next ? ", more below" : ""}` : "";
  $("more").hidden = !next;
}

async function load() {
  const page = await get(`/api/windows${query(filters())}`);
  shown = page.windows;
  next = page.next ?? null;
  $("new").hidden = true;
  draw();
}

async function refresh() {
  if (!shown.length) return load();
  const page = await get(`/api/windows${query(filters())}`);
  const current = new Map(page.windows.map((window) => [window.window_id, window]));
  const known = new Set(shown.map((window) => window.window_id));
  const added = page.windows.filter((window) => !known.has(window.window_id));
  shown = shown.map((window) => current.get(window.window_id) ?? window);
  draw();
  if (added.length && window.scrollY < 40 && !document.querySelector("dialog[open]")) return load();
  $("new").hidden = added.length === 0;
  $("show-new").textContent = `Show ${plural(added.length, "new window")}`;
  return undefined;
}

$("more").addEventListener("click", async () => {
  const page = await get(`/api/windows${query({ ...filters(), after: next })}`);
  const first = page.windows[0]?.window_id;
  shown = [...shown, ...page.windows];
  next = page.next ?? null;
  draw();
  if (first) document.querySelector(`[data-window="${CSS.escape(first)}"]`)?.focus();
});
$("show-new").addEventListener("click", load);
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `/gallery${query(filters())}`);
  shown = [];
  refreshPoll.now();
});
$("status").addEventListener("change", () => $("filters").requestSubmit());
const refreshPoll = poll(refresh, 5000);
