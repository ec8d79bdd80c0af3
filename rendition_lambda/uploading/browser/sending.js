// Sends files to S3 by requests that a server has signed. Plain XHR, because fetch reports no upload
// progress. The console's page of photos and the page of upload links use it.

const REQUESTS_AT_ONCE = 3;
const TRIES = 4;
const FIRST_PAUSE_MS = 600;
const SIGNED_AT_ONCE = 12;
const MARGIN_MS = 60_000;
/** Answers after which the server says anew what is missing: S3 has not, or no more, what it was sent. */
const NOT_THERE = [404, 410, 428];

// 403 may be a signature that has expired, and 409 another request about the same key.
const isPassing = (status) => [0, 403, 408, 409, 429].includes(status) || status >= 500;

/** A request that failed; `status` is 0 if no answer came, `passing` says whether to try again. */
export class SendError extends Error {
  constructor(message, status, passing = isPassing(status)) {
    super(message);
    this.status = status;
    this.passing = passing;
  }
}

let free = REQUESTS_AT_ONCE;
const waiting = [];

/** Run `work` once fewer than three requests are being sent, whichever files they belong to. */
export async function inTurn(signal, work) {
  if (free === 0) await new Promise((resolve) => waiting.push(resolve));
  else free -= 1;
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    if (waiting.length) waiting.shift()();
    else free += 1;
  }
}

/** PUT a blob; `onSent` gets the bytes sent so far. */
export function put(url, headers, blob, signal, onSent) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted(); // which rejects
    const call = new XMLHttpRequest();
    const abort = () => call.abort();
    const end = (settle, value) => {
      signal.removeEventListener("abort", abort);
      settle(value);
    };
    call.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    call.upload.addEventListener("progress", (event) => onSent(event.loaded));
    call.addEventListener("load", () =>
      call.status >= 200 && call.status < 300 ? end(resolve) : end(reject, new SendError(`S3 answered HTTP ${call.status}`, call.status)));
    call.addEventListener("error", () => end(reject, new SendError("the connection was cut", 0)));
    call.addEventListener("abort", () => end(reject, signal.reason));
    signal.addEventListener("abort", abort);
    call.send(blob);
  });
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

/** Try up to four times, with growing pauses; `attempt` gets the number of the try, from 1. */
export async function withTries(signal, attempt) {
  for (let number = 1; ; number += 1) {
    signal.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      if (signal.aborted || !error.passing || number === TRIES) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (number - 1) * (0.75 + Math.random() / 2), signal);
    }
  }
}

/** Whether a signed request can still be sent. */
export const isFresh = (request) => request.expires_at * 1000 > Date.now() + MARGIN_MS;

/**
 * Send a file in parts, those that S3 does not have yet. `server` is about this one upload:
 *   open()        → { part_bytes, missing }: how long parts are, and the numbers of those to be sent
 *   sign(numbers) → [{ number, offset, bytes, url, expires_at }]
 *   complete()    makes the object of its parts; safe to call again
 */
export async function sendParts(file, server, signal, onSent) {
  for (let round = 1; ; round += 1) {
    try {
      await sendMissing(file, server, signal, onSent);
      return await withTries(signal, () => server.complete());
    } catch (error) {
      if (signal.aborted || !NOT_THERE.includes(error.status) || round === TRIES) throw error;
    }
  }
}

async function sendMissing(file, server, signal, onSent) {
  const { part_bytes: partBytes, missing } = await withTries(signal, () => server.open());
  const size = (number) => Math.min(partBytes, file.size - (number - 1) * partBytes);
  const there = file.size - missing.reduce((sum, number) => sum + size(number), 0);
  const sent = new Map();
  const report = () => onSent([...sent.values()].reduce((sum, each) => sum + each, there));
  report();
  for (let at = 0; at < missing.length; at += SIGNED_AT_ONCE) {
    const parts = await withTries(signal, () => server.sign(missing.slice(at, at + SIGNED_AT_ONCE)));
    signal.throwIfAborted();
    const end = new AbortController(); // a part that failed for good stops the others, too
    signal.addEventListener("abort", () => end.abort(signal.reason), { once: true });
    await Promise.all(parts.map((part) => sendPart(part, end.signal).catch((error) => end.abort(error))));
    end.signal.throwIfAborted();
  }

  async function sendPart(first, stop) {
    let part = first;
    await withTries(stop, (number) => inTurn(stop, async () => {
      if (number > 1 || !isFresh(part)) [part] = await server.sign([part.number]);
      try {
        await put(part.url, {}, file.slice(part.offset, part.offset + part.bytes), stop, (count) => {
          sent.set(part.number, count);
          report();
        });
        sent.set(part.number, part.bytes);
      } catch (error) {
        sent.delete(part.number);
        throw error;
      } finally {
        report();
      }
    }));
  }
}
