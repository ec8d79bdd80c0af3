// Dead letters: what each is about, its body, redrive and drop.
import { get, poll, post, query } from "./api.js";
import { isOutage } from "./connection.js";
import { $, fill, h, nameElement, toast, visibleText } from "./dom.js";
import { deadCount, onDeadCount } from "./dead_count.js";
import { creatorOf, int, plural, windowNumber } from "./format.js";
import { timeAgo } from "./times.js";

const KINDS = {
  collage: "a window that failed three times",
  "window-rule": "an event that was not delivered to the queue",
  sweeper: "a failed invocation of the sweeper",
  intake: "a file or request that could not be read",
  prefetch: "covers that could not be prefetched",
  notification: "a notification that was not delivered",
  photos: "a photo that could not be rendered",
  stream: "records that Lambda stopped retrying",
  record: "a record that could not be decoded",
};
const RETRY_MS = 10000;
let letters = [];
let remaining = {};
let listings = 0;
let isListed = false;
let listPoll = null;
let openWindow = () => undefined;

/** What a letter is about: its window, or what it says, with file and batch. */
function subject(letter) {
  return [
    letter.window_id
      ? h("button", { type: "button", class: "link", title: letter.window_id, onclick: () => openWindow(letter.window_id) }, nameElement(creatorOf(letter.window_id)), ` #${windowNumber(letter.window_id)}`)
      : visibleText(letter.about),
    letter.file ? h("code", { class: "detail-line" }, visibleText(letter.file)) : null,
    letter.batch_id ? h("span", { class: "detail-line" }, "batch ", h("a", { href: `/failures${query({ batch: letter.batch_id })}` }, visibleText(letter.batch_id))) : null,
  ];
}

function letterRow(letter) {
  return h("tr", { data: { letter: letter.id } },
    h("td", {}, h("span", { class: "pill", title: KINDS[letter.kind] }, letter.kind)),
    h("td", { class: "nowrap" }, letter.when ? timeAgo(letter.when) : null),
    h("td", { class: "why" }, subject(letter)),
    h("td", { class: "why" }, visibleText(letter.why),
      h("details", {}, h("summary", {}, "Body"), h("pre", { tabindex: "0" }, readable(letter.body).split("\n").map(visibleText).join("\n") || "empty"),
        h("p", { class: "quiet" }, `${letter.ref} · ${letter.id} · ${letter.tries == null ? "attempts not counted" : plural(letter.tries, "attempt")}`))),
    h("td", { class: "end nowrap" },
      h("button", { type: "button", class: "small", onclick: (event) => redrive({ ids: [letter.id] }, event.currentTarget) }, "Redrive"), " ",
      h("button", { type: "button", class: "small", onclick: (event) => drop(letter, event.currentTarget) }, "Drop")));
}

function readable(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

const hint = () => [
  letters.length ? plural(letters.length, "dead letter") : "",
  ...Object.entries(remaining).map(([kind, count]) => `about ${int(count)} more of ${kind}`),
].filter(Boolean).join(" · ");

function draw() {
  $("letters-hint").textContent = hint();
  $("redrive-all").hidden = letters.length < 2;
  fill($("letters"), letters.length
    ? h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-labelledby": "letters-h" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Kind", "When", "About", "Why"].map((each) => h("th", { scope: "col" }, each)), h("th", { scope: "col" }, h("span", { class: "sr" }, "Action")))),
        h("tbody", {}, letters.map(letterRow))))
    : h("p", { class: "hint" }, "None: everything that was accepted is done or in progress."));
}

/** Take letters off the page that are gone: SQS still counts them for a moment. */
function remove(ids) {
  listings += 1; // one that was requested before may still have them
  letters = letters.filter((letter) => !ids.includes(letter.id));
  draw();
}

/** List what SQS counts; with `all`, also what it has not counted yet. Only the last request counts. */
async function load(all = "") {
  const now = (listings += 1);
  try {
    const listing = await get(`/api/failures/letters${query({ all })}`);
    if (now !== listings) return;
    ({ letters, remaining } = listing);
    draw();
  } catch (error) {
    if (now === listings) throw error;
  }
}

/** List them again. */
function list() {
  isListed = false;
  return listPoll.now();
}

async function redrive(request, button) {
  button.disabled = true;
  button.textContent = "Sending …";
  try {
    const done = await post("/api/failures/redrive", request);
    if (done.sent.length) toast(`${plural(done.sent.length, "dead letter")} redriven${done.batches.length ? ` as batch ${done.batches.join(", ")}` : ""}.`);
    remove(done.sent.map((letter) => letter.id));
    done.unreadable.forEach((line) => toast(`Cannot be sent again: ${line}`, "bad"));
    if (!done.sent.length && !done.unreadable.length) toast("It is no longer in the queue.", "bad");
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
  button.textContent = request.all ? "Redrive all" : "Redrive";
  await list();
  deadCount.now();
}

async function drop(letter, button) {
  if (!window.confirm(`Drop this dead letter for good? (${letter.kind}: ${letter.about})\nA copy is stored in the output bucket.`)) return;
  button.disabled = true;
  button.textContent = "Dropping …";
  try {
    const [done] = await post("/api/failures/drop", { ids: [letter.id] });
    if (done) toast(`Dropped; its copy is ${done.copy}.${done.abandoned ? ` Batch ${done.abandoned} ends with the rows that were sent.` : ""}`);
    else toast("It is no longer in the queue.", "bad");
    remove([letter.id]);
  } catch (error) {
    toast(error.message, "bad");
  }
  await list();
  deadCount.now();
}

/** Show the dead letters; `open` opens the viewer of a window. */
export function showDeadLetters(open) {
  openWindow = open;
  $("redrive-all").addEventListener("click", (event) => redrive({ all: true }, event.currentTarget));
  $("refresh").addEventListener("click", () => load("yes").catch((error) => toast(error.message, "bad")));
  listPoll = poll(async () => {
    if (isListed) return; // listing makes letters invisible for a moment, so it is not repeated
    isListed = true;
    try {
      await load();
    } catch (error) {
      isListed = !isOutage(error);
      if (!isListed) throw error;
      fill($("letters"), h("p", { class: "notice bad" }, error.message));
    }
  }, RETRY_MS, $("letters").closest("section"));
  onDeadCount(list);
}
