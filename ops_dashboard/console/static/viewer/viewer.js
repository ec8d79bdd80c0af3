// The viewer of a window: its collage with the image of each cell, its timeline, and what can be done.
import { get } from "./api.js";
import { fill, h, nameElement, newId, pill, visibleText } from "./dom.js";
import { cover, emptyCells } from "./empty_cells.js";
import { windowNumber } from "./format.js";
import { actionButtons } from "./viewer_actions.js";
import { addressed, enter, leave } from "./viewer_address.js";
import { cellFacts, media, overlay, rowsOf, windowFacts, withoutCell } from "./viewer_cells.js";
import { showTimeline } from "./viewer_timeline.js";

const LAYOUT = { rows: 5, cols: 7, cell_px: 200 };

/** The collage with its cells, and the facts beside it. */
function drawCollage(body, detail) {
  const { window, metadata } = detail;
  const panel = h("aside", { class: "cell-panel", "aria-live": "polite", "aria-label": "Image of the cell", tabindex: "0" });
  const showCell = (cell) => fill(panel, cellFacts(cell), h("button", { type: "button", class: "small", onclick: showWindow }, "About the window"));
  const showWindow = () => fill(panel, metadata ? h("p", { class: "hint" }, "Point at a cell, or use the arrow keys, to see its image.") : null, windowFacts(detail), metadata ? withoutCell(metadata, showCell) : null);
  showWindow();
  const cells = metadata ? overlay(metadata, showCell) : null;
  const layout = metadata?.layout ?? LAYOUT;
  const rows = metadata ? rowsOf(metadata) : layout.rows;
  const ratio = { "--ratio": `${layout.cols} / ${rows}` };
  const image = window.collage_key
    ? h("img", { src: media("collage", window), alt: `Collage of ${visibleText(window.display_name || window.creator)}, ${window.images_ok} of ${window.image_count} images`, width: String(layout.cols * layout.cell_px), height: String(rows * layout.cell_px) })
    : h("div", { class: "no-picture large", css: ratio }, window.error ?? (window.status === "failed" ? "No image of this window could be downloaded." : `This window is ${window.status}.`));
  fill(body, h("div", { class: "stage" }, h("div", { class: "canvas", css: ratio }, image, metadata && window.collage_key ? cover(emptyCells(metadata, rows)) : null, cells)), panel);
}

/** Two tabs; `choose` gets the name of the one that a person selects. */
function makeTabs(names, panel, choose) {
  const buttons = names.map((name) => h("button", { type: "button", role: "tab", id: newId("tab"), "aria-controls": panel.id, onclick: () => choose(name) }, name));
  const list = h("div", { class: "seg", role: "tablist", "aria-label": "What to show", onkeydown: (event) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    event.preventDefault();
    event.stopPropagation(); // elsewhere, arrows step to other windows
    const other = names.findIndex((name, at) => buttons[at].getAttribute("aria-selected") !== "true");
    choose(names[other]);
    buttons[other].focus();
  } }, buttons);
  const mark = (chosen) => names.forEach((name, at) => {
    buttons[at].setAttribute("aria-selected", String(name === chosen));
    buttons[at].tabIndex = name === chosen ? 0 : -1;
    if (name === chosen) panel.setAttribute("aria-labelledby", buttons[at].id);
  });
  return { list, mark };
}

/** Create the page's viewer; `listIds` returns the ids that Previous and Next step through. */
export function makeViewer(listIds = () => []) {
  const body = h("div", { class: "viewer-body", role: "tabpanel", id: newId("viewer") });
  const title = h("h2", { id: newId("viewer-title"), tabindex: "-1" });
  const actions = h("div", { class: "viewer-actions" });
  const note = h("p", { class: "viewer-note", role: "status" });
  const tabs = makeTabs(["Collage", "Timeline"], body, select);
  const dialog = h("dialog", { class: "viewer", "aria-labelledby": title.id }, h("div", { class: "viewer-head" }, title, tabs.list, actions, note), body);
  document.body.append(dialog);
  let current = null;
  let detail = null;
  let tab = "Collage";

  const own = { open, draw, note: say, shows: (windowId) => current === windowId && dialog.open };

  function say(text, isBad = false) {
    note.textContent = text;
    note.className = `viewer-note notice${isBad ? " bad" : ""}`;
    note.hidden = !text;
  }

  function select(name) {
    tab = name;
    tabs.mark(name);
    body.classList.toggle("with-timeline", name === "Timeline");
    if (!detail) return;
    if (name === "Collage") return drawCollage(body, detail);
    const shown = detail;
    showTimeline(body, detail.window.window_id, () => detail === shown && tab === "Timeline" && dialog.open);
  }

  function step(by) {
    const ids = listIds();
    const next = ids[ids.indexOf(current) + by];
    if (next && ids.includes(current)) open(next);
  }

  function draw(found) {
    detail = found;
    const { window } = detail;
    const ids = listIds();
    const at = ids.indexOf(window.window_id);
    fill(title, nameElement(window.display_name || window.creator), h("span", { class: "quiet" }, ` window ${windowNumber(window.window_id)} `), pill(window.status));
    fill(actions,
      at >= 0 ? h("button", { type: "button", class: "small", disabled: at === 0, onclick: () => step(-1) }, "← Previous") : null,
      at >= 0 ? h("button", { type: "button", class: "small", disabled: at === ids.length - 1, onclick: () => step(1) }, "Next →") : null,
      actionButtons(detail, own),
      window.collage_key ? h("a", { class: "button small primary", href: `/media/download/${encodeURIComponent(window.window_id)}`, download: true }, "Download") : null,
      h("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close"));
    tabs.list.hidden = false;
    select(tab);
  }

  function drawError(message) {
    detail = null;
    fill(title, "This window cannot be shown");
    tabs.list.hidden = true;
    fill(actions, h("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close"));
    fill(body, h("p", { class: "notice bad" }, message));
  }

  /** Show a window; its place in the history is that of `open`. */
  async function show(windowId) {
    current = windowId;
    say("");
    if (!dialog.open) {
      fill(title, "…");
      fill(actions);
      tabs.list.hidden = true;
      fill(body, h("p", { class: "hint loading" }, "Loading …"));
      dialog.showModal();
    }
    try {
      const found = await get(`/api/windows/${encodeURIComponent(windowId)}`);
      if (current !== windowId) return;
      draw(found);
      title.focus({ preventScroll: true });
    } catch (error) {
      if (current === windowId) drawError(error.message);
    }
  }

  function open(windowId) {
    enter(windowId, dialog.open);
    return show(windowId);
  }

  // The event comes after the dialog has closed: a window may have been opened again meanwhile, and
  // what Back has closed has left the address already.
  dialog.addEventListener("close", () => {
    if (dialog.open) return;
    const closedHere = current !== null;
    current = null;
    detail = null;
    if (closedHere) leave();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  });
  addEventListener("popstate", () => {
    const wanted = addressed();
    if (wanted && wanted !== current) show(wanted);
    else if (!wanted && dialog.open) {
      current = null;
      dialog.close();
    }
  });
  if (addressed()) queueMicrotask(() => show(addressed()));
  return { open };
}
