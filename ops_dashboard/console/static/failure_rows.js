// A failure as a row of the table: a window, or a refused row.
import { statusPill } from "./collage.js";
import { h, nameElement, visibleText } from "./dom.js";
import { FAILURE_REASONS, REFUSAL_REASONS, int, windowNumber } from "./format.js";
import { timeAgo } from "./times.js";

const NO_REASON = "no_reason";
const LABELS = { [NO_REASON]: "failed as a whole" };
const KIND = { true: "may pass", false: "permanent" };

/** All reasons, by which failures can be filtered: of windows, then of rows alone. */
export const REASONS = [...new Set([...Object.keys(FAILURE_REASONS), NO_REASON, ...Object.keys(REFUSAL_REASONS)])];

/** A reason for people. */
export const reasonLabel = (reason) => LABELS[reason] ?? reason;

/** What a reason means. */
export const reasonText = (reason, isRow) =>
  (isRow ? REFUSAL_REASONS[reason] : FAILURE_REASONS[reason]) ?? (reason === NO_REASON ? "no worker finished it" : reason);

function reasonButtons(failure, choose) {
  const found = Object.entries(failure.reasons).sort((one, other) => other[1] - one[1]);
  return h("span", { class: "reasons" }, found.map(([reason, count]) =>
    h("button", { type: "button", class: "link reason", title: `${reasonText(reason, Boolean(failure.row))}: show these only`, onclick: () => choose(reason) },
      reasonLabel(reason), failure.window ? [" ", h("b", {}, int(count))] : null)));
}

const batchLink = (batch, choose) =>
  h("td", { class: "batch-cell" }, h("button", { type: "button", class: "link", title: "Show this batch only", onclick: () => choose(batch) }, visibleText(batch)));

const time = (at) => h("td", { class: "nowrap" }, timeAgo(at));

function windowRow({ window, passing, reasons }, own) {
  const name = window.display_name || window.creator;
  const box = h("input", {
    type: "checkbox", checked: own.isChosen(window.window_id), "aria-label": `Select window ${windowNumber(window.window_id)} of ${visibleText(name)}`,
    onchange: (event) => own.choose(window.window_id, event.currentTarget.checked),
  });
  return h("tr", { data: { failure: window.window_id } },
    h("td", { class: "tick" }, box),
    h("td", {}, h("button", { type: "button", class: "link", onclick: () => own.open(window.window_id) }, nameElement(name), ` #${windowNumber(window.window_id)}`)),
    h("td", { class: "nowrap" }, statusPill(window.status), h("span", { class: "quiet" }, ` ${int(window.images_ok)} of ${int(window.image_count)}`)),
    h("td", { class: "why" }, reasonButtons({ window, reasons }, (reason) => own.filter({ reason })), window.error ? h("span", { class: "detail-line quiet" }, visibleText(window.error)) : null),
    h("td", { class: "nowrap" }, KIND[passing]),
    batchLink(window.batch_id, (batch) => own.filter({ batch })),
    time(window.closed_at));
}

function refusedRow({ row, passing, reasons }, own) {
  const box = h("input", {
    type: "checkbox", checked: own.isChosen(row.id), "aria-label": `Select the refused row of ${visibleText(row.creator.slice(0, 140)) || "no creator"}`,
    onchange: (event) => own.choose(row.id, event.currentTarget.checked),
  });
  return h("tr", { data: { failure: row.id } },
    h("td", { class: "tick" }, box),
    h("td", {}, row.creator ? nameElement(row.creator.slice(0, 140)) : h("span", { class: "quiet" }, "no creator")),
    h("td", { class: "nowrap" }, h("span", { class: "pill" }, "refused row")),
    h("td", { class: "why" }, reasonButtons({ row, reasons }, (reason) => own.filter({ reason })), h("span", { class: "detail-line" }, visibleText(row.detail)),
      h("details", {}, h("summary", {}, "Row"), h("pre", { tabindex: "0" }, visibleText([`created_at: ${row.created_at}`, `cover: ${row.cover || "empty"}`].join("\u0001")).replaceAll("[U+0001]", "\n")))),
    h("td", { class: "nowrap" }, KIND[passing]),
    batchLink(row.batch_id, (batch) => own.filter({ batch })),
    time(row.stored_at));
}

/** The id of a failure, by which it is chosen. */
export const failureId = ({ window, row }) => (window ? window.window_id : row.id);

/** Whether an id is of a window, and not of a refused row. */
export const isWindow = (id) => id.includes(":");

/** The table of failures; `own` has `open`, `isChosen`, `choose` and `filter`. */
export function failureTable(failures, own) {
  const ids = failures.map(failureId);
  const all = h("input", {
    type: "checkbox", "aria-label": "Select all that are shown", checked: ids.every(own.isChosen),
    onchange: (event) => own.chooseAll(ids, event.currentTarget.checked),
  });
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "failures-h" }, h("table", { class: "failures" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "tick" }, all), ["Window or row", "Status", "Reasons", "Kind", "Batch", "When"].map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, failures.map((failure) => (failure.window ? windowRow(failure, own) : refusedRow(failure, own))))));
}
