// The range of the charts, in the address: a named one up to now, or from one time to another.
import { $, fill, h } from "./dom.js";
import { chooseZone, fieldTime, fieldValue, rangeText, zone, zoneName } from "./times.js";

const RANGES = ["15m", "1h", "3h", "12h", "1d", "7d", "30d"];
const KEY = "coverstream-range";
const MIN_S = 300;
const listeners = [];
let chosen = fromAddress();

/** The range that the address names, else the one that was chosen last. */
function fromAddress() {
  const values = new URLSearchParams(location.search);
  const [from, to] = ["from", "to"].map((name) => Date.parse(values.get(name) ?? "") / 1000);
  if (to - from >= MIN_S) return { from, to };
  const name = values.get("range") ?? localStorage.getItem(KEY);
  return { name: RANGES.includes(name) ? name : "1h" };
}

const minute = (seconds) => new Date(1000 * seconds).toISOString().replace(/:\d\d\.\d+Z/, "Z");

/** The range as parameters of the console's API. */
export const rangeQuery = () => (chosen.name ? { range: chosen.name } : { from: String(chosen.from), to: String(chosen.to) });

/** Call `listener` whenever another range is chosen. */
export const onRange = (listener) => listeners.push(listener);

function choose(range) {
  chosen = range;
  if (range.name) localStorage.setItem(KEY, range.name);
  const values = range.name ? { range: range.name } : { from: minute(range.from), to: minute(range.to) };
  history.pushState(null, "", `?${new URLSearchParams(values)}${location.hash}`);
  show();
  listeners.forEach((each) => each());
}

/** Show a range in seconds, widened to full minutes and to the shortest that is possible. */
export function zoom(from, to) {
  const more = Math.max(0, (MIN_S - (to - from)) / 2);
  choose({ from: Math.floor((from - more) / 60) * 60, to: Math.ceil((to + more) / 60) * 60 });
}

function show() {
  for (const button of $("range").children) {
    const is = button.dataset.range === chosen.name;
    button.setAttribute("aria-checked", String(is));
    button.tabIndex = is || (!chosen.name && button === $("range").firstElementChild) ? 0 : -1;
  }
  $("custom-text").textContent = chosen.name ? "Custom" : rangeText(chosen.from, chosen.to);
  $("custom").classList.toggle("chosen", !chosen.name);
  $("custom").open = false;
  for (const button of $("zone").children) button.setAttribute("aria-checked", String((button.dataset.zone === "UTC") === (zone() === "UTC")));
}

function radio(event, buttons, chooseAt) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const at = (buttons.indexOf(document.activeElement) + by + buttons.length) % buttons.length;
  chooseAt(at);
  buttons[at].focus();
}

fill($("range"), RANGES.map((name) => h("button", { type: "button", role: "radio", data: { range: name }, onclick: () => choose({ name }) }, name)));
$("range").addEventListener("keydown", (event) => radio(event, [...$("range").children], (at) => choose({ name: RANGES[at] })));
fill($("zone"), ["local", "UTC"].map((name) => h("button", { type: "button", role: "radio", title: name === "UTC" ? null : new Intl.DateTimeFormat().resolvedOptions().timeZone, data: { zone: name }, onclick: () => chooseZone(name) }, name === "UTC" ? "UTC" : "Local")));
$("zone").addEventListener("keydown", (event) => radio(event, [...$("zone").children], (at) => $("zone").children[at].click()));
$("custom").addEventListener("toggle", () => {
  if (!$("custom").open) return;
  const now = Date.now() / 1000;
  $("from").value = fieldValue(chosen.from ?? now - 3600);
  $("to").value = fieldValue(chosen.to ?? now);
  $("zone-name").textContent = zoneName();
});
$("custom-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [from, to] = [fieldTime($("from").value), fieldTime($("to").value)];
  $("to").setCustomValidity(to > from ? "" : "The end is not after the start.");
  if ($("custom-form").reportValidity()) zoom(from, to);
});
$("from").addEventListener("input", () => $("to").setCustomValidity(""));
$("to").addEventListener("input", () => $("to").setCustomValidity(""));
document.addEventListener("zonechange", show);
addEventListener("popstate", () => {
  chosen = fromAddress();
  show();
  listeners.forEach((each) => each());
});
show();
