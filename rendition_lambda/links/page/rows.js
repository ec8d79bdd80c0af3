// The list of files: one row each, with progress, a note and a button.
import { bytes } from "./sizes.js";

/** Return a row for a file, or for what is known of one. */
export function makeRow(file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const button = document.createElement("button");
  const bar = document.createElement("progress");
  const note = document.createElement("span");
  name.className = "name";
  name.textContent = `${file.name} (${bytes(file.size)})`;
  button.type = "button";
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Progress of ${file.name}`);
  note.className = "note";
  item.append(name, button, bar, note);
  return {
    item,
    progress: (sent) => { bar.value = sent; },
    /** Show a state and its note, and a button if it has a text. */
    show(state, text, label = "", onClick = null) {
      item.dataset.state = state;
      note.textContent = text;
      bar.hidden = !["waiting", "sending"].includes(state);
      button.hidden = !label;
      button.textContent = label;
      button.setAttribute("aria-label", `${label}: ${file.name}`);
      button.onclick = onClick;
    },
  };
}
