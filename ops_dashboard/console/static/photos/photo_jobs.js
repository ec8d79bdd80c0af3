// Jobs that render many photos: how far each is, and how to continue one that was interrupted.
import { get, poll } from "./api.js";
import { $, h, updateList, visibleText } from "./dom.js";
import { int } from "./format.js";
import { timeAgo } from "./times.js";

const POLL_MS = 15000;
const KINDS = { sending: "busy", interrupted: "failed", sent: "completed" };

function jobRow(job) {
  const command = `ops-dashboard photos ${job.kind} --stack ${$("photos").dataset.stack} --resume ${job.name}`;
  return h("article", { class: "run", "aria-label": job.name, data: { state: job.state } },
    h("div", { class: "run-head" }, h("b", {}, visibleText(job.about)), h("span", { class: `pill ${KINDS[job.state]}` }, job.state)),
    h("progress", { max: String(Math.max(job.total, 1)), value: String(job.total ? job.sent : 1), "aria-label": job.name }),
    h("p", {}, h("b", {}, `${int(job.sent)} of ${int(job.total)}`), " requests sent", job.recipe ? h("span", { class: "quiet" }, ` (${job.recipe})`) : null),
    job.state === "interrupted" ? h("p", { class: "notice bad" }, "Nothing was sent for twenty minutes. Continue it with ", h("code", {}, command)) : null,
    h("p", { class: "run-foot quiet" }, h("span", { title: job.name }, `${job.kind} · `, timeAgo(job.started_at))));
}

/** Show the newest jobs, if there are any. */
export function showJobs() {
  poll(async () => {
    const jobs = await get("/api/photos/jobs");
    $("jobs-panel").hidden = jobs.length === 0;
    updateList($("jobs"), jobs, (job) => job.name, jobRow);
  }, POLL_MS);
}
