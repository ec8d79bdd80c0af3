// How fast a batch or a run goes, from what a page has seen of it, and how long the rest takes.
import { duration, int } from "./format.js";

const SPAN_S = 60;

/**
 * A rate over the last minute. Call it whenever figures have arrived, with what is done, with all
 * that there is (0 if that is not known), and what is counted. It returns "1.4 windows/s · about
 * 3 min left", or "" while nothing moves.
 */
export function makeRate() {
  let samples = [];
  return (done, total, unit) => {
    const now = Date.now() / 1000;
    samples = [...samples.filter((each) => each.unit === unit && now - each.at <= SPAN_S), { at: now, done, unit }];
    const [first] = samples;
    const rate = now > first.at ? (done - first.done) / (now - first.at) : 0;
    if (rate <= 0) return "";
    const speed = `${int(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate))} ${unit}/s`;
    return total > done ? `${speed} · about ${duration((total - done) / rate)} left` : speed;
  };
}

const OPEN = ["listing", "sending", "building"];
const rates = new Map();

/** Whether a replay or a retry is under way. */
export const isOpen = (run) => OPEN.includes(run.state);

/** The rate of a replay or a retry while it is under way, by its name. */
export function runRate(run) {
  if (!isOpen(run)) return "";
  if (!rates.has(run.name)) rates.set(run.name, makeRate());
  return rates.get(run.name)(run.done, run.windows - run.gone, "windows");
}
