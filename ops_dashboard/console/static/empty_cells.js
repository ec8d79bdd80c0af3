// In the dark theme, cells that no image fills would glare: they are covered in a dark grey. Which
// cells these are is asked once for each build of a collage.
import { post } from "./api.js";
import { h } from "./dom.js";

const AT_ONCE = 48;
const known = new Map();
const keyOf = (window) => `${window.window_id} ${window.completed_at}`;
const isDark = () => getComputedStyle(document.documentElement).colorScheme.trim() === "dark";
let latest = () => undefined;

const percent = (part, whole) => `${(100 * part) / whole}%`;

/** Runs of neighbouring empty cells in a row: row, first column, number of columns. */
function runs({ cols, empty }) {
  const found = [];
  for (const cell of empty) {
    const [row, column] = [Math.floor(cell / cols), cell % cols];
    const last = found.at(-1);
    if (last && last[0] === row && last[1] + last[2] === column) last[2] += 1;
    else found.push([row, column, 1]);
  }
  return found;
}

/** An element that covers the empty cells of a collage within a picture of any proportions. */
export function cover(cells) {
  const { rows, cols } = cells;
  return h("span", { class: "empty-cells", css: { "--ratio": `${cols} / ${rows}` } }, runs(cells).map(([row, column, count]) =>
    h("span", { css: { left: percent(column, cols), top: percent(row, rows), width: percent(count, cols), height: percent(1, rows) } })));
}

/** The empty cells of a collage of so many rows, from the metadata of its window. */
export function emptyCells({ layout: { cols }, cells }, rows) {
  const filled = new Set(cells.filter((cell) => cell.status === "ok" && cell.row !== null).map((cell) => cell.row * cols + cell.column));
  return { rows, cols, empty: Array.from({ length: rows * cols }, (_, cell) => cell).filter((cell) => !filled.has(cell)) };
}

function draw(tiles, windows) {
  for (const window of windows) {
    const cells = known.get(keyOf(window));
    const picture = tiles.querySelector(`[data-window="${CSS.escape(window.window_id)}"] .picture`);
    if (cells?.empty.length && picture && !picture.querySelector(".empty-cells")) picture.append(cover(cells));
  }
}

/** Cover the empty cells of the tiles of `windows` in `tiles`, while the theme is dark. */
export async function shadeEmptyCells(tiles, windows) {
  latest = () => shadeEmptyCells(tiles, windows);
  if (!isDark()) return;
  draw(tiles, windows);
  const unknown = windows.filter((window) => window.thumbnail_key && !known.has(keyOf(window)));
  for (let at = 0; at < unknown.length; at += AT_ONCE) {
    const part = unknown.slice(at, at + AT_ONCE);
    try {
      const { windows: found } = await post("/api/windows/empty-cells", { ids: part.map((window) => window.window_id) });
      for (const window of part) known.set(keyOf(window), found[window.window_id] ?? null);
    } catch (error) {
      console.info(error.message); // the collages stay as they are
      return;
    }
  }
  if (unknown.length) draw(tiles, windows);
}

document.addEventListener("themechange", () => latest());
