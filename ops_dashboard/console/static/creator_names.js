// Suggestions of creators' names while a part of one is typed.
import { get, query } from "./api.js";
import { h } from "./dom.js";

const WAIT_MS = 200;

/** Offer names that contain the text of `input` in its `<datalist>`. */
export function suggestCreators(input, datalist) {
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = input.value.trim();
      if (!text) return;
      try {
        const { names } = await get(`/api/search/creators${query({ q: text })}`);
        if (text === input.value.trim()) datalist.replaceChildren(...names.map((name) => h("option", { value: name })));
      } catch (error) {
        console.info(error.message); // without suggestions, a name can still be typed
      }
    }, WAIT_MS);
  });
}
