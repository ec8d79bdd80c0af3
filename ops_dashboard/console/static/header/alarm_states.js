// The states of the stack's alarms, for the header and for pages that show more of them.
import { get, poll } from "./api.js";

export const STATE_TEXT = { ALARM: "in alarm", INSUFFICIENT_DATA: "no data yet", OK: "fine" };
/** How many alarms are not raised: "all 31 fine", "the other 30: 28 fine, 2 without data yet". */
export function fineText(alarms) {
  const rest = alarms.filter((alarm) => alarm.state !== "ALARM");
  const silent = rest.filter((alarm) => alarm.state !== "OK").length;
  const counted = rest.length === alarms.length ? `all ${rest.length}` : `the other ${rest.length}`;
  return silent ? `${counted}: ${rest.length - silent} fine, ${silent} without data yet` : `${counted} fine`;
}

const listeners = [];
let alarms = null;

/** Call `listener` with all alarms, raised ones first: now if they are known, and at each update. */
export function onAlarms(listener) {
  listeners.push(listener);
  if (alarms) listener(alarms);
}

/** The panel that says so if they cannot be read; other pages say it in the header only. */
const panel = document.querySelector("[data-panel=alarms]");

poll(async () => {
  ({ alarms } = await get("/api/alarms"));
  listeners.forEach((each) => each(alarms));
}, 30000, panel);
