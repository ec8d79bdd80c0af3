// Collages, newest first; what is new is announced, not pushed in under the reader's hand.
import { get, live, query } from "./api.js";
import { makeViewer, tile } from "./collage.js";
import { $, empty, h, keyed } from "./dom.js";
import "./shell.js";
import { plural } from "./words.js";

const FIELDS = ["status", "creator", "batch"];
let shown = [];
let next = null;

const viewer = makeViewer(() => shown.map((window) => window.window_id));
const start = new URLSearchParams(location.search);
for (const field of FIELDS) $(field).value = start.get(field) ?? "";

const wanted = () => Object.fromEntries(FIELDS.map((field) => [field, $(field).value.trim()]));

function draw() {
  keyed($("tiles"), shown, (window) => window.window_id, (window) => tile(window, viewer.open));
  if (!shown.length) {
    $("tiles").replaceChildren(h("li", { class: "wide" }, empty("No collages here", "Push rows, upload a CSV, or choose another filter.")));
  }
  $("shown").textContent = shown.length ? `${plural(shown.length, "window")}${next ? ", more below" : ""}` : "";
  $("more").hidden = !next;
}

async function load() {
  const page = await get(`/api/windows${query(wanted())}`);
  shown = page.windows;
  next = page.next ?? null;
  $("new").hidden = true;
  draw();
}

async function look() {
  if (!shown.length) return load();
  const page = await get(`/api/windows${query(wanted())}`);
  const fresh = new Map(page.windows.map((window) => [window.window_id, window]));
  const known = new Set(shown.map((window) => window.window_id));
  const news = page.windows.filter((window) => !known.has(window.window_id));
  shown = shown.map((window) => fresh.get(window.window_id) ?? window);
  draw();
  if (news.length && window.scrollY < 40 && !document.querySelector("dialog[open]")) return load();
  $("new").hidden = news.length === 0;
  $("show-new").textContent = `Show ${plural(news.length, "new window")}`;
  return undefined;
}

$("more").addEventListener("click", async () => {
  const page = await get(`/api/windows${query({ ...wanted(), after: next })}`);
  const first = page.windows[0]?.window_id;
  shown = [...shown, ...page.windows];
  next = page.next ?? null;
  draw();
  if (first) document.querySelector(`[data-window="${CSS.escape(first)}"]`)?.focus();
});
$("show-new").addEventListener("click", load);
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `/gallery${query(wanted())}`);
  shown = [];
  looking.now();
});
$("status").addEventListener("change", () => $("filters").requestSubmit());
const looking = live(look, 5000);
