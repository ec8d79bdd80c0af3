// The list of batches, newest first, with its filters and its page in the address.
import { get, poll, query } from "./api.js";
import { batchRow } from "./batches.js";
import { $, emptyState, updateList } from "./dom.js";
import "./dead_count.js";
import { bindFilters, withMoments } from "./filters.js";
import { moment, plural } from "./format.js";

const after = () => new URLSearchParams(location.search).get("after");
const filters = bindFilters($("filters"), () => show());

function show() {
  list.now();
  scrollTo({ top: 0 });
}

function draw({ batches, next, searched_to: searchedTo }) {
  const isFiltered = Object.keys(filters.values()).length > 0;
  if (batches.length) updateList($("batches"), batches, (row) => row.progress.batch_id, batchRow);
  else if (searchedTo) $("batches").replaceChildren(emptyState("None so far", "Older batches have not been looked at yet."));
  else if (isFiltered || after()) $("batches").replaceChildren(emptyState("No such batches", "Change the filters, or clear them."));
  else $("batches").replaceChildren(emptyState("No batches yet", "Push rows with stream-ingest, or upload a CSV file."));
  $("shown").textContent = batches.length ? `${plural(batches.length, "batch").replace("batchs", "batches")}${next ? ", more below" : ""}` : "";
  $("searched").textContent = searchedTo ? `looked at those since ${moment(searchedTo)}` : "";
  $("newest").hidden = !after();
  $("newest").href = `/batches${query(filters.values())}`;
  $("older").hidden = !next;
  $("older").textContent = searchedTo ? "Look further back →" : "Older →";
  $("older").href = `/batches${query({ ...filters.values(), after: next })}`;
}

for (const link of [$("newest"), $("older")]) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab
    event.preventDefault();
    history.pushState(null, "", link.href);
    show();
  });
}
// Back between pages of the same filters; where the filters change, `bindFilters` asks.
addEventListener("popstate", () => location.search !== requested && list.now());

let requested = null;
const list = poll(async () => {
  const { search } = location;
  requested = search;
  const page = await get(`/api/batches${query({ ...withMoments(filters.values()), after: after() })}`);
  if (search === location.search) draw(page);
}, 6000, $("list-panel"));
