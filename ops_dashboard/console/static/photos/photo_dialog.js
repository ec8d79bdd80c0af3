// One photo in full: its largest useful picture, the facts of its item, its outputs, its actions.
import { get, post, query } from "./api.js";
import { fill, h, nameElement, pill, toast, visibleText } from "./dom.js";
import { bytes, int, moment } from "./format.js";
import { originalAddress, outputAddress, outputImage } from "./photo_outputs.js";
import { PHOTO_REASONS } from "./photo_reasons.js";

const SOURCES = { image: "the image itself", preview: "the preview within the RAW file", demosaic: "the sensor's data" };
const SHOWN_PX = 2000;

const facts = (pairs) =>
  h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));

function outputTable(photo) {
  if (!photo.outputs.length) return null;
  return [h("h3", {}, "Outputs"), h("table", { class: "output-table" },
    h("thead", {}, h("tr", {}, ["Name", "Pixels", "Size"].map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, photo.outputs.map((output) => h("tr", {},
      h("td", {}, h("a", { href: outputAddress(photo, output), target: "_blank", rel: "noreferrer" }, output.name)),
      h("td", { class: "nowrap" }, `${int(output.width)} × ${int(output.height)}`),
      h("td", { class: "nowrap" }, bytes(output.bytes))))))];
}

const hasOriginal = (photo) => !["deleted", "pending"].includes(photo.status);

function aside(photo) {
  return [
    photo.status === "failed" ? h("p", { class: "notice bad" }, h("b", {}, photo.reason), ": ", PHOTO_REASONS[photo.reason] ?? "no reason was recorded", photo.detail ? h("span", { class: "detail-line" }, visibleText(photo.detail)) : null) : null,
    outputTable(photo),
    facts([
      ["key", h("code", {}, nameElement(photo.key))],
      ["original", photo.bytes ? `${photo.format} ${photo.width ? `${int(photo.width)} × ${int(photo.height)}, ` : ""}${bytes(photo.bytes)}`.trim() : null],
      ["pixels from", SOURCES[photo.source]],
      ["gain map", photo.hdr ? "left out: outputs are for standard screens" : null],
      ["taken", photo.taken_at],
      ["uploaded", photo.uploaded_at ? moment(photo.uploaded_at) : null],
      ["rendered", photo.processed_at ? moment(photo.processed_at) : null],
      ["changed", photo.updated_at ? moment(photo.updated_at) : null],
      ["recipe", photo.recipe],
      ["attempts", photo.attempts ? int(photo.attempts) : null],
      ["version", photo.version ? h("code", {}, photo.version) : null],
    ]),
  ];
}

function picture(photo) {
  const shown = photo.outputs.filter((each) => Math.max(each.width, each.height) <= SHOWN_PX).at(-1) ?? photo.outputs[0];
  if (!shown) return h("div", { class: "tile-status" }, pill(photo.status), photo.status === "failed" ? "It could not be rendered." : "There is no picture.");
  return h("img", { src: outputImage(photo, shown), width: String(shown.width), height: String(shown.height), alt: `${visibleText(photo.name)}, ${shown.name}` });
}

/** Create the dialog; `listKeys` returns the keys that Previous and Next step through. */
export function makePhotoDialog(listKeys, changed) {
  const title = h("h2", { id: "photo-title", tabindex: "-1" });
  const actions = h("div", { class: "viewer-actions" });
  const body = h("div", { class: "viewer-body" });
  const dialog = h("dialog", { class: "viewer", "aria-labelledby": "photo-title" }, h("div", { class: "viewer-head" }, title, actions), body);
  document.body.append(dialog);
  let current = null;

  const close = h("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close");
  const setAddress = (key) => {
    const address = new URL(location.href);
    if (key) address.searchParams.set("photo", key);
    else address.searchParams.delete("photo");
    history.replaceState(null, "", address);
  };
  dialog.addEventListener("close", () => {
    current = null;
    setAddress(null);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  });

  function step(by) {
    const keys = listKeys();
    const next = keys[keys.indexOf(current) + by];
    if (next && keys.includes(current)) open(next);
  }

  async function renderAgain(photo, button) {
    button.disabled = true;
    try {
      await post("/api/photos/render", { key: photo.key });
      toast(`${visibleText(photo.name)} will be rendered again.`);
      changed();
    } catch (error) {
      toast(error.message, "bad");
    }
    button.disabled = false;
  }

  function draw(photo) {
    const keys = listKeys();
    const at = keys.indexOf(photo.key);
    fill(title, nameElement(photo.name), " ", pill(photo.status), photo.is_working ? h("span", { class: "quiet" }, " is being rendered") : null);
    fill(actions,
      at >= 0 ? h("button", { type: "button", class: "small", disabled: at === 0, onclick: () => step(-1) }, "← Previous") : null,
      at >= 0 ? h("button", { type: "button", class: "small", disabled: at === keys.length - 1, onclick: () => step(1) }, "Next →") : null,
      hasOriginal(photo) ? h("button", { type: "button", class: "small", onclick: (event) => renderAgain(photo, event.currentTarget) }, "Render again") : null,
      hasOriginal(photo) ? h("a", { class: "button small primary", href: originalAddress(photo), download: true }, "Download original") : null,
      close);
    fill(body, h("div", { class: "photo-stage" }, picture(photo)), h("aside", { class: "cell-panel", "aria-label": "About the photo" }, aside(photo)));
  }

  async function open(key) {
    current = key;
    setAddress(key);
    if (!dialog.open) {
      fill(title, "…");
      fill(actions, close);
      fill(body, h("p", { class: "hint loading" }, "Loading …"));
      dialog.showModal();
    }
    try {
      const photo = await get(`/api/photos/one${query({ key })}`);
      if (current === key) draw(photo);
    } catch (error) {
      fill(title, "This photo cannot be shown");
      fill(actions, close);
      fill(body, h("p", { class: "notice bad" }, error.message));
    }
    title.focus({ preventScroll: true });
  }

  const requested = new URLSearchParams(location.search).get("photo");
  if (requested) queueMicrotask(() => open(requested));
  return { open };
}
