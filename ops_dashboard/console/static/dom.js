// Elements without markup: text is only ever set as text, so nothing that comes from a creator's
// name or a URL can become an element.

// Characters that show nothing or turn the reading direction; joiners of scripts and emoji may stay.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const EACH_HIDDEN = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0])/u;
const JOINERS = new Set(["\u200c", "\u200d"]);

export const $ = (id) => document.getElementById(id);

/** Make an element: attributes, `on…` listeners, `css` (custom properties and styles), children. */
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

export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(3).filter((each) => each !== null && each !== undefined && each !== false));
}

/** A name as people may see it: isolated from the text around it, with what hides made visible. */
export function name(text) {
  const parts = text.split(EACH_HIDDEN).filter((part) => part !== "");
  return h(
    "bdi",
    { class: "name" },
    parts.map((part) =>
      HIDDEN.test(part) && !JOINERS.has(part) ? h("span", { class: "hidden-char" }, code(part)) : part,
    ),
  );
}

/** The same for places that take text only: labels and titles. */
export function plain(text) {
  return [...text].map((each) => (HIDDEN.test(each) && !JOINERS.has(each) ? `[${code(each)}]` : each)).join("");
}

function code(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Keep one child for each item, in order; only what changed is made anew, so focus stays. */
export function keyed(parent, items, keyOf, make) {
  const before = new Map([...parent.children].map((child) => [child.keyedAs, child]));
  const children = items.map((item) => {
    const key = keyOf(item);
    const signature = JSON.stringify(item);
    const old = before.get(key);
    if (old && old.keyedSignature === signature) return old;
    const child = make(item);
    child.keyedAs = key;
    child.keyedSignature = signature;
    if (old) refocus(old, child);
    return child;
  });
  const focused = document.activeElement;
  if (children.length !== parent.children.length || children.some((child, at) => child !== parent.children[at])) {
    parent.replaceChildren(...children);
    if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
  }
}

function refocus(old, child) {
  const focused = document.activeElement;
  if (!old.contains(focused)) return;
  const at = [old, ...old.querySelectorAll("*")].indexOf(focused);
  queueMicrotask(() => [child, ...child.querySelectorAll("*")][at]?.focus({ preventScroll: true }));
}

let last = 0;
/** An id of this page's own, for labels. */
export const newId = (prefix) => `${prefix}-${++last}`;

export function toast(text, kind = "ok") {
  const box = h("p", { class: `toast ${kind}` }, text);
  $("toasts").append(box);
  setTimeout(() => box.remove(), kind === "bad" ? 12000 : 6000);
}

export function empty(title, hint) {
  return h("div", { class: "blank" }, h("p", { class: "blank-title" }, title), hint ? h("p", { class: "hint" }, hint) : null);
}

export function pill(status) {
  return h("span", { class: `pill ${status}` }, status);
}
