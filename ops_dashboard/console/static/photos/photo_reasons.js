// Why a photo has no outputs, for people.

export const PHOTO_REASONS = {
  too_large: "the file has more bytes than accepted",
  too_many_pixels: "the image has more pixels than one photo may",
  not_an_image: "the file is not an image",
  unsupported_format: "an image format that is not supported",
  unsupported_raw: "a RAW file of a kind that is not decoded, without a large preview",
  truncated: "the file is incomplete",
  corrupt: "the image cannot be decoded",
  too_small: "smaller than 50 pixels on a side",
  timed_out: "it took more time than one photo may",
  crashed: "the decoder ended, or ran out of memory, each time it was tried",
  archived: "the original is archived: restore it, then render it again",
  gone: "the original was deleted before it was read",
};
