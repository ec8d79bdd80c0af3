// Upload photos to a gallery or to augmentation, see what becomes of them, and browse galleries.
import { get, poll, post, query } from "./api.js";
import { $, emptyState, fill, h, toast } from "./dom.js";
import "./dead_count.js";
import { acceptDrops } from "./file_drop.js";
import { bytes, int, plural } from "./format.js";
import { chosenFiles, droppedFiles } from "./dropped_files.js";
import { AUGMENTATION_GALLERY, makeGallery } from "./photo_gallery.js";
import { PhotoQueue, progressText } from "./photo_queue.js";
import { showJobs } from "./photo_jobs.js";
import { makeRows } from "./photo_rows.js";
import { makeStore } from "./photo_store.js";

const POLL_MS = 1500;
const STATES_AT_ONCE = 100;
const LAST_GALLERY = "coverstream-photos-gallery";

if ($("photos")) start();

function start() {
  const isAugmentation = () => document.querySelector("input[name=what]:checked").value === "augmentation";
  const queue = new PhotoQueue(makeStore($("photos").dataset.stack), changed, progressed);
  const rows = makeRows($("uploads"), queue, act, () => emptyState("No uploads yet", "The files that you choose are shown here with what becomes of them."));
  let limits = null;

  function showProblem(text) {
    $("problem").textContent = text ?? "";
    $("problem").hidden = !text;
  }

  async function act(button, work) {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      toast(error.message, "bad");
    }
    button.disabled = false;
  }

  function drawTotals() {
    const all = queue.totals();
    const parts = [];
    if (all.files) parts.push(`${int(all.sent)} of ${plural(all.files, "file")} uploaded`);
    if (all.busy) parts.push(progressText(all));
    if (all.rendered) parts.push(`${int(all.rendered)} rendered`);
    if (all.failed) parts.push(`${int(all.failed)} failed`);
    if (all.refused) parts.push(`${int(all.refused)} not uploaded`);
    const text = parts.join(" · ");
    if ($("total-text").textContent !== text) $("total-text").textContent = text;
    $("total").hidden = all.busy < 2; // one file has a bar of its own
    $("total").value = all.bytes ? all.bytesSent / all.bytes : 0;
    document.title = all.busy ? `Photos · ${Math.floor((100 * all.bytesSent) / Math.max(all.bytes, 1))} %` : "Photos · Coverstream";
    return all;
  }

  function drawResume({ stopped, lost }) {
    $("resume").hidden = stopped < 2 && !lost.length;
    fill($("resume"),
      stopped > 1 ? [h("span", {}, `${plural(stopped, "upload")} stopped.`), h("button", { type: "button", class: "small", onclick: () => queue.retryStopped() }, "Resume all")] : null,
      lost.length ? h("span", {}, `${plural(lost.length, "upload")} ${lost.length === 1 ? "was" : "were"} interrupted: choose or drop the same ${lost.length === 1 ? "file" : "files"} again, and what was sent is not sent twice.`) : null);
  }

  let isDrawing = false;
  function changed() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      rows.draw();
      drawResume(drawTotals());
      $("clear").hidden = !queue.entries.some((entry) => !["waiting", "sending", "sent", "stopped", "lost"].includes(entry.state));
    });
  }

  function progressed(entry) {
    rows.drawProgress(entry);
    drawTotals();
  }

  function showTarget() {
    $("gallery-part").hidden = isAugmentation();
    const recipe = limits?.recipes[isAugmentation() ? "augmentation" : "renditions"];
    if (!recipe) return;
    const sizes = recipe.outputs.map(([name, width, height]) => `${name} ${width} × ${height}`).join(", ");
    $("becomes").textContent = isAugmentation() ? `Each image becomes a square and its rotations: ${recipe.outputs.map(([name]) => name).join(", ")}.` : `Each photo becomes ${int(recipe.outputs.length)} JPEGs that fit inside: ${sizes}.`;
    $("accepted").textContent = `${limits.formats.join(", ")}; up to ${bytes(recipe.max_bytes)} each`;
    $("files").accept = limits.accept;
  }

  async function add(chosen) {
    const found = await chosen;
    const gallery = $("gallery").value.trim();
    const continues = queue.entries.some((entry) => ["lost", "stopped"].includes(entry.state));
    showProblem(null);
    if (!found.length) return;
    if (!isAugmentation() && !gallery && !continues) {
      showProblem("Name the gallery first, then choose the files again.");
      $("gallery").focus();
      return;
    }
    if (gallery) localStorage.setItem(LAST_GALLERY, gallery);
    await queue.add(found, { gallery: isAugmentation() ? null : gallery, replace: $("replace").checked });
    const shown = isAugmentation() ? AUGMENTATION_GALLERY : gallery;
    if (shown && view.shown() !== shown) view.show(shown);
    states.now();
  }

  const addSafely = (chosen) => add(chosen).catch((error) => showProblem(error.message));

  async function suggest(field, list) {
    const { galleries } = await get(`/api/photos/galleries${query({ prefix: field.value.trim() })}`);
    const own = field === $("view") ? [...galleries, AUGMENTATION_GALLERY] : galleries;
    fill(list, own.map((name) => h("option", { value: name })));
  }

  $("files").addEventListener("change", () => {
    addSafely(chosenFiles($("files").files));
    $("files").value = "";
  });
  $("upload").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", () => queue.clearEnded());
  for (const radio of document.querySelectorAll("input[name=what]")) radio.addEventListener("change", showTarget);
  acceptDrops((dropped) => addSafely(droppedFiles(dropped)));
  window.addEventListener("online", () => queue.retryStopped());
  for (const [field, list] of [[$("gallery"), $("galleries")], [$("view"), $("views")]]) {
    const offer = () => suggest(field, list).catch((error) => showProblem(error.message));
    field.addEventListener("focus", offer);
    field.addEventListener("input", offer);
  }

  $("gallery").value = new URLSearchParams(location.search).get("gallery")?.replace(AUGMENTATION_GALLERY, "") || localStorage.getItem(LAST_GALLERY) || "";
  const view = makeGallery($("gallery").value);
  get("/api/photos/limits").then((found) => {
    limits = found;
    showTarget();
  }).catch((error) => showProblem(error.message));
  const states = poll(async () => {
    const keys = queue.unknownKeys();
    for (let at = 0; at < keys.length; at += STATES_AT_ONCE) {
      const { photos } = await post("/api/photos/states", { keys: keys.slice(at, at + STATES_AT_ONCE) });
      queue.take(photos);
    }
  }, POLL_MS);
  showJobs();
  changed();
}
