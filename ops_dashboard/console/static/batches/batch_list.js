// The list of batches, newest first, with its filters and its page in the address.
import { get, poll, query } from "./api.js";
import { batchRow } from "./batches.js";
import { $, emptyState, updateList } from "./dom.js";
import "./dead_count.js";
import { moment, plural } from "./format.js";

const FILTERS = ["outcome", "trigger", "from", "to"];
const asked = () => new URLSearchParams(location.search);
const filters = () => Object.fromEntries(FILTERS.map((name) => [name, asked().get(name) ?? ""]));

function fillForm() {
  for (const [name, value] of Object.entries(filters())) $(name).value = value;
}

function go(values) {
  history.pushState(null, "", `/batches${query(values)}`);
  list.now();
  scrollTo({ top: 0 });
}

function draw({ batches, next, searched_to: searchedTo }) {
  const after = asked().get("after");
  const isFiltered = Object.values(filters()).some(Boolean);
  if (batches.length) updateList($("batches"), batches, (row) => row.progress.batch_id, batchRow);
  else if (searchedTo) $("batches").replaceChildren(emptyState("None so far", "Older batches have not been looked at yet."));
  else if (isFiltered || after) $("batches").replaceChildren(emptyState("No such batches", "Change the filter."));
  else $("batches").replaceChildren(emptyState("No batches yet", "Push rows with stream-ingest, or upload a CSV file."));
  $("shown").textContent = batches.length ? `${plural(batches.length, "batch").replace("batchs", "batches")}${next ? ", more below" : ""}` : "";
  $("searched").textContent = searchedTo ? `looked at those since ${moment(searchedTo)}` : "";
  $("newest").hidden = !after;
  $("newest").href = `/batches${query(filters())}`;
  $("older").hidden = !next;
  $("older").textContent = searchedTo ? "Look further back →" : "Older →";
  $("older").href = `/batches${query({ ...filters(), after: next })}`;
}

for (const link of [$("newest"), $("older")]) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab
    event.preventDefault();
    go(Object.fromEntries(new URL(link.href).searchParams));
  });
}
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  go(Object.fromEntries(FILTERS.map((name) => [name, $(name).value.trim()])));
});
for (const name of ["outcome", "from", "to"]) $(name).addEventListener("change", () => $("filters").requestSubmit());
addEventListener("popstate", () => {
  fillForm();
  list.now();
});
fillForm();

const list = poll(async () => {
  const address = location.search;
  const page = await get(`/api/batches${query({ ...filters(), after: asked().get("after") })}`);
  if (address === location.search) draw(page);
}, 6000, $("list-panel"));
