// What can be done with chosen failures: retry and rebuild windows, discard windows and refused rows.
// Each asks first and shows its progress.
import { get, post } from "./api.js";
import { $, fill, h, toast } from "./dom.js";
import { isWindow } from "./failure_rows.js";
import { int, plural } from "./format.js";
import { isOpen, runRate } from "./rates.js";

const DISCARDED_AT_ONCE = 100;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const ASK = {
  retry: (count) => `Retry ${plural(count, "window")}?\n\nImages that failed for a reason that may have passed are downloaded again. The others are not.`,
  rebuild: (count) => `Rebuild ${plural(count, "window")}?\n\nEvery image is fetched again, from the stored originals if there are any. A collage that would get worse is kept.`,
  discard: (count) => `Discard ${plural(count, "failure")}?\n\nThey leave this list: windows until they are built again, refused rows for good. Nothing is deleted: "Discarded" shows them.`,
  restore: (count) => `List ${plural(count, "failure")} again?`,
};

function show(title, done, all, detail = "") {
  fill($("progress"), h("div", { class: "run" },
    h("div", { class: "run-head" }, h("b", {}, title), h("span", { class: "quiet" }, `${int(done)} of ${int(all)}${detail}`)),
    h("progress", { max: String(Math.max(all, 1)), value: String(done), "aria-label": title })));
}

/** Follow a run until it is over; its windows are those that were sent. */
async function follow(started) {
  let run = started;
  while (run && isOpen(run) && run.done < run.windows) {
    const rate = runRate(run);
    show(run.name, run.done, run.windows, rate && ` · ${rate}`);
    await wait(2000);
    run = (await get("/api/replays")).find((each) => each.name === started.name);
  }
  if (!run) return;
  const results = Object.entries(run.by_status ?? {}).map(([status, count]) => `${int(count)} ${status}`).join(", ");
  show(run.name, run.done, run.windows, results ? `: ${results}` : "");
}

async function send(ids, retry) {
  try {
    await follow(await post("/api/replays", { windows: ids, retry }));
  } catch (error) {
    if (error.message !== "there is nothing to rebuild") throw error;
    toast(retry ? "None of these windows failed for a reason that may have passed. Rebuild builds them anyway." : "The events of these windows have expired.", "bad");
    return false;
  }
  return true;
}

async function discard(ids, undo) {
  const title = undo ? "Listing again" : "Discarding";
  for (let at = 0; at < ids.length; at += DISCARDED_AT_ONCE) {
    show(title, at, ids.length);
    const some = ids.slice(at, at + DISCARDED_AT_ONCE);
    await post("/api/failures/discard", { windows: some.filter(isWindow), rows: some.filter((id) => !isWindow(id)), undo });
  }
  fill($("progress"));
  toast(undo ? `${plural(ids.length, "failure")} listed again.` : `${plural(ids.length, "failure")} discarded.`);
  return true;
}

/**
 * Ask, do `what` with the failures `ids`, and show how far it is; return whether it was done.
 * Only windows are retried and rebuilt.
 */
export async function act(what, ids) {
  const isDiscard = what === "discard" || what === "restore";
  const own = isDiscard ? ids : ids.filter(isWindow);
  if (!window.confirm(ASK[what](own.length))) return false;
  return isDiscard ? discard(own, what === "restore") : send(own, what === "retry");
}
