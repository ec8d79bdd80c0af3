// A window's tile in lists, and the viewer that shows its collage and the image of each cell.
import { get, query } from "./api.js";
import { h, fill, nameElement, pill, visibleText } from "./dom.js";
import { CLOSE_REASONS, FAILURE_REASONS, ago, bytes, int, moment, windowNumber } from "./format.js";

const media = (kind, window) => `/media/${kind}/${encodeURIComponent(window.window_id)}${query({ v: window.completed_at })}`;

/** A tile of a list; it opens the viewer. */
export function tile(window, open, { showName = true } = {}) {
  const number = windowNumber(window.window_id);
  const label = `Collage ${number} of ${visibleText(window.display_name || window.creator)}, ${window.status}, ${window.images_ok} of ${window.image_count} images`;
  const image = window.thumbnail_key
    ? h("img", { src: media("thumbnail", window), alt: "", loading: "lazy", decoding: "async" })
    : h("span", { class: "no-picture" }, window.status === "failed" ? "no image could be downloaded" : `${window.status} …`);
  return h("li", {},
    h("button", { type: "button", class: "tile", "aria-label": label, "aria-haspopup": "dialog", onclick: () => open(window.window_id), data: { window: window.window_id } },
      h("span", { class: "picture" }, image),
      h("span", { class: "caption" },
        h("span", { class: "caption-name" }, showName ? nameElement(window.display_name || window.creator) : `Window ${number}`),
        showName ? h("span", { class: "quiet" }, `#${number}`) : null,
        window.status === "completed" ? null : pill(window.status)),
      h("span", { class: "caption quiet" },
        h("span", {}, `${int(window.images_ok)} of ${int(window.image_count)}`),
        h("time", { datetime: window.closed_at, title: moment(window.closed_at) }, ago(window.closed_at)))));
}

const facts = (pairs) =>
  h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));

/** Whether an image has a cell in the collage; in one that is packed, failed images have none. */
const hasCell = (cell) => cell.row !== null;
const imageName = (cell) => `Image ${cell.cell + 1}`;

function cellFacts(cell) {
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

function windowFacts({ window, metadata, source }) {
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
function withoutCell(metadata, show) {
  const images = metadata.cells.filter((cell) => !hasCell(cell));
  if (!images.length) return null;
  return [
    h("h3", {}, "Not in the collage"),
    h("ul", { class: "without-cell" }, images.map((cell) =>
      h("li", {}, h("button", { type: "button", class: "small", onclick: () => show(cell) }, `${imageName(cell)}: ${cell.reason}`)))),
  ];
}

/** Rows of cells in the picture; a window without a collage has those of its layout. */
const rowsOf = (metadata) => (metadata.height_px ? metadata.height_px / metadata.layout.cell_px : metadata.layout.rows);

/** The cells over the collage: one tab stop, arrow keys within; hover and focus call `show`. */
function overlay(metadata, show) {
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

/** Create the page's viewer; `listIds` returns the ids that Previous and Next step through. */
export function makeViewer(listIds = () => []) {
  const body = h("div", { class: "viewer-body" });
  const title = h("h2", { id: "viewer-title", tabindex: "-1" });
  const actions = h("div", { class: "viewer-actions" });
  const dialog = h("dialog", { class: "viewer", "aria-labelledby": "viewer-title" }, h("div", { class: "viewer-head" }, title, actions), body);
  document.body.append(dialog);
  let current = null;

  const updateAddress = (windowId) => {
    const address = new URL(location.href);
    if (windowId) address.searchParams.set("window", windowId);
    else address.searchParams.delete("window");
    history.replaceState(null, "", address);
  };
  dialog.addEventListener("close", () => {
    current = null;
    updateAddress(null);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  });

  function step(by) {
    const ids = listIds();
    const next = ids[ids.indexOf(current) + by];
    if (next && ids.includes(current)) open(next);
  }

  function drawHeader(window) {
    const ids = listIds();
    const at = ids.indexOf(window.window_id);
    fill(title, nameElement(window.display_name || window.creator), h("span", { class: "quiet" }, ` window ${windowNumber(window.window_id)} `), pill(window.status));
    fill(actions,
      at >= 0 ? h("button", { type: "button", class: "small", disabled: at === 0, onclick: () => step(-1) }, "← Previous") : null,
      at >= 0 ? h("button", { type: "button", class: "small", disabled: at === ids.length - 1, onclick: () => step(1) }, "Next →") : null,
      window.collage_key ? h("a", { class: "button small primary", href: `/media/download/${encodeURIComponent(window.window_id)}`, download: true }, "Download") : null,
      h("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close"));
  }

  function draw(detail) {
    const { window, metadata } = detail;
    drawHeader(window);
    const panel = h("aside", { class: "cell-panel", "aria-live": "polite", "aria-label": "Image of the cell" });
    const showCell = (cell) => fill(panel, cellFacts(cell), h("button", { type: "button", class: "small", onclick: showWindow }, "About the window"));
    const showWindow = () => fill(panel, metadata ? h("p", { class: "hint" }, "Point at a cell, or use the arrow keys, to see its image.") : null, windowFacts(detail), metadata ? withoutCell(metadata, showCell) : null);
    showWindow();
    const cells = metadata ? overlay(metadata, showCell) : null;
    const layout = metadata?.layout ?? { rows: 5, cols: 7, cell_px: 200 };
    const rows = metadata ? rowsOf(metadata) : layout.rows;
    const ratio = { "--ratio": `${layout.cols} / ${rows}` };
    const image = window.collage_key
      ? h("img", { src: media("collage", window), alt: `Collage of ${visibleText(window.display_name || window.creator)}, ${window.images_ok} of ${window.image_count} images`, width: String(layout.cols * layout.cell_px), height: String(rows * layout.cell_px) })
      : h("div", { class: "no-picture large", css: ratio }, window.error ?? (window.status === "failed" ? "No image of this window could be downloaded." : `This window is ${window.status}.`));
    fill(body, h("div", { class: "stage" }, h("div", { class: "canvas", css: ratio }, image, cells)), panel);
  }

  async function open(windowId) {
    current = windowId;
    updateAddress(windowId);
    if (!dialog.open) {
      fill(title, "…");
      fill(actions);
      fill(body, h("p", { class: "hint loading" }, "Loading …"));
      dialog.showModal();
    }
    try {
      const detail = await get(`/api/windows/${encodeURIComponent(windowId)}`);
      if (current === windowId) draw(detail);
      title.focus({ preventScroll: true });
    } catch (error) {
      fill(title, "This window cannot be shown");
      fill(actions, h("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close"));
      fill(body, h("p", { class: "notice bad" }, error.message));
    }
  }

  const requested = new URLSearchParams(location.search).get("window");
  if (requested) queueMicrotask(() => open(requested));
  return { open };
}
