/** The page of an upload link. The link is after the "#" of the address, so no log has it. */

import { transfer, TransferError } from "./transfer.js";

const FILES_AT_ONCE = 2;
const link = decodeURIComponent(location.hash.slice(1));
const element = (id) => document.getElementById(id);
const waiting = [];
let running = 0;
let sent = 0;

async function ask(action, fields) {
  const body = JSON.stringify({ link, ...fields });
  let response;
  try {
    response = await fetch(action, { method: "POST", headers: await headersOf(body), body });
  } catch {
    throw new TransferError("The connection was interrupted.", { again: true });
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const again = response.status >= 500 || response.status === 429;
  throw new TransferError(answer.error ?? `The server answered ${response.status}.`, {
    status: response.status,
    again,
  });
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

const api = {
  begin: (file) =>
    ask("begin", { name: file.name, bytes: file.size, content_type: file.type }),
  signParts: async (file, numbers) => (await ask("parts", { name: file.name, numbers })).parts,
  complete: (file) => ask("complete", { name: file.name }),
  abort: (file) => ask("abort", { name: file.name }),
};

const megabytes = (bytes) =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e5) / 10} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

async function describe() {
  const offer = await ask("describe", {});
  element("title").textContent = offer.gallery
    ? `Upload photos to “${offer.gallery}”`
    : "Upload images";
  const until = new Date(offer.expires_at * 1_000).toLocaleString();
  const files = `${offer.files_left} more ${offer.files_left === 1 ? "file" : "files"}`;
  element("offer").textContent = offer.files_left
    ? `Until ${until}: ${files}, ${megabytes(offer.bytes_left)} in all,`
      + ` up to ${megabytes(offer.max_file_bytes)} each.`
    : "This link is used up. Thank you!";
  element("form").hidden = offer.files_left === 0;
}

function add(files) {
  for (const file of files) waiting.push(row(file));
  next();
}

function row(file) {
  const item = document.createElement("li");
  const name = Object.assign(document.createElement("span"), {
    className: "name",
    textContent: `${file.name} (${megabytes(file.size)})`,
  });
  const button = Object.assign(document.createElement("button"), { type: "button" });
  const bar = Object.assign(document.createElement("progress"), { max: file.size || 1, value: 0 });
  const note = Object.assign(document.createElement("span"), { className: "note" });
  bar.setAttribute("aria-label", `Progress of ${file.name}`);
  item.append(name, button, bar, note);
  element("list").append(item);
  const entry = { file, item, button, bar, note };
  wait(entry);
  return entry;
}

function wait(entry) {
  entry.item.className = "";
  entry.note.textContent = "waiting";
  entry.button.textContent = "Cancel";
  entry.button.hidden = false;
  entry.controller = new AbortController();
  entry.button.onclick = () => entry.controller.abort();
}

function next() {
  while (running < FILES_AT_ONCE && waiting.length) {
    running += 1;
    send(waiting.shift()).finally(() => { running -= 1; next(); });
  }
}

async function send(entry) {
  const { file, bar, note, controller } = entry;
  note.textContent = "uploading";
  try {
    await transfer(file, api, {
      signal: controller.signal,
      progress: (bytes) => { bar.value = bytes; },
    });
    ended(entry, "done", "uploaded");
    sent += 1;
    element("summary").textContent = `${sent} uploaded.`;
  } catch (error) {
    if (controller.signal.aborted) await cancelled(entry);
    else ended(entry, "failed", error.message, error.status !== 412 && error.status !== 400);
  }
  await describe().catch(() => {});
}

async function cancelled(entry) {
  if (entry.bar.value > 0) await api.abort(entry.file).catch(() => {});
  ended(entry, "failed", "cancelled", true);
}

function ended(entry, state, message, again = false) {
  entry.item.className = state;
  entry.note.textContent = message;
  entry.button.hidden = !again;
  entry.button.textContent = "Try again";
  entry.button.onclick = () => { wait(entry); waiting.push(entry); next(); };
}

element("files").addEventListener("change", (event) => {
  add(event.target.files);
  event.target.value = "";
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    element("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && !element("form").hidden) add(event.dataTransfer.files);
  });
}
addEventListener("hashchange", () => location.reload());
addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
element("form").addEventListener("submit", (event) => event.preventDefault());
describe().catch((error) => { element("offer").textContent = error.message; });
