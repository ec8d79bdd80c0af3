// Asking the console, once or again and again.
import { $ } from "./dom.js";

const changeToken = document.querySelector('meta[name="change-token"]').content;

async function request(path, options = {}) {
  const response = await fetch(path, { credentials: "same-origin", ...options });
  if (response.status === 401) {
    location.assign("/login");
    throw new Error("signed out");
  }
  const body = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : null;
  if (!response.ok) throw new Error(body?.error ?? `the console answered ${response.status}`);
  return body;
}

export const get = (path) => request(path);

export function post(path, value) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Coverstream-Change": changeToken },
    body: JSON.stringify(value),
  });
}

/** Send a file and tell how far it is; fetch cannot tell, XMLHttpRequest can. */
export function send(path, file, tell) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.responseType = "json";
    call.setRequestHeader("Content-Type", file.type || "text/csv");
    call.setRequestHeader("X-Coverstream-Change", changeToken);
    call.upload.addEventListener("progress", (event) => tell(event.loaded / event.total));
    call.addEventListener("error", () => reject(new Error("the console cannot be reached")));
    call.addEventListener("load", () =>
      call.status < 300 ? resolve(call.response) : reject(new Error(call.response?.error ?? `the console answered ${call.status}`)),
    );
    call.send(file);
  });
}

export function query(values) {
  const chosen = Object.entries(values).filter(([, value]) => value);
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}

const failing = new Set();

function show() {
  const text = failing.size ? "not reachable" : document.hidden ? "paused" : "live";
  if ($("live-text").textContent !== text) $("live-text").textContent = text;
  $("live").classList.toggle("off", failing.size > 0);
}

/** Call `look` now and every `everyMs` while the page is seen; `.now()` asks at once. */
export function live(look, everyMs) {
  let timer = 0;
  let running = null;
  let again = false;
  async function round() {
    clearTimeout(timer);
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      try {
        await look();
        failing.delete(look);
      } catch (error) {
        failing.add(look);
        console.warn(error.message);
      }
      show();
    })();
    await running;
    running = null;
    if (again) {
      again = false;
      return round();
    }
    if (!document.hidden) timer = setTimeout(round, failing.has(look) ? Math.max(everyMs, 5000) : everyMs);
    return undefined;
  }
  document.addEventListener("visibilitychange", () => {
    show();
    if (document.hidden) clearTimeout(timer);
    else round();
  });
  round();
  return { now: round };
}
