// Addresses and thumbnails of a photo's outputs.
import { query } from "./api.js";
import { h, visibleText } from "./dom.js";

/** An output's picture, by a presigned address that the console redirects to. */
export const outputImage = (photo, output) => `/media/photos/output${query({ key: output.key, v: photo.edition })}`;

/** Where an output is for others: on the stack's domain, else presigned for some minutes. */
export const outputAddress = (photo, output) => output.url ?? outputImage(photo, output);

export const originalAddress = (photo) => `/media/photos/original${query({ key: photo.key })}`;

const LARGE_PX = 1000;

/** The picture that stands for an output in a list: itself if it is small, else the next smaller one. */
function preview(photo, at) {
  const small = photo.outputs.slice(0, at + 1).filter((each) => Math.max(each.width, each.height) <= LARGE_PX);
  return outputImage(photo, small.at(-1) ?? photo.outputs[0]);
}

/** The outputs side by side, each a link. */
export function outputLinks(photo) {
  return h("ul", { class: "outputs", "aria-label": `Outputs of ${visibleText(photo.name)}` }, photo.outputs.map((output, at) =>
    h("li", {}, h("a", { href: outputAddress(photo, output), target: "_blank", rel: "noreferrer" },
      h("img", { src: preview(photo, at), alt: "", loading: "lazy", decoding: "async" }),
      h("b", {}, output.name), h("span", {}, `${output.width} × ${output.height}`)))));
}
