// Upload a CSV file. The server reads it to its end before it pushes a row, then its progress is shown.
import { get, poll, query, send } from "./api.js";
import { batchRow, refusals } from "./batches.js";
import { $, emptyState, fill, h, updateList, toast, visibleText } from "./dom.js";
import "./dead_count.js";
import { acceptDrops } from "./file_drop.js";
import { bytes, int } from "./format.js";

const MAX_BYTES = 256 * 1024 * 1024;
const SUFFIXES = /\.(csv|tsv|txt)(\.gz)?$/i;
let file = null;

function findProblem(chosen) {
  if (!SUFFIXES.test(chosen.name)) return `${chosen.name} is not a CSV file (.csv, .tsv or .txt, or one of these with .gz)`;
  if (chosen.size === 0) return `${chosen.name} is empty`;
  if (chosen.size > MAX_BYTES) return `${chosen.name} has ${bytes(chosen.size)}, more than ${bytes(MAX_BYTES)}; push it with stream-ingest`;
  return null;
}

function showProblem(text) {
  $("problem").textContent = text ?? "";
  $("problem").hidden = !text;
}

async function choose(chosen) {
  file = null;
  $("send").disabled = true;
  fill($("checked"));
  showProblem(null);
  if (!chosen) return;
  const problem = findProblem(chosen);
  if (problem) {
    showProblem(problem);
    return;
  }
  file = chosen;
  fill($("checked"), h("p", { class: "notice good" }, h("b", {}, chosen.name), `, ${bytes(chosen.size)}`));
  $("send").disabled = false;
}

function optionFields() {
  return [...$("options").querySelectorAll("input, select")];
}

function chosenOptions() {
  return Object.fromEntries(optionFields().filter((field) => field.value.trim()).map((field) => [field.name, field.value.trim()]));
}

/** Show the stack's defaults in the empty fields: as placeholders, and as the first choice of each list. */
async function showDefaults() {
  const defaults = await get("/api/uploads/defaults");
  for (const field of optionFields()) {
    if (!(field.name in defaults)) continue;
    const value = String(defaults[field.name]);
    if (field.tagName === "INPUT") field.placeholder = value;
    else field.options[0].textContent = `${[...field.options].find((each) => each.value === value)?.textContent ?? value} (default)`;
  }
}

showDefaults().catch((error) => showProblem(error.message));
$("file").addEventListener("change", () => choose($("file").files[0]));
acceptDrops(({ files }) => {
  if (files.length > 1) showProblem("upload one file at a time");
  else choose(files[0]);
});

$("upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!file) return;
  const sent = file;
  $("send").disabled = true;
  showProblem(null);
  try {
    await get("/api/ready");
  } catch (error) {
    showProblem(`The upload did not start: ${error.message}`);
    $("send").disabled = false;
    return;
  }
  $("sending").hidden = false;
  try {
    const upload = await send(`/api/uploads${query({ name: sent.name, flush: $("flush").value, ...chosenOptions() })}`, sent, (part) => {
      $("sending").value = part;
    });
    toast(`${sent.name} is batch ${upload.batch_id}.`);
    $("upload").reset();
    await choose(null);
    uploads.now();
  } catch (error) {
    showProblem(error.message);
    $("send").disabled = false;
  }
  $("sending").hidden = true;
});

const STATES = {
  receiving: ["receiving", "busy"],
  sending: ["sending", "busy"],
  sent: ["sent", ""],
  failed: ["failed", "failed"],
  interrupted: ["interrupted", "failed"],
};
const OPEN = ["receiving", "sending"];

/** How an upload is that has no batch yet, or none that is among the newest. */
function uploadState(upload) {
  const [label, kind] = STATES[upload.state] ?? [upload.state, ""];
  const text = upload.state === "interrupted" ? `The console on ${upload.owner.split("@").at(-1)} was stopped while it was ${upload.bytes ? "sending" : "receiving"} the file. Start it again there: it says how to continue.` : null;
  return [
    h("p", {}, h("span", { class: `pill ${kind}` }, label), h("a", { class: "upload-batch", href: `/batches/${encodeURIComponent(upload.batch_id)}` }, upload.batch_id)),
    text ? h("p", { class: "notice bad" }, visibleText(text)) : null,
  ];
}

function uploadRow({ upload, row, by }) {
  return h("div", { class: "upload", data: { batch: row?.progress.batch_id ?? upload.batch_id } },
    h("p", { class: "upload-name" },
      upload ? [h("b", {}, visibleText(upload.name)), h("span", { class: "quiet" }, ` ${bytes(upload.bytes)}`)] : h("b", {}, visibleText(row.progress.source ?? row.progress.trigger)),
      by ? h("span", { class: "quiet" }, ` · ${visibleText(by)}`) : null),
    row ? batchRow(row) : uploadState(upload),
    row ? h("p", {}, refusals(row.progress.refused)) : null,
    (upload?.remarks ?? []).map((each) => h("p", { class: "quiet" }, each)),
    upload?.error ? h("p", { class: "notice bad" }, visibleText(upload.error)) : null);
}

const SHOWN = 20;
const TRIGGERS = ["csv-push", "mysql-push"];

/** Uploads of all consoles, this one's as it knows them, and pushes of the command line; the newest first. */
function merge(own, all, rows) {
  const uploads = new Map(all.map((upload) => [upload.batch_id, upload]));
  own.forEach((upload) => uploads.set(upload.batch_id, { ...uploads.get(upload.batch_id), ...upload }));
  const shown = [...uploads.values()].map((upload) => {
    const row = rows.get(upload.batch_id) ?? null;
    return { upload, row, by: upload.owner, at: upload.started_at ?? row?.started_at ?? "9" };
  });
  const pushes = [...rows.values()].filter((row) => !uploads.has(row.progress.batch_id) && TRIGGERS.includes(row.progress.trigger));
  shown.push(...pushes.map((row) => ({ upload: null, row, by: row.progress.started_by, at: row.started_at })));
  return shown.sort((one, other) => (one.at < other.at ? 1 : -1)).slice(0, SHOWN);
}

function showUploads(shown) {
  if (shown.length) updateList($("uploads"), shown, (each) => each.upload?.batch_id ?? each.row.progress.batch_id, uploadRow);
  else $("uploads").replaceChildren(emptyState("No uploads yet", "The files that you upload are shown here, and what others upload or push."));
  const running = shown.filter(({ upload, row }) => (row ? !row.progress.ended : OPEN.includes(upload.state))).length;
  document.title = running ? `${int(running)} in progress · Upload` : "Upload · Coverstream";
}

let rows = new Map();
let everyone = [];
const uploads = poll(async () => {
  const [ours, all, newest] = ["/api/uploads", "/api/uploads/all", "/api/batches"].map(get);
  all.catch(() => null); // until it is awaited
  newest.catch(() => null);
  const own = await ours;
  try {
    everyone = await all;
    const { batches } = await newest;
    rows = new Map(batches.map((row) => [row.progress.batch_id, row]));
  } finally {
    showUploads(merge(own, everyone, rows)); // also while AWS does not answer: these are this console's own
  }
}, 8000, $("uploads").parentElement); // three requests each
