// The uploads of this page: which files wait, are sent, stopped, or wait for their result.
import { post } from "./api.js";
import { newId } from "./dom.js";
import { bytes } from "./format.js";
import { partsServer, sendWhole } from "./photo_send.js";
import { isSameFile } from "./photo_store.js";
import { SendError, sendParts } from "./sending.js";

const FILES_AT_ONCE = 3;
const CHECKED_AT_ONCE = 1000;
/** States in which nothing more happens by itself. */
const ENDED = new Set(["active", "failed", "skipped", "deleted", "refused", "cancelled"]);
const RENDERED = new Set(["active", "failed", "skipped", "deleted"]);
const TAKEN = "there is a photo of this name already";
const CUT = `the connection to S3 was cut. If that happens at once each time, S3 takes no uploads from this page: the setting photosCorsOrigins needs ${location.origin}`;
const DENIED = "S3 answered HTTP 403: the console's user may not put objects into the bucket of uploads, or its clock is wrong";

export class PhotoQueue {
  /** `changed` is called after every change, `progressed` when bytes were sent. */
  constructor(store, changed, progressed) {
    this.store = store;
    this.changed = changed;
    this.progressed = progressed;
    this.entries = store.load().map((entry) => this.#afterReload(entry));
    this.running = 0;
    this.added = 0;
  }

  #afterReload(entry) {
    const stays = ENDED.has(entry.state) || entry.state === "sent";
    return { ...entry, sent: 0, order: 0, file: null, ...(stays ? {} : { state: "lost", problem: null }) };
  }

  #update(entry, change = {}) {
    Object.assign(entry, change);
    this.store.save(this.entries);
    this.changed();
  }

  /** Add chosen files (`{ file, name }`); those of interrupted uploads continue these. */
  async add(chosen, target) {
    const fresh = chosen.filter(({ file, name }) => !this.#continue(file, name));
    for (let at = 0; at < fresh.length; at += CHECKED_AT_ONCE) {
      const part = fresh.slice(at, at + CHECKED_AT_ONCE);
      const checked = await post("/api/photos/uploads/check", { files: part.map(({ file, name }) => this.#request(file, name, target)) });
      const added = part.map(({ file, name }, index) => ({
        id: `${Date.now().toString(36)}-${newId("photo")}`,
        name,
        bytes: file.size,
        modified: file.lastModified,
        gallery: target.gallery,
        replace: target.replace,
        state: checked[index].problem ? "refused" : "waiting",
        problem: checked[index].problem,
        key: null,
        upload: null,
        revision: 0,
        sent: 0,
        order: (this.added += 1),
        file,
      }));
      this.entries = [...added, ...this.entries];
    }
    this.#update({});
    this.#run();
  }

  #continue(file, name) {
    const entry = this.entries.find((each) => ["lost", "stopped"].includes(each.state) && isSameFile(each, file, name));
    if (entry) Object.assign(entry, { file, state: "waiting", problem: null });
    return entry !== undefined;
  }

  #request(file, name, { gallery, replace }) {
    return { gallery, name, bytes: file.size, content_type: file.type, replace };
  }

  #run() {
    while (this.running < FILES_AT_ONCE) {
      const [next] = this.entries.filter((entry) => entry.state === "waiting").sort((one, other) => one.order - other.order);
      if (!next) return;
      this.running += 1;
      this.#send(next).finally(() => {
        this.running -= 1;
        this.#run();
      });
    }
  }

  async #send(entry) {
    entry.abort = new AbortController();
    this.#update(entry, { state: "sending", problem: null, sent: 0 });
    try {
      await this.#transfer(entry);
      this.#update(entry, { state: "sent", sent: entry.bytes, upload: null });
    } catch (error) {
      if (entry.abort.signal.aborted) return;
      this.#update(entry, { ...failure(error), sent: 0 });
    }
  }

  async #transfer(entry) {
    const signal = entry.abort.signal;
    const onSent = (count) => {
      entry.sent = count;
      this.progressed(entry);
    };
    const begin = async () => {
      const begun = await post("/api/photos/uploads", this.#request(entry.file, entry.name, entry));
      signal.throwIfAborted();
      this.#update(entry, { key: begun.upload.key, revision: begun.revision, upload: begun.upload.type === "parts" ? begun.upload : null });
      return begun;
    };
    const begun = entry.upload ? null : await begin();
    if (entry.upload) return sendParts(entry.file, partsServer(entry, begin), signal, onSent);
    return sendWhole(begun, entry.file, begin, signal, onSent);
  }

  cancel(entry) {
    entry.abort?.abort(new DOMException("cancelled", "AbortError"));
    const { upload } = entry;
    this.#update(entry, { state: "cancelled", upload: null, sent: 0, problem: null });
    if (upload) post("/api/photos/uploads/abort", { upload }).catch((error) => console.info(`S3 removes the parts after a day: ${error.message}`));
  }

  retry(entry, change = {}) {
    if (change.replace && entry.upload) entry.upload = { ...entry.upload, replace: true };
    this.#update(entry, { state: entry.file ? "waiting" : "lost", problem: null, ...change });
    this.#run();
  }

  retryStopped() {
    for (const entry of this.entries.filter((each) => each.state === "stopped" && each.file)) this.retry(entry);
  }

  remove(entry) {
    this.entries = this.entries.filter((each) => each !== entry);
    this.#update({});
  }

  clearEnded() {
    this.entries = this.entries.filter((entry) => !ENDED.has(entry.state));
    this.#update({});
  }

  /** Object keys of photos whose state is to be asked for: those not ended, and those of an earlier visit. */
  unknownKeys() {
    const wanted = this.entries.filter((entry) => entry.key && (entry.state === "sent" || (RENDERED.has(entry.state) && !entry.photo)));
    return [...new Set(wanted.map((entry) => entry.key))];
  }

  /** Take the states of photos from the server. */
  take(photos) {
    const byKey = new Map(photos.map((photo) => [photo.key, photo]));
    for (const entry of this.entries) {
      const photo = byKey.get(entry.key);
      if (!photo || (entry.state !== "sent" && !RENDERED.has(entry.state))) continue;
      const isNew = photo.revision > entry.revision && !photo.is_working && RENDERED.has(photo.status);
      entry.photo = photo;
      if (isNew) entry.state = photo.status;
    }
    this.#update({});
  }

  async renderAgain(entry) {
    await post("/api/photos/render", { key: entry.key });
    this.#update(entry, { state: "sent", revision: entry.photo?.revision ?? 0 });
  }

  /** Files, bytes and states of everything that was not refused or cancelled. */
  totals() {
    const counted = this.entries.filter((entry) => !["refused", "cancelled"].includes(entry.state));
    const isSent = (entry) => entry.state === "sent" || RENDERED.has(entry.state);
    return {
      files: counted.length,
      sent: counted.filter(isSent).length,
      bytes: counted.reduce((sum, entry) => sum + entry.bytes, 0),
      bytesSent: counted.reduce((sum, entry) => sum + (isSent(entry) ? entry.bytes : entry.sent), 0),
      rendered: counted.filter((entry) => entry.state === "active").length,
      failed: counted.filter((entry) => entry.state === "failed").length,
      refused: this.entries.filter((entry) => entry.state === "refused").length,
      stopped: counted.filter((entry) => entry.state === "stopped").length,
      lost: counted.filter((entry) => entry.state === "lost"),
      busy: counted.filter((entry) => ["waiting", "sending"].includes(entry.state)).length,
    };
  }
}

/** State and problem of an entry that could not be sent. */
function failure(error) {
  if (error.status === 409 || error.status === 412) return { state: "refused", problem: TAKEN, taken: true };
  if (error instanceof SendError) return { state: "stopped", problem: { 0: CUT, 403: DENIED }[error.status] ?? error.message };
  if (error.status >= 400 && error.status < 500) return { state: "refused", problem: error.message };
  return { state: "stopped", problem: error instanceof TypeError ? "the console cannot be reached" : error.message };
}

export const progressText = ({ bytesSent, bytes: all }) => `${bytes(bytesSent)} of ${bytes(all)}`;
