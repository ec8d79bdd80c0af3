/** Sends files by signed requests: whole, or in parts that are resumed.
 *
 * `api` begins and ends an upload on the server, which holds the credentials:
 *   begin(file)          → {type: "put", url, headers} or {type: "parts", part_bytes, missing}
 *   signParts(file, nos) → [{number, offset, bytes, url}]
 *   complete(file)       makes the object of its parts
 */

export const TRIES = 4;
export const PARTS_AT_ONCE = 3;
const FIRST_PAUSE_MS = 1_000;

/** What a person can read, and whether trying again may help. */
export class TransferError extends Error {
  constructor(message, { status = 0, again = false } = {}) {
    super(message);
    this.status = status;
    this.again = again;
  }
}

/** Upload a file; `progress(sent)` gets bytes, `signal` cancels. Throws a TransferError. */
export async function transfer(file, api, { progress = () => {}, signal } = {}) {
  const begun = await patiently(() => api.begin(file), signal);
  if (begun.type === "put") {
    await patiently(() => put(begun.url, file, begun.headers, progress, signal), signal);
    return;
  }
  await sendParts(file, api, begun, progress, signal);
  await patiently(() => api.complete(file), signal);
}

async function sendParts(file, api, begun, progress, signal) {
  const waiting = [...begun.missing];
  const sizeOf = (number) =>
    Math.min(begun.part_bytes, file.size - (number - 1) * begun.part_bytes);
  let done = file.size - waiting.reduce((sum, number) => sum + sizeOf(number), 0);
  const running = new Map();
  const report = () => progress(done + [...running.values()].reduce((sum, each) => sum + each, 0));
  report();
  const work = async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      // Signed for each try: a signature that has expired is no reason to begin again.
      const now = number;
      await patiently(async () => {
        const [part] = await api.signParts(file, [now]);
        const bytes = file.slice(part.offset, part.offset + part.bytes);
        await put(part.url, bytes, {}, (sent) => { running.set(now, sent); report(); }, signal);
      }, signal);
      running.delete(now);
      done += sizeOf(now);
      report();
    }
  };
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
}

/** Try up to four times, with pauses that double, what may succeed later. */
async function patiently(act, signal) {
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof TransferError) || !error.again || tried === TRIES) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (tried - 1) * (0.5 + Math.random()), signal);
    }
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); },
      { once: true });
  });
}

/** PUT by XMLHttpRequest, because fetch reports no progress of what is sent. */
function put(url, body, headers, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    signal?.addEventListener("abort", cancel, { once: true });
    request.open("PUT", url);
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onloadend = () => {
      signal?.removeEventListener("abort", cancel);
      if (signal?.aborted) reject(signal.reason);
      else if (request.status === 200) { progress(body.size); resolve(); }
      else reject(refusal(request.status));
    };
    request.send(body);
  });
}

function refusal(status) {
  if (status === 412) {
    return new TransferError("A file of this name was uploaded already.", { status });
  }
  if (status === 403) {
    return new TransferError("The permission for this file has expired.", { status });
  }
  const again = status === 0 || status >= 500 || status === 408 || status === 429 || status === 409;
  const message = status ? `The storage answered ${status}.` : "The connection was interrupted.";
  return new TransferError(message, { status, again });
}
