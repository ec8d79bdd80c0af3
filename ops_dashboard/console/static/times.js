// Times in the zone that the user has chosen, and relative times that tick.
import { h } from "./dom.js";

const KEY = "coverstream-zone";
const HOUR_MINUTE = { hour: "2-digit", minute: "2-digit" };
const TICK_MS = 5000;
const A_DAY = /^\d{4}-\d{2}-\d{2}$/;

// As it was when the page was opened: a choice in another tab must not change what its fields mean.
let chosen = localStorage.getItem(KEY);

/** "UTC", or undefined for the browser's own zone, as Intl takes it. */
export const zone = () => (chosen === "UTC" ? "UTC" : undefined);

/** The name of the zone, for people. */
export const zoneName = () => zone() ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Choose "UTC" or "local"; listeners of "zonechange" on the document show their times again. */
export function chooseZone(name) {
  chosen = name;
  localStorage.setItem(KEY, name);
  document.dispatchEvent(new Event("zonechange"));
}

const format = (options) => (date) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone() }).format(date);

/** 14:07 */
export const clock = format(HOUR_MINUTE);
/** 29 Nov */
export const day = format({ day: "numeric", month: "short" });
/** 29 Nov, 14:07 */
export const dayAndClock = format({ day: "numeric", month: "short", ...HOUR_MINUTE });
/** 29 Nov, 14:07–15:07, or with both days. */
export function rangeText(from, to) {
  const [start, end] = [new Date(1000 * from), new Date(1000 * to)];
  return day(start) === day(end) ? `${dayAndClock(start)}–${clock(end)}` : `${dayAndClock(start)} – ${dayAndClock(end)}`;
}
const fullTime = format({ day: "numeric", month: "short", year: "numeric", ...HOUR_MINUTE, second: "2-digit" });

/** A time to the second: 29 Nov 2026, 14:07:31. */
export function moment(iso) {
  const date = new Date(iso);
  return A_DAY.test(iso) || Number.isNaN(date.getTime()) ? iso : fullTime(date);
}

const MINUTE = 16; // characters of a field's value up to its minute
const offsetS = (seconds) => (zone() ? 0 : 60 * new Date(1000 * seconds).getTimezoneOffset());

/** A time, in seconds, as the value of a field in the chosen zone, by default to the minute. */
export const fieldValue = (seconds, length = MINUTE) => new Date(1000 * (seconds - offsetS(seconds))).toISOString().slice(0, length);

/** The time of a field's value in the chosen zone, in seconds. */
export const fieldTime = (value) => Date.parse(zone() ? `${value}Z` : value) / 1000;

export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

function ago(iso) {
  const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
  if (A_DAY.test(iso) || Number.isNaN(seconds)) return iso;
  if (seconds < -5) return `in ${duration(-seconds)}`;
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

/** A relative time as an element that ticks, with the time itself as its title. */
export const timeAgo = (iso) => h("time", { class: "ago", datetime: iso, title: moment(iso) }, ago(iso));

function tick() {
  for (const each of document.querySelectorAll("time.ago")) {
    const text = ago(each.dateTime);
    if (each.textContent !== text) each.textContent = text;
    each.title = moment(each.dateTime);
  }
}

setInterval(tick, TICK_MS);
document.addEventListener("zonechange", tick);
