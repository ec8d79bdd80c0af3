// What can be done about the window in the viewer: build it again, share it, see the next failure.
import { get, post } from "./api.js";
import { h, toast } from "./dom.js";
import { int } from "./format.js";
import { linkTo } from "./viewer_address.js";

const WATCH_EVERY_MS = 3000;
const WATCH_MS = 15 * 60 * 1000;
const ENDED = ["completed", "partial", "failed"];
const path = (windowId) => `/api/windows/${encodeURIComponent(windowId)}`;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What became of a rebuild, in words. */
function result(window, before) {
  if (window.kept_because) return `The collage stays as it was: ${window.kept_because}.`;
  const images = `${int(window.images_ok)} of ${int(window.image_count)} images`;
  return `Built again: ${images}${window.images_ok === before.images_ok ? ", as before" : `, ${int(before.images_ok)} before`}.`;
}

/** Wait until a run has built the window, while `isCurrent`; return its detail, null if it has not. */
async function built(run, windowId, isCurrent) {
  const until = Date.now() + WATCH_MS;
  while (isCurrent() && Date.now() < until) {
    await wait(WATCH_EVERY_MS);
    if (document.hidden || !isCurrent()) continue;
    const detail = await get(path(windowId));
    if (detail.window.replayed_as === run.name && ENDED.includes(detail.window.status)) return detail;
  }
  return null;
}

/** Build the window again, and show it when it is built. */
async function build(request, detail, viewer) {
  const { window } = detail;
  const isCurrent = () => viewer.shows(window.window_id);
  viewer.note("Sent. It is being built again …");
  try {
    const run = await post("/api/replays", { ...request, windows: [window.window_id] });
    const after = await built(run, window.window_id, isCurrent);
    if (!after || !isCurrent()) return;
    viewer.draw(after);
    viewer.note(result(after.window, window));
  } catch (error) {
    if (isCurrent()) viewer.note(error.message, true);
    else toast(error.message, "bad");
  }
}

async function copyLink(windowId) {
  const link = linkTo(windowId);
  try {
    await navigator.clipboard.writeText(link);
    toast("The link is copied.");
  } catch {
    prompt("Copy this link:", link); // a page without https may not write to the clipboard
  }
}

async function nextFailure(windowId, viewer) {
  try {
    const { window_id: next } = await get(`${path(windowId)}/next-failure`);
    if (next) viewer.open(next);
    else viewer.note("No earlier window has failed or is partial.");
  } catch (error) {
    viewer.note(error.message, true);
  }
}

const button = (label, title, onclick) => h("button", { type: "button", class: "small", title, onclick }, label);

/** The buttons for a window; `viewer` has `open`, `draw`, `note` and `shows`. */
export function actionButtons(detail, viewer) {
  const { window, retryable } = detail;
  const hasEnded = ENDED.includes(window.status);
  return [
    window.status === "failed" || window.status === "partial"
      ? button("Next failure", "The failed or partial window that closed before this one", () => nextFailure(window.window_id, viewer))
      : null,
    retryable ? button("Retry", "Download the images again that failed for a reason that may have passed", () => build({ retry: true }, detail, viewer)) : null,
    hasEnded ? button("Rebuild", "Build the collage again, from its stored originals if there are any", () => build({}, detail, viewer)) : null,
    button("Copy link", null, () => copyLink(window.window_id)),
  ];
}
