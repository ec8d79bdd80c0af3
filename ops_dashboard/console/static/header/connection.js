// Whether AWS and the console answer: the header's state, a banner, and a note in each panel.
import { $, h } from "./dom.js";
import { clock } from "./times.js";

/** The console's status if AWS has not answered. */
export const NO_ANSWER = 504;
/** In place of a status if the console itself has not answered. */
export const CONSOLE_GONE = 0;

const opened = Date.now();
const loads = new Map();

/** Record how a load has ended, and show it; an "answered" event ends an outage for the others. */
export function settled(load, panel, error) {
  const own = loads.get(load) ?? { since: null, note: null };
  loads.set(load, own);
  const wasOutage = isOutage(own.error);
  own.error = error;
  if (error) console.warn(error.message);
  else own.since = Date.now();
  if (panel !== null) showNote(own, panel ?? $("main"));
  show();
  if (!error && wasOutage) document.dispatchEvent(new Event("answered"));
}

/** Whether AWS or the console has not answered, which may pass. */
export const isOutage = (error) => error?.status === NO_ANSWER || error?.status === CONSOLE_GONE;

function showNote(own, panel) {
  if (!own.error) {
    own.note?.remove();
    own.note = null;
    return;
  }
  own.note ??= h("p", { class: "notice bad stale", role: "status" });
  const message = isOutage(own.error) ? "no answer" : own.error.message;
  own.note.textContent = own.since ? `Not updated since ${clock(own.since)}: ${message}` : `Not loaded: ${message}`;
  if (own.note.isConnected) return;
  const head = panel.querySelector(":scope > .panel-head");
  if (head) head.after(own.note);
  else panel.prepend(own.note);
}

/** Show the state of all loads in the header and the banner. */
export function show() {
  const all = [...loads.values()];
  const failing = all.filter((own) => own.error);
  const outages = failing.filter((own) => isOutage(own.error));
  let text = document.hidden ? "paused" : "live";
  if (outages.length) text = "no answer";
  else if (failing.length) text = "incomplete";
  else if (!all.some((own) => own.since)) text = "connecting …";
  if ($("live-text").textContent !== text) $("live-text").textContent = text;
  $("live").classList.toggle("off", failing.length > 0);
  $("live").title = [...new Set(failing.map((own) => own.error.message))].join("\n");
  showOutage(outages);
}

function showOutage(outages) {
  $("outage").hidden = outages.length === 0;
  if (!outages.length) return;
  const gone = outages.some((own) => own.error.status === CONSOLE_GONE);
  const who = gone ? "the console (is ops-dashboard serve still running?)" : $("location").textContent;
  const last = Math.max(...outages.map((own) => own.since ?? 0));
  const text = last
    ? `No answer from ${who} since ${clock(last)}; figures are from then.`
    : `No answer from ${who} since this page was opened at ${clock(opened)}.`;
  if ($("outage").textContent !== text) $("outage").textContent = text;
}
