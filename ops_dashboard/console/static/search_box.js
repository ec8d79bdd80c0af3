// The search box of every page, opened by its button or Ctrl-K: creators, windows and batches.
import { get, query } from "./api.js";
import { $, fill, h, nameElement } from "./dom.js";
import { windowNumber } from "./format.js";

const WAIT_MS = 180;
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
$("search-key").textContent = isMac ? "⌘K" : "Ctrl K";

const GROUPS = [
  ["creators", "Creators", (name) => [`/creators${query({ name })}`, nameElement(name)]],
  ["windows", "Windows", (id) => [`/gallery${query({ window: id })}`, [nameElement(id), h("span", { class: "quiet" }, `window ${windowNumber(id)}`)]]],
  ["batches", "Batches", (id) => [`/batches/${encodeURIComponent(id)}`, nameElement(id)]],
];

const list = h("div", { id: "search-list", role: "listbox", "aria-label": "Results" });
const note = h("p", { class: "hint search-note", role: "status" });
const input = h("input", {
  type: "search", role: "combobox", "aria-label": "Creator, window or batch", "aria-controls": "search-list", "aria-expanded": "false", "aria-autocomplete": "list",
  placeholder: "Creator, window or batch", autocomplete: "off", spellcheck: "false", oninput: later, onkeydown: steer,
});
const dialog = h("dialog", { class: "search-box", "aria-label": "Search", onclick: (event) => event.target === dialog && dialog.close() }, input, list, note);
document.body.append(dialog);

let options = [];
let chosen = -1;
let timer = 0;

function choose(at) {
  options[chosen]?.setAttribute("aria-selected", "false");
  chosen = options.length ? (at + options.length) % options.length : -1;
  const option = options[chosen];
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function steer(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose(chosen < 0 && step < 0 ? -1 : chosen + step);
  else if (event.key === "Enter" && options[chosen]) options[chosen].click();
  else return;
  event.preventDefault();
}

function draw(found, text) {
  fill(list, GROUPS.filter(([kind]) => found[kind].length).map(([kind, title, make]) =>
    h("div", { role: "group", "aria-label": title }, h("p", { class: "search-group", "aria-hidden": "true" }, title), found[kind].map((name, at) => {
      const [href, label] = make(name);
      return h("a", { href, role: "option", id: `search-${kind}-${at}`, tabindex: "-1", "aria-selected": "false" }, label);
    }))));
  options = [...list.querySelectorAll("[role=option]")];
  input.setAttribute("aria-expanded", String(options.length > 0));
  choose(0);
  note.textContent = !text ? "A name, a part of it, a window such as charli 12, or a batch's id."
    : !options.length ? `Nothing found.${found.complete ? "" : " There are more creators than were searched: type the whole name."}`
      : found.complete ? "" : "There are more creators: type more of the name.";
}

async function search() {
  const text = input.value.trim();
  try {
    const found = await get(`/api/search${query({ q: text })}`);
    if (text === input.value.trim()) draw(found, text);
  } catch (error) {
    draw({ creators: [], windows: [], batches: [], complete: true }, text);
    note.textContent = error.message;
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(search, WAIT_MS);
}

function open() {
  if (dialog.open) return;
  dialog.showModal();
  input.select();
  if (!input.value) draw({ creators: [], windows: [], batches: [], complete: true }, "");
}

$("search-open").addEventListener("click", open);
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
