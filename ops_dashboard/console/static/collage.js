// A window's tile in lists; the viewer that it opens is in viewer.js.
import { h, nameElement, visibleText } from "./dom.js";
import { int, windowNumber } from "./format.js";
import { timeAgo } from "./times.js";
import { media } from "./viewer_cells.js";

export { makeViewer } from "./viewer.js";

const ICONS = { ready: "○", queued: "◷", processing: "⟳", partial: "◐", failed: "✕", unreadable: "?" };
const NO_PICTURE = { failed: "no image could be downloaded", unreadable: "cannot be read" };

/** A status as a pill: icon and word, or the icon alone where there is no room for the word. */
export const statusPill = (status) =>
  h("span", { class: `pill ${status}`, title: status },
    ICONS[status] ? h("span", { "aria-hidden": "true" }, ICONS[status]) : null,
    h("span", { class: ICONS[status] ? "pill-word" : null }, status));

/** A tile of a list; it opens the viewer. */
export function tile(window, open, { showName = true } = {}) {
  const number = windowNumber(window.window_id);
  const name = window.display_name || window.creator;
  const label = `Collage ${number} of ${visibleText(name)}, ${window.status}, ${window.images_ok} of ${window.image_count} images`;
  const image = window.thumbnail_key
    ? h("img", { src: media("thumbnail", window), alt: "", loading: "lazy", decoding: "async" })
    : h("span", { class: "no-picture" }, NO_PICTURE[window.status] ?? `${window.status} …`);
  return h("li", {},
    h("button", { type: "button", class: "tile", "aria-label": label, "aria-haspopup": "dialog", onclick: () => open(window.window_id), data: { window: window.window_id } },
      h("span", { class: "picture" }, image),
      h("span", { class: "caption" },
        h("span", { class: "caption-name", title: visibleText(name) }, showName ? nameElement(name) : `Window ${number}`),
        showName ? h("span", { class: "quiet" }, `#${number}`) : null),
      h("span", { class: "caption quiet" },
        h("span", { class: "nowrap" }, `${int(window.images_ok)} of ${int(window.image_count)}`),
        window.status === "completed" ? null : statusPill(window.status),
        timeAgo(window.closed_at))));
}
