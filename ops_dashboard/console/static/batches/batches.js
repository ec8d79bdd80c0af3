// A batch with its progress, for the overview and the uploads.
import { post, query } from "./api.js";
import { h, toast, visibleText } from "./dom.js";
import { REFUSAL_REASONS, int, moment, plural } from "./format.js";
import { timeAgo } from "./times.js";

/** The parts of a batch's progress bar; they add up to the rows read. */
function parts(progress) {
  const refused = Object.values(progress.refused).reduce((sum, each) => sum + each, 0);
  const done = progress.images_ok + progress.images_failed;
  const total = Math.max(progress.rows_read, progress.rows_accepted + refused, 1);
  const waiting = Math.min(progress.open_images, Math.max(progress.rows_accepted - done, 0));
  return { total, refused, ok: progress.images_ok, failed: progress.images_failed, waiting, done: done + refused };
}

export function bar(progress) {
  const { total, refused, ok, failed, waiting, done } = parts(progress);
  const percent = Math.min(100, Math.round((100 * (progress.ended ? total : done)) / total));
  const part = (kind, count, label) =>
    count ? h("span", { class: kind, css: { "flex-grow": String(count) }, title: `${int(count)} ${label}` }) : null;
  return h(
    "div",
    {
      class: "bar-parts",
      role: "progressbar",
      "aria-label": `Batch ${progress.batch_id}`,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": String(percent),
      "aria-valuetext": `${int(ok)} images in collages, ${int(failed)} failed, ${int(refused)} rows refused, ${int(waiting)} waiting, of ${int(total)} rows`,
    },
    part("ok", ok, "images in collages"),
    part("failed", failed, "images failed"),
    part("refused", refused, "rows refused"),
    part("waiting", waiting, "images waiting in open windows"),
    part("rest", Math.max(total - ok - failed - refused - waiting, 0), "in progress"),
  );
}

/** A batch's outcome in its colour. */
export const outcomePill = (outcome) => h("span", { class: `pill ${outcome.level}` }, outcome.text);

export function refusals(refused) {
  const reasons = Object.entries(refused).sort((one, other) => other[1] - one[1]);
  if (!reasons.length) return h("span", { class: "quiet" }, "none refused");
  return h("span", { class: "reasons" }, reasons.map(([reason, count]) =>
    h("span", { class: "reason", title: REFUSAL_REASONS[reason] ?? reason }, reason, " ", h("b", {}, int(count)))));
}

const ABANDON = "Its push will be refused if it comes back. Rows that it has sent are counted, and their windows close as at a normal end.";

async function abandon(id, button, done) {
  if (!confirm(`Abandon batch ${id}?\n\n${ABANDON}`)) return;
  button.disabled = true;
  try {
    await post(`/api/batches/${encodeURIComponent(id)}/abandon`, {});
    toast(`Batch ${id} is abandoned; it ends in some minutes.`);
    done();
  } catch (error) {
    toast(error.message, "bad");
    button.disabled = false;
  }
}

/** The button that abandons a batch while it is being sent; `done` is called afterwards. */
export function abandonButton({ batch_id: id, status, abandoned_at: at }, done = () => {}) {
  if (at || status !== "sending") return null;
  return h("button", { type: "button", class: "small", title: "End it without its push", "aria-label": `Abandon batch ${id}`, onclick: (event) => abandon(id, event.currentTarget, done) }, "Abandon …");
}

/** Who abandoned a batch, or the button with which to do it. */
function abandonment(progress) {
  const { abandoned_at: at, abandoned_by: by } = progress;
  return at ? h("span", { class: "quiet", title: `${moment(at)}, by ${visibleText(by)}` }, "abandoned ", timeAgo(at)) : abandonButton(progress);
}

/** The figures of a batch, each with what it counts. */
export function batchFigures(progress) {
  const refused = Object.values(progress.refused).reduce((sum, each) => sum + each, 0);
  return h("div", { class: "batch-figures" },
    h("span", {}, h("b", {}, int(progress.rows_read)), " rows"),
    h("span", {}, h("b", {}, int(progress.rows_accepted)), " accepted"),
    h("a", { href: `/failures${query({ batch: progress.batch_id, what: "rows" })}`, class: refused ? "" : "quiet" }, h("b", {}, int(refused)), " refused"),
    h("span", {}, h("b", {}, int(progress.images_ok)), " images"),
    h("span", { class: progress.images_failed ? "bad-text" : "quiet" }, h("b", {}, int(progress.images_failed)), " failed"),
    progress.refused.not_sent ? h("span", { class: "bad-text" }, h("b", {}, int(progress.refused.not_sent)), " read and not sent") : null,
    progress.refused.quarantined ? h("span", { class: "bad-text", title: "Sent, and never processed: see ops-dashboard dlq list" }, h("b", {}, int(progress.refused.quarantined)), " lost on the way") : null,
    progress.marks_missing ? h("span", { class: "bad-text", title: "Ended by the sweeper without them" }, h("b", {}, int(progress.marks_missing)), " end marks missing") : null,
    progress.open_images ? h("span", {}, h("b", {}, int(progress.open_images)), " waiting") : null);
}

/** A row of the list: id, progress bar with counts, state. */
export function batchRow({ progress, outcome, started_at: startedAt }) {
  const id = encodeURIComponent(progress.batch_id);
  return h(
    "article",
    { class: "batch", "aria-label": `Batch ${progress.batch_id}`, data: { batch: progress.batch_id, outcome: outcome.kind, state: progress.ended ? "ended" : "open" } },
    h("div", { class: "batch-id" },
      h("a", { href: `/batches/${id}` }, progress.batch_id),
      h("span", { class: "quiet" }, `${progress.trigger} · `, timeAgo(startedAt)),
      progress.source ? h("span", { class: "quiet batch-source", title: visibleText(progress.source) }, visibleText(progress.source)) : null),
    h("div", { class: "batch-progress" },
      bar(progress),
      batchFigures(progress)),
    h("div", { class: "batch-end" },
      outcomePill(outcome),
      h("span", { class: "quiet" }, `${int(progress.collages)} of ${plural(progress.windows, "collage")}`),
      abandonment(progress)),
    progress.rejected ? h("p", { class: "notice bad batch-note" }, visibleText(progress.rejected)) : null,
    progress.notes.map((note) => h("p", { class: "quiet batch-note" }, visibleText(note))),
  );
}
