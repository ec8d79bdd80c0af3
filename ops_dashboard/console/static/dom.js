// DOM elements without markup: text is only ever set as text, so a creator's name or a URL can
// never become an element.

// Invisible characters and those that change the text direction; joiners (scripts, emoji) may stay.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const EACH_HIDDEN = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0])/u;
const JOINERS = new Set(["\u200c", "\u200d"]);

export const $ = (id) => document.getElementById(id);

/** Create an element: attributes, `on…` listeners, `css` (styles), `data` (dataset), children. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "css") {
      for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(3).filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

/** Replace the children of `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(3).filter((each) => each !== null && each !== undefined && each !== false));
}

/** A name as an element: isolated from the direction of the text around it, hidden characters shown. */
export function nameElement(text) {
  const parts = text.split(EACH_HIDDEN).filter((part) => part !== "");
  return h(
    "bdi",
    { class: "name" },
    parts.map((part) =>
      HIDDEN.test(part) && !JOINERS.has(part) ? h("span", { class: "hidden-char" }, code(part)) : part,
    ),
  );
}

/** The same as a string, for labels and titles. */
export function visibleText(text) {
  return [...text].map((each) => (HIDDEN.test(each) && !JOINERS.has(each) ? `[${code(each)}]` : each)).join("");
}

function code(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Keep one child of `parent` per item, in order; only changed items are recreated, so focus stays. */
export function updateList(parent, items, keyOf, create) {
  const before = new Map([...parent.children].map((child) => [child.listKey, child]));
  const children = items.map((item) => {
    const key = keyOf(item);
    const signature = JSON.stringify(item);
    const old = before.get(key);
    if (old && old.listSignature === signature) return old;
    const child = create(item);
    child.listKey = key;
    child.listSignature = signature;
    if (old) moveFocus(old, child);
    return child;
  });
  const focused = document.activeElement;
  if (children.length !== parent.children.length || children.some((child, at) => child !== parent.children[at])) {
    parent.replaceChildren(...children);
    if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
  }
}

function moveFocus(old, child) {
  const focused = document.activeElement;
  if (!old.contains(focused)) return;
  const at = [old, ...old.querySelectorAll("*")].indexOf(focused);
  queueMicrotask(() => [child, ...child.querySelectorAll("*")][at]?.focus({ preventScroll: true }));
}

let last = 0;
/** An id that is unique on this page, for labels. */
export const newId = (prefix) => `${prefix}-${++last}`;

export function toast(text, kind = "ok") {
  const message = h("p", { class: `toast ${kind}` }, text);
  $("toasts").append(message);
  setTimeout(() => message.remove(), kind === "bad" ? 12000 : 6000);
}

export function emptyState(title, hint) {
  return h("div", { class: "blank" }, h("p", { class: "blank-title" }, title), hint ? h("p", { class: "hint" }, hint) : null);
}

export function pill(status) {
  return h("span", { class: `pill ${status}` }, status);
}
