// The number of dead letters in the navigation of every page.
import { get, poll } from "./api.js";
import { $ } from "./dom.js";
import { int } from "./format.js";

let shown = null;
const listeners = [];

/** Call `listener` with the number of dead letters whenever it changes. */
export function onDeadCount(listener) {
  listeners.push(listener);
}

export const deadCount = poll(async () => {
  const { queues } = await get("/api/failures/counts");
  const total = Object.values(queues).reduce((sum, each) => sum + each, 0);
  $("dead-count").hidden = total === 0;
  $("dead-count").textContent = int(total);
  $("dead-count").title = `${int(total)} messages in dead-letter queues`;
  if (total !== shown) {
    const first = shown === null;
    shown = total;
    if (!first) listeners.forEach((each) => each(total));
  }
}, 20000, null);
