// What every page has: the count of dead letters in the navigation.
import { get, live } from "./api.js";
import { $ } from "./dom.js";
import { int } from "./words.js";

document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

let known = null;
const listeners = [];

/** Call back with the number of dead messages whenever it changes. */
export function onDeadCount(listener) {
  listeners.push(listener);
}

export const deadCount = live(async () => {
  const { queues } = await get("/api/failures/counts");
  const total = Object.values(queues).reduce((sum, each) => sum + each, 0);
  $("dead-count").hidden = total === 0;
  $("dead-count").textContent = int(total);
  $("dead-count").title = `${int(total)} messages in dead-letter queues`;
  if (total !== known) {
    const first = known === null;
    known = total;
    if (!first) listeners.forEach((each) => each(total));
  }
}, 5000);
