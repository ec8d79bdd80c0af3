// Sends one file to S3 by signed requests: whole, or in parts that are resumed. Plain XHR, because
// fetch reports no upload progress.
import { post } from "./api.js";

const REQUESTS_AT_ONCE = 3;
const TRIES = 4;
const FIRST_PAUSE_MS = 600;
const SIGNED_AT_ONCE = 12;

/** A request to S3 that failed; `status` is 0 if no answer came. */
export class SendError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

let free = REQUESTS_AT_ONCE;
const waiting = [];

/** Run `work` once fewer than three requests are being sent, whichever files they belong to. */
async function inTurn(signal, work) {
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
function put(url, headers, blob, signal, onSent) {
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

const isPassing = (status) => status === 0 || status === 403 || status === 408 || status === 429 || status >= 500;

/** Try up to four times, with growing pauses; `attempt` gets the number of the try, from 1. */
async function withTries(signal, attempt) {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (signal.aborted || !(error instanceof SendError) || !isPassing(error.status) || number === TRIES) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (number - 1) * (0.75 + Math.random() / 2), signal);
    }
  }
}

const signed = (part) => part.expires_at * 1000 > Date.now() + 60_000;

/** Send a whole file. `begun` is the server's answer; `sign` gets another one. */
export async function sendWhole(begun, file, sign, signal, onSent) {
  let current = begun;
  let lost = false;
  let refused = false;
  await withTries(signal, () => inTurn(signal, async () => {
    try {
      if (refused || !signed(current.upload)) current = await sign();
      await put(current.upload.url, current.upload.headers, file, signal, onSent);
    } catch (error) {
      onSent(0);
      // An answer may have been lost: then the file is there, and S3 refuses it the next time.
      if ([409, 412].includes(error.status) && lost && (await isStored(begun, file))) return;
      lost ||= error.status === 0 || error.status >= 500;
      refused = error.status === 403;
      throw error;
    }
  }));
  onSent(file.size);
}

async function isStored(begun, file) {
  const { stored } = await post("/api/photos/uploads/stored", { key: begun.upload.key, bytes: file.size, begun_at: begun.begun_at });
  return stored;
}

/** Send what S3 does not have yet of a file in parts, then have the server complete it. */
export async function sendParts(upload, file, signal, onSent) {
  for (let round = 1; ; round += 1) {
    await sendMissing(upload, file, signal, onSent);
    try {
      return await post("/api/photos/uploads/complete", { upload });
    } catch (error) {
      if (error.status !== 428 || round === TRIES) throw error; // parts are missing: send those
    }
  }
}

async function sendMissing(upload, file, signal, onSent) {
  const size = (number) => Math.min(upload.part_bytes, file.size - (number - 1) * upload.part_bytes);
  const sent = new Map();
  for (const part of await post("/api/photos/uploads/sent", { upload })) {
    if (part.bytes === size(part.number)) sent.set(part.number, part.bytes);
  }
  const report = () => onSent([...sent.values()].reduce((sum, each) => sum + each, 0));
  report();
  const numbers = Array.from({ length: Math.ceil(file.size / upload.part_bytes) }, (_, at) => at + 1).filter((number) => !sent.has(number));
  const sign = async (wanted) => post("/api/photos/uploads/parts", { upload, numbers: wanted });
  for (let at = 0; at < numbers.length; at += SIGNED_AT_ONCE) {
    const parts = await sign(numbers.slice(at, at + SIGNED_AT_ONCE));
    const failure = new AbortController(); // a part that failed for good stops the others
    const either = AbortSignal.any([signal, failure.signal]);
    const sending = parts.map((first) => sendPart(first, either).catch((error) => {
      failure.abort(error);
      throw error;
    }));
    await Promise.allSettled(sending);
    if (failure.signal.aborted) throw failure.signal.reason;
  }

  async function sendPart(first, stop) {
    let part = first;
    await withTries(stop, (number) => inTurn(stop, async () => {
      if (number > 1 || !signed(part)) [part] = await sign([part.number]);
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
