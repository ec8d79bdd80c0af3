// What the page asks the function of its link.
import { SendError } from "./sending.js";

/** A refusal of the function, in words for people, or no answer (`status` is 0). */
export class LinkError extends SendError {
  constructor(message, status) {
    super(message, status, status === 0 || status === 429 || status >= 500);
  }
}

/** CloudFront signs requests to the function, for which it needs the digest of the body. */
async function headersOf(body) {
  const headers = { "Content-Type": "application/json" };
  if (crypto.subtle) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
    headers["x-amz-content-sha256"] = [...new Uint8Array(digest)]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
  }
  return headers;
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Return the function as a link lets this page use it. */
export function linkServer(link) {
  async function ask(action, fields = {}) {
    const body = JSON.stringify({ link, ...fields });
    let response;
    try {
      response = await fetch(action, { method: "POST", headers: await headersOf(body), body });
    } catch {
      throw new LinkError("The connection was interrupted.", 0);
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const message = answer.error ?? `the server answered ${response.status}`;
    throw new LinkError(sentence(message), response.status);
  }

  return {
    describe: () => ask("describe"),
    abort: (name) => ask("abort", { name }),
    /** The server of a file's upload (`sendParts`). */
    upload: (file) => ({
      open: () => ask("begin", {
        name: file.name,
        bytes: file.size,
        content_type: file.type,
        modified: file.lastModified,
      }),
      sign: async (numbers) => (await ask("parts", { name: file.name, numbers })).parts,
      complete: () => ask("complete", { name: file.name }),
    }),
  };
}
