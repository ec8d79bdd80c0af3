// A replay or a retry in the list: how far it is, whose it is, its windows before and after.
import { get, post, query } from "./api.js";
import { fill, h, nameElement, pill, toast, visibleText } from "./dom.js";
import { int, moment, plural, windowNumber } from "./format.js";
import { isOpen } from "./rates.js";
import { timeAgo } from "./times.js";

const STATES = {
  listing: ["listing its windows", "busy"],
  sending: ["sending", "busy"],
  building: ["building", "busy"],
  stalled: ["no progress for a day", "failed"],
  interrupted: ["interrupted", "failed"],
  ended: ["done", "completed"],
  cancelled: ["cancelled", ""],
  failed: ["failed", "failed"],
};

/** By name of a run: the list of its windows as a person left it, over redraws of the row. */
const lists = new Map();

async function change(run, what, button, refresh) {
  button.disabled = true;
  try {
    await post(`/api/replays/${encodeURIComponent(run.name)}/${what}`, {});
    await refresh();
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
}

async function cancel(run, button, refresh) {
  if (confirm(`Cancel this run?\n\n${int(run.done)} of ${plural(run.windows, "window")} are built. They stay as they are; no further one is built.`)) await change(run, "cancel", button, refresh);
}

function images(window) {
  if (!window.built) return h("span", { class: "quiet" }, window.status === "processing" ? "being built" : "not built yet");
  if (window.kept_because) return h("span", { title: window.kept_because }, "kept: ", window.kept_because);
  const gained = window.images_ok - window.images_before;
  return [pill(window.status), ` ${int(window.images_ok)} of ${int(window.image_count)}`, gained ? h("b", {}, ` (${gained > 0 ? "+" : ""}${int(gained)})`) : h("span", { class: "quiet" }, " as before")];
}

function windowRow(window, open) {
  return h("tr", {},
    h("td", {}, h("button", { type: "button", class: "link", onclick: () => open(window.window_id) }, nameElement(window.display_name), ` #${windowNumber(window.window_id)}`)),
    h("td", { class: "nowrap" }, pill(window.status_before), ` ${int(window.images_before)}`),
    h("td", {}, images(window)));
}

async function showWindows(run, list, open, page = list.page) {
  const { parent } = list;
  list.page = page;
  try {
    const found = await get(`/api/replays/${encodeURIComponent(run.name)}/windows${query({ page })}`);
    const top = parent.querySelector(".scroll")?.scrollTop ?? 0;
    fill(parent,
      h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": "Windows of this run" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Window", "Before", "Now"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, found.windows.map((window) => windowRow(window, open))))),
      found.pages > 1
        ? h("p", { class: "quick" },
            h("button", { type: "button", class: "small", disabled: page === 0, onclick: () => showWindows(run, list, open, page - 1) }, "← Previous"),
            h("span", { class: "quiet" }, `${int(page * found.size + 1)} to ${int(Math.min((page + 1) * found.size, run.windows))} of ${int(run.windows)}`),
            h("button", { type: "button", class: "small", disabled: page + 1 >= found.pages, onclick: () => showWindows(run, list, open, page + 1) }, "Next →"))
        : null);
    parent.querySelector(".scroll").scrollTop = top;
  } catch (error) {
    fill(parent, h("p", { class: "notice bad" }, error.message));
  }
}

function windowsOf(run, open) {
  if (!lists.has(run.name)) lists.set(run.name, { parent: h("div", {}), page: 0, isOpen: false });
  const list = lists.get(run.name);
  const details = h("details", { open: list.isOpen, ontoggle: () => {
    list.isOpen = details.open;
    if (list.isOpen) showWindows(run, list, open);
  } }, h("summary", {}, "Windows, before and after"), list.parent);
  return details;
}

function figures(run) {
  const statuses = Object.entries(run.by_status).map(([status, count]) => `${int(count)} ${status}`).join(", ");
  const waiting = run.state === "sending" || run.state === "interrupted" ? `, ${int(run.sent)} sent` : "";
  return h("p", {}, h("b", {}, `${int(run.done)} of ${int(run.windows)}`), ` windows rebuilt${waiting}`, statuses ? h("span", { class: "quiet" }, ` (${statuses})`) : null, run.rate ? ` · ${run.rate}` : null);
}

const button = (label, onclick) => h("button", { type: "button", class: "small", onclick: (event) => onclick(event.currentTarget) }, label);

/** A row of the list, of a run with its `rate` as text; `open` shows a window, `refresh` reads the list again. */
export function runRow(run, open, refresh) {
  const [label, kind] = STATES[run.state] ?? [run.state, ""];
  return h("article", { class: "run", "aria-label": run.name, data: { done: String(!isOpen(run)), state: run.state } },
    h("div", { class: "run-head" }, h("b", {}, run.batch_id ? ["failed downloads of ", h("a", { href: `/batches/${encodeURIComponent(run.batch_id)}` }, run.batch_id)] : visibleText(run.about)), h("span", { class: `pill ${kind}` }, label)),
    h("progress", { max: String(Math.max(run.windows, 1)), value: String(run.windows ? run.done : 1), "aria-label": run.name }),
    figures(run),
    run.gone ? h("p", { class: "quiet" }, `${plural(run.gone, "window")} left out: their events have expired`) : null,
    run.warning && run.state !== "ended" ? h("p", { class: "notice" }, run.warning) : null,
    run.state === "interrupted" ? h("p", { class: "notice bad" }, run.can_resume ? "The process that sent its windows was stopped." : "The process that listed its windows was stopped, so none was sent. Start it again.") : null,
    run.cancelled_by ? h("p", { class: "quiet" }, `cancelled by ${visibleText(run.cancelled_by)}`) : null,
    h("p", { class: "run-foot quiet" },
      h("span", { title: `${run.name}, ${moment(run.started_at)}` }, `${run.kind} · `, timeAgo(run.started_at), ` · ${visibleText(run.owner)}`),
      run.can_resume ? button("Continue", (own) => change(run, "resume", own, refresh)) : null,
      run.can_cancel ? button("Cancel", (own) => cancel(run, own, refresh)) : null),
    run.windows ? windowsOf(run, open) : null);
}
