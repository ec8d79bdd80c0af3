// Filters of a page, kept in its address: a link, Back, a reload and signing in keep them.
import { zone } from "./times.js";

const filled = (values) => Object.entries(values).filter(([, value]) => value !== "");

/**
 * Bind the named fields of `form` to the page's address. Each change is a step that Back undoes.
 * `changed` is called with the values by name, without those that are not set, after each change by
 * the user, by `set` or by Back; not at the start.
 */
export function bindFilters(form, changed) {
  const fields = () => [...form.elements].filter((each) => each.name);
  const valueOf = (field) => (field.type === "checkbox" ? (field.checked ? "yes" : "") : field.value.trim());
  const values = () => Object.fromEntries(filled(Object.fromEntries(fields().map((each) => [each.name, valueOf(each)]))));
  let known = "";

  function put(field, value) {
    if (field.type === "checkbox") field.checked = value === "yes";
    else field.value = value;
    // A value of the address that a list does not offer is not dropped in silence.
    if (field.tagName === "SELECT" && field.value !== value) {
      field.append(new Option(value, value));
      field.value = value;
    }
  }

  function read() {
    const wanted = new URLSearchParams(location.search);
    for (const field of fields()) put(field, wanted.get(field.name) ?? "");
    return note();
  }

  /** Return whether the values differ from the last ones. */
  function note() {
    const before = known;
    known = JSON.stringify(values());
    const clear = form.querySelector('[type="reset"]');
    if (clear) clear.hidden = known === "{}";
    return known !== before;
  }

  function apply() {
    if (!note()) return;
    const address = new URL(location.href);
    for (const name of [...fields().map((each) => each.name), "window", "after"]) address.searchParams.delete(name);
    for (const [name, value] of filled(values())) address.searchParams.set(name, value);
    history.pushState(null, "", address);
    changed(values());
  }

  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of fields()) put(field, "");
    apply();
  });
  addEventListener("popstate", () => read() && changed(values()));
  document.addEventListener("zonechange", () => (values().from || values().to) && changed(values()));
  read();
  return {
    values,
    /** Set some values by name, as if the user had. */
    set(some) {
      for (const field of fields()) if (field.name in some) put(field, some[field.name]);
      apply();
    },
  };
}

/** Replace the days `from` and `to`, both included, by the range's start and end in the chosen zone. */
export function withMoments({ from, to, ...others }) {
  const start = (day, later = 0) => {
    const [year, month, date] = day.split("-").map(Number);
    const moment = zone() === "UTC" ? new Date(Date.UTC(year, month - 1, date + later)) : new Date(year, month - 1, date + later);
    return moment.toISOString();
  };
  return { ...others, ...(from ? { from: start(from) } : {}), ...(to ? { to: start(to, 1) } : {}) };
}
