// A finger on a chart: across it a range is chosen, as a dragged mouse does; up and down the page
// scrolls (touch-action in overview.css), which ends the choice. uPlot itself knows the mouse only.
const NOTHING = { left: 0, top: 0, width: 0, height: 0 };

/** Move the cursor with a finger; if `choosesRange`, select what it passes over. */
export function bindTouch(u, choosesRange) {
  const { over } = u;
  let from = null;

  function position(event) {
    const box = over.getBoundingClientRect();
    return Math.max(0, Math.min(event.clientX - box.left, box.width));
  }

  function end(isChosen) {
    if (from === null) return;
    from = null;
    if (isChosen) u.setSelect(u.select);
    u.setSelect(NOTHING, false);
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" && event.isPrimary) from = position(event);
  });
  over.addEventListener("pointermove", (event) => {
    if (from === null || !event.isPrimary) return;
    const to = position(event);
    u.setCursor({ left: to, top: 0 });
    if (choosesRange) u.setSelect({ left: Math.min(from, to), top: 0, width: Math.abs(to - from), height: over.clientHeight }, false);
  });
  over.addEventListener("pointerup", () => end(choosesRange));
  over.addEventListener("pointercancel", () => end(false));
}
