// The photos of one gallery, newest first, in pages.
import { get, poll, query } from "./api.js";
import { $, emptyState, h, nameElement, pill, toast, updateList, visibleText } from "./dom.js";
import { bytes, plural } from "./format.js";
import { timeAgo } from "./times.js";
import { makePhotoDialog } from "./photo_dialog.js";
import { outputImage } from "./photo_outputs.js";
import { PHOTO_REASONS } from "./photo_reasons.js";

const REFRESH_MS = 5000;
export const AUGMENTATION_GALLERY = "original-uploads";

function tile(photo, open) {
  const first = photo.outputs[0];
  const content = first
    ? h("img", { src: outputImage(photo, first), alt: "", loading: "lazy", decoding: "async" })
    : h("span", { class: "tile-status" }, photo.status === "failed" ? (PHOTO_REASONS[photo.reason] ?? photo.reason) : { pending: "waiting for its file", processing: "being rendered …", skipped: "no photo", deleted: "deleted" }[photo.status] ?? photo.status);
  return h("li", {}, h("button", { type: "button", class: "tile photo-tile", "aria-haspopup": "dialog", "aria-label": `${visibleText(photo.name)}, ${photo.status}`, data: { photo: photo.key }, onclick: () => open(photo.key) },
    h("span", { class: "picture" }, content),
    h("span", { class: "caption" }, h("span", { class: "caption-name" }, nameElement(photo.name)), photo.status === "active" ? null : pill(photo.status)),
    h("span", { class: "caption quiet" }, h("span", {}, photo.bytes ? bytes(photo.bytes) : ""), photo.uploaded_at ? timeAgo(photo.uploaded_at) : null)));
}

/** Show the gallery that the address names, else `initial`; returns how to show another. */
export function makeGallery(initial) {
  let photos = [];
  let next = null;
  let unreadable = [];
  const dialog = makePhotoDialog(() => photos.map((photo) => photo.key), () => refreshing.now());
  const start = new URLSearchParams(location.search);
  $("view").value = start.get("gallery") ?? initial ?? "";
  $("status").value = start.get("status") ?? "";
  const wanted = () => ({ gallery: $("view").value.trim(), status: $("status").value });

  function draw() {
    updateList($("tiles"), photos, (photo) => photo.key, (photo) => tile(photo, dialog.open));
    if (!photos.length) {
      const { gallery, status } = wanted();
      $("tiles").replaceChildren(h("li", { class: "wide" }, !gallery ? emptyState("No gallery chosen", "Upload photos, or choose a gallery.") : emptyState(status ? `No photo here is ${status}` : "No photos in this gallery", "Upload some, or choose another gallery.")));
    }
    $("shown").textContent = [photos.length ? `${plural(photos.length, "photo")}${next ? ", more below" : ""}` : "", unreadable.length ? `${plural(unreadable.length, "item")} cannot be read: ${unreadable[0]}` : ""].filter(Boolean).join(" · ");
    $("more").hidden = !next;
  }

  async function refresh() {
    const asked = wanted();
    if (!asked.gallery) return draw();
    let page;
    try {
      page = await get(`/api/photos${query(asked)}`);
    } catch (error) {
      if (!photos.length) $("tiles").replaceChildren(h("li", { class: "wide" }, h("p", { class: "notice bad" }, error.message)));
      throw error;
    }
    if (JSON.stringify(asked) !== JSON.stringify(wanted())) return undefined;
    // Older pages that were opened stay below the newest one.
    const known = new Set(page.photos.map((photo) => photo.key));
    const oldest = page.photos.at(-1)?.uploaded_at ?? "";
    const older = page.next ? photos.filter((photo) => !known.has(photo.key) && photo.uploaded_at <= oldest) : [];
    photos = [...page.photos, ...older];
    if (!older.length) next = page.next ?? null;
    unreadable = page.unreadable;
    return draw();
  }

  function show(gallery, status = "") {
    $("view").value = gallery;
    $("status").value = status;
    restart();
  }

  function restart() {
    const { gallery, status } = wanted();
    history.replaceState(null, "", `/photos${query({ gallery, status })}`);
    photos = [];
    next = null;
    refreshing.now();
  }

  $("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    restart();
  });
  $("status").addEventListener("change", restart);
  $("view").addEventListener("change", restart);
  $("more").addEventListener("click", async () => {
    try {
      const page = await get(`/api/photos${query({ ...wanted(), after: next })}`);
      const first = page.photos[0]?.key;
      photos = [...photos, ...page.photos];
      next = page.next ?? null;
      draw();
      if (first) document.querySelector(`[data-photo="${CSS.escape(first)}"]`)?.focus();
    } catch (error) {
      toast(error.message, "bad");
    }
  });
  const refreshing = poll(refresh, REFRESH_MS);
  return { show, refresh: refreshing.now, shown: () => wanted().gallery };
}
