// Files may be dropped anywhere on the page; `#drop` shows that.
import { $ } from "./dom.js";

/** Call `take` with the `DataTransfer` of what is dropped. */
export function acceptDrops(take) {
  const mark = (is) => $("drop").classList.toggle("over", is);
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      mark(true);
    });
  }
  document.addEventListener("dragleave", (event) => !event.relatedTarget && mark(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    take(event.dataTransfer);
  });
}
