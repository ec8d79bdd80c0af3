// Numbers, times and reasons as people read them.

const INT = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const int = (value) => INT.format(value);
const SMALL = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

/** A figure as short as it can be read: 0.0012, 3.25, 9,999, 12.3K. */
export function compact(value) {
  const size = Math.abs(value);
  if (size < 1) return SMALL.format(value);
  return size < 10000 ? INT.format(Math.round(value * 100) / 100) : COMPACT.format(value);
}

export function plural(count, noun) {
  return `${int(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function bytes(count) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  let value = count;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[at]}`;
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export function ago(iso) {
  if (/^\d{4}-\d{2}-\d{2}$/.test(iso)) return iso;
  const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
  if (Number.isNaN(seconds)) return iso;
  if (seconds < -5) return `in ${duration(-seconds)}`;
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

/** A moment in the reader's own zone, to the second. */
export function moment(iso) {
  if (/^\d{4}-\d{2}-\d{2}$/.test(iso)) return iso;
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export const REASONS = {
  expired: "its signature had run out before the download",
  forbidden: "401 or 403: how a CDN answers a dead signature",
  not_found: "404 or 410: it is no longer there",
  http_error: "a status that repeating does not mend",
  server_error: "429 or 5xx, after all attempts",
  timeout: "the attempt, the image or the window ran out of time",
  connection: "no connection, a broken one, or a body that ended early",
  blocked_address: "its host is no public address, or the port is not allowed",
  bad_url: "not an http(s) URL that can be fetched",
  too_many_redirects: "it was redirected too often",
  too_large: "more bytes than one image may have",
  not_an_image: "what came is not an image",
  unsupported_format: "an image of a format that is not decoded here",
  too_small: "smaller than 50×50 pixels",
  too_many_pixels: "more pixels than one image may have",
  truncated: "the image ends early",
  corrupt: "the image cannot be decoded",
  not_listed: "the window's own image list could not be read",
};

export const REFUSALS = {
  bad_json: "the cover column is neither a URL nor JSON that parses",
  no_url: "no URL in the cover column",
  bad_url: "no URL that is http(s) with a host",
  expired: "every URL's x-expires has passed: it would only answer 403",
  bad_creator: "no name, over 128 bytes, or control characters",
  bad_date: "no date that can be read",
  duplicate: "the creator's image is known already",
  quarantined: "its record could not be read",
};

export const CLOSED = {
  full: "it was full",
  idle: "no row came for its idle time",
  expiring: "its URLs were about to expire",
  "batch-end": "its batch ended",
};

/** The creator's running number of a window id, `charli:000012` → 12. */
export const windowNumber = (windowId) => Number(windowId.slice(windowId.lastIndexOf(":") + 1));
