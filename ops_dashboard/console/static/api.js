// Requests to the console's API: single, and polling.
import { CONSOLE_GONE, NO_ANSWER, settled, show } from "./connection.js";

const READ_TIMEOUT_MS = 30000;
const RETRY_MS = { least: 5000, most: 10000 };
const changeToken = document.querySelector('meta[name="change-token"]').content;

/** An error response of the console, with its HTTP status. */
class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Whether the console has refused a request for what it asks, so that asking again is of no use. */
export const isRefusal = (error) => error.status >= 400 && error.status < 500;

async function request(path, options = {}) {
  let response, body;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
    body = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : null;
  } catch (error) {
    if (error.name === "TimeoutError") throw new ApiError("no answer", NO_ANSWER);
    throw new ApiError("the console does not answer", CONSOLE_GONE);
  }
  if (response.status === 401) {
    location.assign(`/login${query({ next: location.pathname + location.search })}`);
    throw new Error("signed out");
  }
  if (!response.ok) throw new ApiError(body?.error ?? `the console returned HTTP ${response.status}`, response.status);
  return body;
}

export const get = (path) => request(path, { signal: AbortSignal.timeout(READ_TIMEOUT_MS) });

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
    call.addEventListener("error", () => reject(new ApiError("the console does not answer", CONSOLE_GONE)));
    call.addEventListener("load", () =>
      call.status < 300 ? resolve(call.response) : reject(new ApiError(call.response?.error ?? `the console returned HTTP ${call.status}`, call.status)),
    );
    call.send(file);
  });
}

/** Return a query string of the values that are set. */
export function query(values) {
  const chosen = Object.entries(values).filter(([, value]) => value);
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}

/**
 * Call `load` now and every `everyMs` while the page is visible; `.now()` calls it at once.
 * `panel` is the element that says so if `load` fails: the page by default, nothing if it is null.
 */
export function poll(load, everyMs, panel) {
  let timer = 0;
  let running = null;
  let again = false;
  let failed = false;
  async function round() {
    clearTimeout(timer);
    if (running) {
      again = true;
      return running;
    }
    running = Promise.resolve().then(load).then(
      () => {
        failed = false;
        settled(load, panel, null);
      },
      (error) => {
        failed = true;
        settled(load, panel, error);
      },
    );
    await running;
    running = null;
    if (again) {
      again = false;
      return round();
    }
    const retryMs = Math.min(Math.max(everyMs, RETRY_MS.least), RETRY_MS.most);
    if (!document.hidden) timer = setTimeout(round, failed ? retryMs : everyMs);
    return undefined;
  }
  document.addEventListener("visibilitychange", () => {
    show();
    if (document.hidden) clearTimeout(timer);
    else round();
  });
  document.addEventListener("answered", () => failed && !document.hidden && round());
  round();
  return { now: round };
}
