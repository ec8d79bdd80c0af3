// Creators: a search by the beginning of the name; open windows and history of the chosen one.
import { get, live, query } from "./api.js";
import { makeViewer, tile } from "./collage.js";
import { $, empty, fill, h, keyed, name, plain } from "./dom.js";
import "./shell.js";
import { ago, int, moment, plural } from "./words.js";

let found = [];
let next = null;
let chosen = new URLSearchParams(location.search).get("name");
let history_ = [];
let typing = 0;

const viewer = makeViewer(() => history_.map((window) => window.window_id));

function drawList() {
  if (!found.length) {
    fill($("list"), empty($("q").value ? "No creator begins with this" : "No creators yet", next ? "There may be more: press More." : null));
  } else {
    keyed($("list"), found.map((each) => ({ ...each, here: each.creator === chosen })), (each) => each.key, (each) =>
      h("a", { class: "row", href: `/creators${query({ name: each.creator })}`, "aria-current": each.here ? "true" : null, onclick: (event) => { event.preventDefault(); choose(each.creator); } },
        name(each.creator),
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
  showing.now();
}

function choose(creator) {
  chosen = creator;
  history.pushState(null, "", `/creators${query({ name: creator })}`);
  drawList();
  showing.now().then(() => $("detail").scrollIntoView({ block: "nearest" }));
}

function openWindow(view) {
  const { layout } = view.settings;
  const closes = view.closes_because === "batch-end" ? "when its batch ends" : view.closes_at ? `${ago(view.closes_at)} (${view.closes_because})` : "when it is full";
  return h("div", { class: "open-window" },
    h("div", { class: "fill", role: "progressbar", "aria-label": "Open window", "aria-valuemin": "0", "aria-valuemax": String(view.size), "aria-valuenow": String(view.images) },
      Array.from({ length: Math.min(view.size, 70) }, (_, at) => h("span", { class: at < view.images ? "full" : "" }))),
    h("p", {}, h("b", {}, `${view.images} of ${view.size}`), ` images, ${layout.cols}×${layout.rows} of ${layout.cell_px} px · closes `, h("b", {}, closes)),
    h("p", { class: "quiet" }, `last row ${ago(view.touched_at)} from batch ${view.batch_id} · oldest cover of ${moment(view.oldest_cover_at)}`));
}

let drawn = "";
async function showCreator() {
  if (!chosen) {
    fill($("detail"), empty("Choose a creator", "Its open windows and its collages are shown here."));
    return;
  }
  const asked = chosen;
  let answer;
  try {
    answer = await get(`/api/creator${query({ name: asked })}`);
  } catch (error) {
    if (!error.message.includes("no such creator")) throw error;
    fill($("detail"), empty("There is no creator of this name", plain(asked)));
    return;
  }
  const signature = JSON.stringify(answer);
  if (asked !== chosen || signature === drawn) return;
  drawn = signature;
  draw(answer);
}

function draw({ state, history: page }) {
  history_ = page.windows;
  const list = h("ul", { class: "tiles small-tiles", "aria-label": "Closed windows, newest first" }, history_.map((window) => tile(window, viewer.open, { named: false })));
  const images = history_.reduce((sum, window) => sum + window.images_ok, 0);
  fill($("detail"),
    h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h2", { class: "creator-name" }, name(state.creator)),
        h("a", { class: "button small", href: `/replay${query({ creator: state.creator })}` }, "Replay …")),
      h("dl", { class: "figures" },
        figure("windows closed", state.windows_closed), figure("images known", state.known_images), figure("waiting", state.open_images), figure("in the collages below", images)),
      h("p", { class: "quiet key-line" }, "last batch ", h("a", { href: `/gallery${query({ batch: state.last_batch })}` }, state.last_batch || "none"), " · key ", h("code", {}, state.key))),
    h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h3", {}, "Open window")),
      state.open.length ? state.open.map(openWindow) : empty("Nothing waits", "Every accepted image is in a closed window.")),
    h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h3", {}, "History"), h("span", { class: "hint" }, plural(history_.length, "window") + (page.next ? ", the newest" : ""))),
      history_.length ? list : empty("No window has closed yet")));
}

const figure = (term, value) => h("div", {}, h("dt", {}, term), h("dd", {}, int(value)));

$("q").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => searching.now(), 200);
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  searching.now();
});
$("more").addEventListener("click", () => search(true));
addEventListener("popstate", () => {
  chosen = new URLSearchParams(location.search).get("name");
  drawList();
  showing.now();
});
const showing = live(showCreator, 4000);
const searching = live(() => (found.length > 50 ? undefined : search()), 10000);
