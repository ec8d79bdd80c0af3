// Formats numbers and reasons for people; times are in times.js.
export { bytes } from "./sizes.js";
export { duration, moment } from "./times.js";

const INT = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const int = (value) => INT.format(value);
const SMALL = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

/** Format a number in a few characters: 0.0012, 3.25, 9,999, 12.3K. */
export function compact(value) {
  const size = Math.abs(value);
  if (size < 1) return SMALL.format(value);
  return size < 10000 ? INT.format(Math.round(value * 100) / 100) : COMPACT.format(value);
}

export function plural(count, noun) {
  return `${int(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export const FAILURE_REASONS = {
  expired: "its signature had expired before the download",
  forbidden: "401 or 403, which a CDN returns for an expired signature",
  not_found: "404 or 410: the image no longer exists",
  http_error: "an HTTP status that a retry does not change",
  server_error: "429 or 5xx on every attempt",
  timeout: "the attempt, the image or the window exceeded its time limit",
  connection: "no connection, or it was closed early",
  blocked_address: "the host's address is not public, or the port is not allowed",
  bad_url: "not a valid http(s) URL",
  too_many_redirects: "too many redirects",
  too_large: "more bytes than allowed for one image",
  not_an_image: "the response is not an image",
  unsupported_format: "an image format that is not supported",
  too_small: "smaller than 50×50 pixels",
  too_many_pixels: "more pixels than allowed for one image",
  truncated: "the image is incomplete",
  corrupt: "the image cannot be decoded",
  same_bytes: "its bytes are those of another cell",
  placeholder: "an image that the stack's setting refusedImages names",
  not_listed: "the window's own image list could not be read",
  abandoned: "no worker finished the window",
};

export const REFUSAL_REASONS = {
  bad_json: "the cover column is neither a URL nor valid JSON",
  no_url: "no URL in the cover column",
  bad_url: "no http(s) URL with a host",
  expired: "x-expires of every URL has passed, so a download would return 403",
  bad_creator: "the name is empty, over 128 bytes long, or has control characters",
  bad_date: "the date cannot be parsed",
  read_again: "pushed before, and no longer usable",
  duplicate: "this image of the creator is already known",
  quarantined: "its record could not be decoded",
  not_sent: "read, but its batch was abandoned before it was sent",
  blocked: "its creator was erased, and later rows are refused",
  deferred: "it waits until its creator's state can be read",
};

export const CLOSE_REASONS = {
  full: "it was full",
  idle: "no new row during its idle time",
  expiring: "its URLs were about to expire",
  "batch-end": "its batch ended",
};

/** The number in a window id: `charli:000012` → 12. */
export const windowNumber = (windowId) => Number(windowId.slice(windowId.lastIndexOf(":") + 1));

/** The creator in a window id, in which bytes that are no letter or digit are written as "=2F". */
export function creatorOf(windowId) {
  const key = windowId.slice(0, windowId.lastIndexOf(":"));
  try {
    return decodeURIComponent(key.replace(/=([0-9A-F]{2})/g, "%$1"));
  } catch {
    return key; // not UTF-8, and so no creator's
  }
}
