// A CSV onto the page: checked here, checked again by the server, then its batch is watched.
import { get, live, query, send } from "./api.js";
import { batchRow, refusals } from "./batches.js";
import { $, empty, fill, h, keyed, toast } from "./dom.js";
import "./shell.js";
import { bytes, int } from "./words.js";

const MAX_BYTES = 256 * 1024 * 1024;
const WANTED = ["creator_name", "cover_url", "created_at"];
const HEAD_BYTES = 65536;
let file = null;

/** The fields of the first line, quotes and all; the mark at the start of a file is left out. */
export function headerOf(text) {
  const fields = [];
  let field = "";
  let quoted = false;
  const clean = text.replace(/^\ufeff/, "");
  for (let at = 0; at < clean.length; at += 1) {
    const each = clean[at];
    if (quoted) {
      if (each === '"' && clean[at + 1] === '"') {
        field += each;
        at += 1;
      } else if (each === '"') quoted = false;
      else field += each;
    } else if (each === '"' && !field) quoted = true;
    else if (each === ",") {
      fields.push(field.trim());
      field = "";
    } else if (each === "\n" || each === "\r") break;
    else field += each;
  }
  return [...fields, field.trim()];
}

async function problemOf(chosen) {
  if (!chosen.name.toLowerCase().endsWith(".csv")) return `${chosen.name} is not named .csv`;
  if (chosen.type && !/^(text\/(csv|plain)|application\/(csv|vnd\.ms-excel))$/.test(chosen.type)) return `${chosen.name} is ${chosen.type}, not text/csv`;
  if (chosen.size === 0) return `${chosen.name} is empty`;
  if (chosen.size > MAX_BYTES) return `${chosen.name} has ${bytes(chosen.size)}, more than ${bytes(MAX_BYTES)}; push it with stream-ingest`;
  const start = await chosen.slice(0, HEAD_BYTES).arrayBuffer();
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
  } catch {
    return `${chosen.name} is not UTF-8 text`;
  }
  if (text.includes("\0")) return `${chosen.name} is no text`;
  const header = headerOf(text);
  const missing = WANTED.filter((column) => !header.includes(column));
  return missing.length ? `the header lacks ${missing.join(" and ")}; it has ${header.join(", ")}` : null;
}

function complain(text) {
  $("problem").textContent = text ?? "";
  $("problem").hidden = !text;
}

async function choose(chosen) {
  file = null;
  $("send").disabled = true;
  fill($("checked"));
  complain(null);
  if (!chosen) return;
  const problem = await problemOf(chosen);
  if (problem) {
    complain(problem);
    return;
  }
  file = chosen;
  fill($("checked"), h("p", { class: "notice good" }, h("b", {}, chosen.name), `, ${bytes(chosen.size)}: type and columns are right`));
  $("send").disabled = false;
}

$("file").addEventListener("change", () => choose($("file").files[0]));
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => !event.relatedTarget && $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  const files = event.dataTransfer.files;
  if (files.length > 1) complain("one file at a time");
  else choose(files[0]);
});

$("upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!file) return;
  const sent = file;
  $("send").disabled = true;
  $("sending").hidden = false;
  complain(null);
  try {
    const upload = await send(`/api/uploads${query({ name: sent.name, flush: $("flush").value })}`, sent, (part) => {
      $("sending").value = part;
    });
    toast(`${sent.name} is batch ${upload.batch_id}.`);
    $("upload").reset();
    await choose(null);
    uploads.now();
  } catch (error) {
    complain(error.message);
    $("send").disabled = false;
  }
  $("sending").hidden = true;
});

function uploadRow({ upload, row }) {
  return h("div", { class: "upload", data: { batch: upload.batch_id } },
    h("p", { class: "upload-name" }, h("b", {}, upload.name), h("span", { class: "quiet" }, ` ${bytes(upload.bytes)}`)),
    row ? batchRow(row) : h("p", { class: "quiet" }, upload.state === "failed" ? "no row went in" : "being checked and sent …"),
    row ? h("p", {}, refusals(row.progress.refused)) : null,
    upload.error ? h("p", { class: "notice bad" }, upload.error) : null);
}

const uploads = live(async () => {
  const [mine, { batches }] = await Promise.all([get("/api/uploads"), get("/api/batches")]);
  const rows = new Map(batches.map((row) => [row.progress.batch_id, row]));
  const shown = mine.map((upload) => ({ upload, row: rows.get(upload.batch_id) ?? null }));
  if (shown.length) keyed($("uploads"), shown, (each) => each.upload.batch_id, uploadRow);
  else $("uploads").replaceChildren(empty("Nothing was uploaded yet", "A file that you upload is followed here until its collages are built."));
  document.title = shown.some(({ row }) => row && !row.progress.ended) ? `Upload · ${int(shown.length)} under way` : "Upload · Coverstream";
}, 1000);
