// The header of every page: the number of raised alarms, and whether the navigation goes on.
import { onAlarms } from "./alarm_states.js";
import { $ } from "./dom.js";
import { plural } from "./format.js";

onAlarms((alarms) => {
  const raised = alarms.filter((alarm) => alarm.state === "ALARM");
  $("alarm-link").classList.toggle("raised", raised.length > 0);
  $("alarm-count").textContent = raised.length ? plural(raised.length, "alarm") : "No alarms";
  $("alarm-link").title = raised.length ? raised.map((alarm) => alarm.name).join(", ") : `none of ${alarms.length} is raised`;
});

const nav = document.querySelector(".nav-box nav");

/** Show at each end whether there are more pages. */
function showMore() {
  $("nav-box").classList.toggle("more-left", nav.scrollLeft > 4);
  $("nav-box").classList.toggle("more-right", nav.scrollLeft + nav.clientWidth < nav.scrollWidth - 4);
}

nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
nav.addEventListener("scroll", showMore, { passive: true });
new ResizeObserver(showMore).observe(nav);
showMore();
