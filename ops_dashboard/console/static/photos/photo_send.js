// What the console does of an upload: signs it, and completes the parts.
import { post } from "./api.js";
import { inTurn, isFresh, put, withTries } from "./sending.js";

/** Answers that say that S3 does not know an upload in parts: it forgets them after a day. */
const FORGOTTEN = [400, 404, 410];

/** Send a whole file. `begun` is the server's answer; `sign` gets another one. */
export async function sendWhole(begun, file, sign, signal, onSent) {
  let current = begun;
  let lost = false;
  let refused = false;
  await withTries(signal, () => inTurn(signal, async () => {
    try {
      if (refused || !isFresh(current.upload)) current = await sign();
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

/** Return the server of an entry's upload in parts (`sendParts`); `begin` begins it anew. */
export function partsServer(entry, begin) {
  const ask = (action, fields = {}) => post(`/api/photos/uploads/${action}`, { upload: entry.upload, ...fields });
  async function sentParts() {
    try {
      return await ask("sent");
    } catch (error) {
      if (!FORGOTTEN.includes(error.status)) throw error;
      await begin();
      return [];
    }
  }
  return {
    async open() {
      const known = new Map((await sentParts()).map((part) => [part.number, part.bytes]));
      const { bytes, part_bytes: partBytes } = entry.upload;
      const size = (number) => Math.min(partBytes, bytes - (number - 1) * partBytes);
      const numbers = Array.from({ length: Math.ceil(bytes / partBytes) }, (_, at) => at + 1);
      return { part_bytes: partBytes, missing: numbers.filter((number) => known.get(number) !== size(number)) };
    },
    sign: (numbers) => ask("parts", { numbers }),
    complete: () => ask("complete"),
  };
}
