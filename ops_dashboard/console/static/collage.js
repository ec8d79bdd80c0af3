// A window's tile in lists; the viewer that it opens is in viewer.js.
import { h, nameElement, pill, visibleText } from "./dom.js";
import { ago, int, moment, windowNumber } from "./format.js";
import { media } from "./viewer_cells.js";

export { makeViewer } from "./viewer.js";

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
