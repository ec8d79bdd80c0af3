// The states of the stack's alarms, for the header and for pages that show more of them.
import { get, poll } from "./api.js";

export const STATE_TEXT = { ALARM: "in alarm", INSUFFICIENT_DATA: "no data yet", OK: "fine" };
const listeners = [];
let alarms = null;

/** Call `listener` with all alarms, raised ones first: now if they are known, and at each update. */
export function onAlarms(listener) {
  listeners.push(listener);
  if (alarms) listener(alarms);
}

export const alarmPoll = poll(async () => {
  ({ alarms } = await get("/api/alarms"));
  listeners.forEach((each) => each(alarms));
}, 30000, null);
