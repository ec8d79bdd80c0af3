// The list of uploads: one row a file, with its progress, then its result.
import { fill, h, nameElement, pill, updateList, visibleText } from "./dom.js";
import { bytes } from "./format.js";
import { outputLinks } from "./photo_outputs.js";
import { PHOTO_REASONS } from "./photo_reasons.js";

const TEXTS = {
  waiting: "waiting",
  sending: "sending",
  sent: "uploaded",
  stopped: "stopped",
  lost: "interrupted",
  refused: "not uploaded",
  cancelled: "cancelled",
};

function statusOf({ state, photo }) {
  if (state !== "sent") return h("span", { class: `pill ${state}` }, TEXTS[state] ?? state);
  return pill(photo?.is_working || photo?.status === "processing" ? "processing" : "uploaded");
}

function actions(entry, queue, act) {
  const shown = visibleText(entry.name);
  const button = (text, call) => h("button", { type: "button", class: "small", "aria-label": `${text}: ${shown}`, onclick: call }, text);
  switch (entry.state) {
    case "waiting":
    case "sending":
      return [button("Cancel", () => queue.cancel(entry))];
    case "stopped":
      return [button("Resume", () => queue.retry(entry)), button("Cancel", () => queue.cancel(entry))];
    case "lost":
      return [button("Cancel", () => queue.cancel(entry))];
    case "refused":
      return [entry.taken && entry.file ? button("Replace it", () => queue.retry(entry, { replace: true, taken: false })) : null, button("Remove", () => queue.remove(entry))];
    case "cancelled":
      return [entry.file ? button("Upload", () => queue.retry(entry)) : null, button("Remove", () => queue.remove(entry))];
    case "failed":
      return [button("Render again", (event) => act(event.currentTarget, () => queue.renderAgain(entry)))];
    default:
      return [];
  }
}

function why(entry) {
  const { state, photo, problem } = entry;
  if (problem) return h("p", { class: `why notice ${state === "refused" ? "bad" : ""}` }, visibleText(problem));
  if (state === "lost") return h("p", { class: "why quiet" }, "Choose this file again to continue.");
  if (state === "failed" && photo) return h("p", { class: "why notice bad" }, h("b", {}, photo.reason), ": ", PHOTO_REASONS[photo.reason] ?? "no reason was recorded", photo.detail ? h("span", { class: "detail-line" }, visibleText(photo.detail)) : null);
  if (state === "skipped") return h("p", { class: "why quiet" }, "It is no photo, so nothing is made of it.");
  return null;
}

function row(entry, queue, act, bars) {
  const bar = entry.state === "sending" ? h("progress", { max: "1", value: "0", "aria-label": `Sending ${visibleText(entry.name)}` }) : null;
  if (bar) bars.set(entry.id, bar);
  return h("div", { class: "sent", data: { upload: entry.name, state: entry.state } },
    h("p", { class: "sent-name" }, h("b", {}, nameElement(entry.name)), h("span", { class: "quiet" }, ` ${bytes(entry.bytes)}${entry.gallery === null ? ", augmentation" : ` in ${visibleText(entry.gallery)}`} `), statusOf(entry)),
    h("div", { class: "sent-actions" }, actions(entry, queue, act)),
    bar,
    why(entry),
    entry.photo && entry.state === "active" ? outputLinks(entry.photo) : null);
}

/** Draw the uploads into `parent`; the returned object updates one entry's progress. */
export function makeRows(parent, queue, act, empty) {
  const bars = new Map();
  const drawProgress = (entry) => {
    const bar = bars.get(entry.id);
    if (bar?.isConnected) bar.value = entry.bytes ? entry.sent / entry.bytes : 0;
  };
  return {
    drawProgress,
    draw() {
      if (!queue.entries.length) return fill(parent, empty());
      const known = new Map(queue.entries.map((entry) => [entry.id, entry]));
      const views = queue.entries.map(({ id, state, problem, photo, file, taken }) => ({ id, state, problem, photo, taken, hasFile: Boolean(file) }));
      updateList(parent, views, (view) => view.id, ({ id }) => row(known.get(id), queue, act, bars));
      queue.entries.forEach(drawProgress);
      return undefined;
    },
  };
}
