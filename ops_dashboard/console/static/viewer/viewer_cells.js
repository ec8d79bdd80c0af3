// The cells of a window's collage, and what is known about each image and about the window.
import { query } from "./api.js";
import { h, nameElement, pill, visibleText } from "./dom.js";
import { CLOSE_REASONS, FAILURE_REASONS, bytes, int, moment } from "./format.js";

/** Address of a window's thumbnail or collage, which changes with each build. */
export const media = (kind, window) => `/media/${kind}/${encodeURIComponent(window.window_id)}${query({ v: window.completed_at })}`;

const facts = (pairs) =>
  h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));

/** Whether an image has a cell in the collage; in one that is packed, failed images have none. */
const hasCell = (cell) => cell.row !== null;
const imageName = (cell) => `Image ${cell.cell + 1}`;

export function cellFacts(cell) {
  const failed = cell.status !== "ok";
  const place = hasCell(cell) ? ` row ${cell.row + 1}, column ${cell.column + 1}` : " not in the collage";
  return [
    h("h3", {}, imageName(cell), h("span", { class: "quiet" }, place), failed ? pill(hasCell(cell) ? "empty" : "failed") : null),
    failed
      ? h("p", { class: "notice bad" }, h("b", {}, cell.reason ?? "failed"), ": ", FAILURE_REASONS[cell.reason] ?? "no reason was recorded",
          cell.http_status ? ` (HTTP ${cell.http_status})` : "", cell.detail ? h("span", { class: "detail-line" }, cell.detail) : null,
          h("span", { class: "detail-line quiet" }, cell.passing ? "a retry may succeed" : "a retry would not help"))
      : null,
    facts([
      ["identity", h("code", {}, cell.identity)],
      ["source", h("code", { class: "url" }, cell.url)],
      ["sha256", cell.sha256 ? h("code", {}, cell.sha256) : null],
      ["image", cell.width ? `${cell.format ?? ""} ${int(cell.width)} × ${int(cell.height)}, ${bytes(cell.bytes)}` : null],
      ["from", cell.origin],
      ["cover of", moment(cell.created_at)],
      ["attempts", cell.attempts ? int(cell.attempts) : null],
    ]),
  ];
}

export function windowFacts({ window, metadata, source }) {
  return facts([
    ["creator", h("a", { href: `/creators${query({ name: window.creator })}` }, nameElement(window.display_name || window.creator))],
    ["batch", h("a", { href: `/gallery${query({ batch: window.batch_id })}` }, window.batch_id)],
    ["trigger", window.trigger],
    ["source", source ? h("code", {}, visibleText(source)) : null],
    ["closed", `${moment(window.closed_at)}${window.closed_because ? `: ${CLOSE_REASONS[window.closed_because] ?? window.closed_because}` : ""}`],
    ["built", window.completed_at ? `${moment(window.completed_at)}${window.duration_ms ? ` in ${(window.duration_ms / 1000).toFixed(1)} s` : ""}` : null],
    ["replayed as", window.replayed_as],
    ["attempts", int(window.attempts)],
    ["Lambda request", window.request_id ? h("code", {}, window.request_id) : null],
    ["downloaded", metadata ? bytes(metadata.bytes_downloaded) : null],
    ["error", window.error],
    ["object", window.collage_key ? h("code", {}, window.collage_key) : null],
    ["sha256", window.collage_sha256 ? h("code", {}, window.collage_sha256) : null],
  ]);
}

/** The images that have no cell, as a list of buttons that call `show`; null if there are none. */
export function withoutCell(metadata, show) {
  const images = metadata.cells.filter((cell) => !hasCell(cell));
  if (!images.length) return null;
  return [
    h("h3", {}, "Not in the collage"),
    h("ul", { class: "without-cell" }, images.map((cell) =>
      h("li", {}, h("button", { type: "button", class: "small", onclick: () => show(cell) }, `${imageName(cell)}: ${cell.reason}`)))),
  ];
}

/** Rows of cells in the picture; a window without a collage has those of its layout. */
export const rowsOf = (metadata) => (metadata.height_px ? metadata.height_px / metadata.layout.cell_px : metadata.layout.rows);

/** The cells over the collage: one tab stop, arrow keys within; hover and focus call `show`. */
export function overlay(metadata, show) {
  const { cols } = metadata.layout;
  const buttons = metadata.cells.filter(hasCell).map((cell, at) =>
    h("button", {
      type: "button",
      class: cell.status === "ok" ? "cell" : "cell failed",
      tabindex: at === 0 ? "0" : "-1",
      "aria-label": `${imageName(cell)}: ${cell.status === "ok" ? cell.identity : `empty, ${cell.reason}`}`,
      css: { "grid-row": String(cell.row + 1), "grid-column": String(cell.column + 1) },
      onmouseenter: () => show(cell),
      onfocus: () => show(cell),
      onclick: (event) => event.currentTarget.focus(),
    }, cell.status === "ok" ? null : h("span", { "aria-hidden": "true" }, cell.reason)));
  const grid = h("div", {
    class: "cells",
    role: "group",
    "aria-label": "Cells; arrow keys move between them",
    css: { "--rows": String(rowsOf(metadata)), "--cols": String(cols) },
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: cols, ArrowUp: -cols, Home: -buttons.length, End: buttons.length }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const at = buttons.indexOf(event.target);
      const wanted = Math.abs(step) === buttons.length ? (step > 0 ? buttons.length - 1 : 0) : at + step;
      if (!buttons[wanted]) return;
      buttons[at].tabIndex = -1;
      buttons[wanted].tabIndex = 0;
      buttons[wanted].focus();
    },
  }, buttons);
  return grid;
}
