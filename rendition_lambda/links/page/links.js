// The page of an upload link. The link is after the "#" of the address, so no log has it.
import { LinkError, linkServer } from "./link_server.js";
import { makeRow } from "./rows.js";
import { SendError, sendParts } from "./sending.js";
import { bytes } from "./sizes.js";
import { isSame, Unfinished } from "./unfinished.js";

const FILES_AT_ONCE = 2;
const server = linkServer(decodeURIComponent(location.hash.slice(1)));
const element = (id) => document.getElementById(id);
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

let unfinished = null;
/** Uploads of an earlier visit, whose files have to be chosen again. */
let lost = [];
const waiting = [];
let running = 0;
let sent = 0;

async function start() {
  const offer = await server.describe();
  unfinished = new Unfinished(offer.id);
  lost = unfinished.all.map((known) => ({ known, row: addRow(known) }));
  for (const entry of lost) {
    entry.row.show("lost", "Interrupted: choose this file again to continue.", "Remove", () => forget(entry));
  }
  describe(offer);
}

/** Say what the link still allows. A used-up link takes the files of interrupted uploads only. */
function describe(offer) {
  const isUsedUp = !offer.files_left || !offer.bytes_left;
  const continues = lost.length > 0 || !unfinished.isKept;
  element("title").textContent = offer.gallery ? `Upload photos to “${offer.gallery}”` : "Upload images";
  element("offer").textContent = isUsedUp ? usedUp(continues) : stillOpen(offer);
  element("form").hidden = isUsedUp && !continues;
  element("invitation").textContent = isUsedUp ? "Drop the same files here" : "Drop photos here";
}

function stillOpen(offer) {
  const until = new Date(offer.expires_at * 1_000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const each = Math.min(offer.max_file_bytes, offer.bytes_left);
  return `Until ${until}: ${plural(offer.files_left, "more file")}, ${bytes(offer.bytes_left)} in all, up to ${bytes(each)} each.`;
}

function usedUp(continues) {
  if (continues) return "This link takes no further files. To continue an upload that was interrupted, choose the same file again.";
  return unfinished.all.length ? "This link takes no further files." : "This link takes no further files. Thank you!";
}

/** Describe the link anew; once it has ended, only say so. */
async function refresh() {
  try {
    describe(await server.describe());
  } catch (error) {
    if (error.status === 403) end(error);
  }
}

function end(error) {
  element("form").hidden = true;
  element("offer").textContent = error.message;
}

function addRow(file) {
  const row = makeRow(file);
  element("list").append(row.item);
  return row;
}

function add(files) {
  for (const file of files) {
    const entry = lost.find(({ known }) => known.name === file.name);
    lost = lost.filter((each) => each !== entry);
    const continues = entry && isSame(entry.known, file);
    if (entry && !continues) entry.row.item.remove();
    wait({ file, row: continues ? entry.row : addRow(file) });
  }
}

function wait(entry) {
  entry.controller = new AbortController();
  entry.row.show("waiting", "waiting", "Cancel", () => {
    waiting.splice(waiting.indexOf(entry), 1);
    cancel(entry);
  });
  waiting.push(entry);
  next();
}

function next() {
  while (running < FILES_AT_ONCE && waiting.length) {
    running += 1;
    send(waiting.shift()).finally(() => {
      running -= 1;
      refresh();
      next();
    });
  }
}

async function send(entry) {
  const { file, row, controller: { signal } } = entry;
  row.show("sending", "uploading", "Cancel", () => entry.controller.abort());
  try {
    unfinished.add(file);
    await sendParts(file, server.upload(file), signal, row.progress);
    unfinished.remove(file);
    row.show("done", "uploaded");
    sent += 1;
    element("summary").textContent = `${plural(sent, "file")} uploaded.`;
  } catch (error) {
    if (signal.aborted) await cancel(entry);
    else fail(entry, error);
  }
}

function fail(entry, error) {
  const isRefused = error instanceof LinkError && !error.passing;
  if (isRefused) unfinished.remove(entry.file);
  if (isRefused) entry.row.show("failed", error.message);
  else entry.row.show("failed", problemOf(error), "Try again", () => wait(entry));
}

function problemOf(error) {
  if (!(error instanceof SendError) || error instanceof LinkError) return error.message;
  return error.status ? `The storage answered ${error.status}.` : "The connection was interrupted.";
}

async function cancel(entry) {
  unfinished.remove(entry.file);
  entry.row.show("failed", "cancelled", "Try again", () => wait(entry));
  await removeParts(entry.file);
}

function forget(entry) {
  unfinished.remove(entry.known);
  lost = lost.filter((each) => each !== entry);
  entry.row.item.remove();
  removeParts(entry.known);
  refresh();
}

/** What stays of an upload that nobody continues is removed by S3 after a day. */
const removeParts = ({ name }) =>
  server.abort(name).catch((error) => console.info(`parts of ${name} stay for a day: ${error.message}`));

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
start().catch(end);
