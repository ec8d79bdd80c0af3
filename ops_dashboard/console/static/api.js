// Requests to the console's API: single, and polling.
import { $ } from "./dom.js";

const changeToken = document.querySelector('meta[name="change-token"]').content;

/** An error response of the console, with its HTTP status. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function request(path, options = {}) {
  const response = await fetch(path, { credentials: "same-origin", ...options });
  if (response.status === 401) {
    location.assign(`/login${query({ next: location.pathname + location.search })}`);
    throw new Error("signed out");
  }
  const body = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : null;
  if (!response.ok) throw new ApiError(body?.error ?? `the console returned HTTP ${response.status}`, response.status);
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

/** Upload a file; `onProgress` gets the part sent, 0 to 1 (fetch reports no upload progress). */
export function send(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.responseType = "json";
    call.setRequestHeader("Content-Type", file.type || "text/csv");
    call.setRequestHeader("X-Coverstream-Change", changeToken);
    call.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
    call.addEventListener("error", () => reject(new Error("the console cannot be reached")));
    call.addEventListener("load", () =>
      call.status < 300 ? resolve(call.response) : reject(new Error(call.response?.error ?? `the console returned HTTP ${call.status}`)),
    );
    call.send(file);
  });
}

/** Return a query string of the values that are set. */
export function query(values) {
  const chosen = Object.entries(values).filter(([, value]) => value);
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}

const failing = new Set();

function showConnection() {
  const text = failing.size ? "unreachable" : document.hidden ? "paused" : "live";
  if ($("live-text").textContent !== text) $("live-text").textContent = text;
  $("live").classList.toggle("off", failing.size > 0);
}

/** Call `load` now and every `everyMs` while the page is visible; `.now()` calls it at once. */
export function poll(load, everyMs) {
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
        await load();
        failing.delete(load);
      } catch (error) {
        failing.add(load);
        console.warn(error.message);
      }
      showConnection();
    })();
    await running;
    running = null;
    if (again) {
      again = false;
      return round();
    }
    if (!document.hidden) timer = setTimeout(round, failing.has(load) ? Math.max(everyMs, 5000) : everyMs);
    return undefined;
  }
  document.addEventListener("visibilitychange", () => {
    showConnection();
    if (document.hidden) clearTimeout(timer);
    else round();
  });
  round();
  return { now: round };
}
