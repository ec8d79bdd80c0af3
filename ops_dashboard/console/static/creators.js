// Search creators by a part of their name; show one creator's open windows and history.
import { get, poll, query } from "./api.js";
import { makeViewer, tile } from "./collage.js";
import { $, emptyState, fill, h, updateList, nameElement, visibleText } from "./dom.js";
import "./dead_count.js";
import { int, moment, plural } from "./format.js";
import { timeAgo } from "./times.js";

let found = [];
let next = null;
let chosen = new URLSearchParams(location.search).get("name");
let closedWindows = [];
let searchTimer = 0;

const viewer = makeViewer(() => closedWindows.map((window) => window.window_id));

function drawList() {
  if (!found.length) {
    fill($("list"), emptyState($("q").value ? "No creator's name contains this" : "No creators yet", next ? "There may be more: press More." : null));
  } else {
    updateList($("list"), found.map((each) => ({ ...each, here: each.creator === chosen })), (each) => each.key, (each) =>
      h("a", { class: "row", href: `/creators${query({ name: each.creator })}`, "aria-current": each.here ? "true" : null, onclick: (event) => { event.preventDefault(); choose(each.creator); } },
        nameElement(each.display_name || each.creator),
        h("span", { class: "quiet" }, each.open_images ? `${int(each.open_images)} waiting` : "")));
  }
  $("more").hidden = !next;
}

async function search(more = false) {
  const prefix = $("q").value;
  const page = await get(`/api/creators${query({ prefix, after: more ? next : null })}`);
  if (prefix !== $("q").value) return;
  const keys = new Set(more ? found.map((each) => each.key) : []);
  found = more ? [...found, ...page.creators.filter((each) => !keys.has(each.key))] : page.creators;
  next = page.next ?? null;
  if (!chosen && found.length && matchMedia("(min-width: 60rem)").matches) chosen = found[0].creator;
  drawList();
  detailPoll.now();
}

function choose(creator) {
  chosen = creator;
  history.pushState(null, "", `/creators${query({ name: creator })}`);
  drawList();
  detailPoll.now().then(() => $("detail").scrollIntoView({ block: "nearest" }));
}

/** When an open window closes: at the next round of the sweeper if its time has passed. */
function closing({ closes_at: at, closes_because: why }) {
  if (why === "batch-end") return "when its batch ends";
  if (!at) return "when it is full";
  return [new Date(at) > Date.now() ? timeAgo(at) : "within a minute", ` (${why})`];
}

function openWindow(view) {
  const { layout } = view.settings;
  return h("div", { class: "open-window" },
    h("div", { class: "fill", role: "progressbar", "aria-label": "Open window", "aria-valuemin": "0", "aria-valuemax": String(view.size), "aria-valuenow": String(view.images) },
      Array.from({ length: Math.min(view.size, 70) }, (_, at) => h("span", { class: at < view.images ? "full" : "" }))),
    h("p", {}, h("b", {}, `${view.images} of ${view.size}`), ` images, ${layout.cols}×${layout.rows} of ${layout.cell_px} px · closes `, h("b", {}, closing(view))),
    h("p", { class: "quiet" }, "last row ", timeAgo(view.touched_at), ` from batch ${view.batch_id} · oldest cover of ${moment(view.oldest_cover_at)}`));
}

let drawn = "";
async function showCreator() {
  if (!chosen) {
    fill($("detail"), emptyState("Choose a creator", "Its open windows and collages are shown here."));
    return;
  }
  const requested = chosen;
  let answer;
  try {
    answer = await get(`/api/creator${query({ name: requested })}`);
  } catch (error) {
    if (!error.message.includes("no such creator")) throw error;
    fill($("detail"), emptyState("No creator has this name", visibleText(requested)));
    return;
  }
  const signature = JSON.stringify(answer);
  if (requested !== chosen || signature === drawn) return;
  drawn = signature;
  draw(answer);
}

function draw({ state, history: page }) {
  closedWindows = page.windows;
  const list = h("ul", { class: "tiles small-tiles", "aria-label": "Closed windows, newest first" }, closedWindows.map((window) => tile(window, viewer.open, { named: false })));
  const images = closedWindows.reduce((sum, window) => sum + window.images_ok, 0);
  fill($("detail"),
    h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h2", { class: "creator-name" }, nameElement(state.display_name || state.creator)),
        h("a", { class: "button small", href: `/replay${query({ creator: state.creator })}` }, "Replay …")),
      h("dl", { class: "figures" },
        figure("windows closed", state.windows_closed), figure("images known", state.known_images), figure("waiting", state.open_images), figure("in collages below", images)),
      h("p", { class: "quiet key-line" }, "last batch ", h("a", { href: `/gallery${query({ batch: state.last_batch })}` }, state.last_batch || "none"), " · key ", h("code", {}, state.key))),
    h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h3", {}, "Open window")),
      state.open.length ? state.open.map(openWindow) : emptyState("No open window", "Every accepted image is in a closed window.")),
    h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h3", {}, "History"), h("span", { class: "hint" }, plural(closedWindows.length, "window") + (page.next ? ", the newest" : ""))),
      closedWindows.length ? list : emptyState("No window has closed yet")));
}

const figure = (term, value) => h("div", {}, h("dt", {}, term), h("dd", {}, int(value)));

$("q").addEventListener("input", () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => searchPoll.now(), 200);
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(searchTimer);
  searchPoll.now();
});
$("more").addEventListener("click", () => search(true));
addEventListener("popstate", () => {
  chosen = new URLSearchParams(location.search).get("name");
  drawList();
  detailPoll.now();
});
const detailPoll = poll(showCreator, 4000);
const searchPoll = poll(() => (found.length > 50 ? undefined : search()), 10000);
