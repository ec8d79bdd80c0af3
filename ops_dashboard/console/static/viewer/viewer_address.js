// The viewer's place in the browser's history: `?window=ID` on any page that has one. Opening it is
// an entry, so Back closes it, and the address of an open viewer can be shared.
const NAME = "window";

/** Id of the window in the page's address; null if there is none. */
export const addressed = () => new URLSearchParams(location.search).get(NAME);

/** An address for other people, whatever page the viewer is open on. */
export const linkTo = (windowId) => `${location.origin}/gallery?${new URLSearchParams({ [NAME]: windowId })}`;

function withWindow(windowId) {
  const address = new URL(location.href);
  if (windowId) address.searchParams.set(NAME, windowId);
  else address.searchParams.delete(NAME);
  return address;
}

/** Put a window into the address; in a viewer that `isOpen`, it replaces the one before. */
export function enter(windowId, isOpen) {
  if (addressed() === windowId) return;
  if (isOpen) history.replaceState(history.state, "", withWindow(windowId));
  else history.pushState({ viewer: true }, "", withWindow(windowId));
}

/** Take the window out of the address, by going back if opening the viewer was an entry. */
export function leave() {
  if (!addressed()) return;
  if (history.state?.viewer) history.back();
  else history.replaceState(history.state, "", withWindow(null));
}
