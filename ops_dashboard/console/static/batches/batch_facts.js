// What a batch was: source, times, settings, cost, and where its objects are.
import { h, toast, visibleText } from "./dom.js";
import { bytes, duration, int, moment } from "./format.js";

const pairs = (entries) =>
  h("dl", { class: "pairs" }, entries.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));

const between = (from, to) => (from && to ? duration((new Date(to) - new Date(from)) / 1000) : null);
const SMALL = new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
const dollars = (usd) => (usd ? SMALL.format(usd) : "$0");

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    prompt("Copy this address:", text); // a page without https may not write to the clipboard
  }
}

const address = (uri) =>
  h("span", { class: "copied" }, h("code", {}, visibleText(uri)), h("button", { type: "button", class: "small", onclick: () => copy(uri) }, "Copy"));

function times({ started_at: started, sent_at: sent, ended_at: ended, last_end_at: last, progress }) {
  const end = ended ?? (progress.ended ? last : null);
  return [
    ["started", moment(started)],
    ["rows sent", sent ? `${moment(sent)}, after ${between(started, sent)}` : null],
    [ended ? "ended" : "last window ended", end ?? last ? `${moment(end ?? last)}, after ${between(started, end ?? last)}` : null],
    ["abandoned", progress.abandoned_at ? `${moment(progress.abandoned_at)}, by ${visibleText(progress.abandoned_by ?? "")}` : null],
  ];
}

function built({ processing_ms: total, longest_ms: longest, progress, bytes_downloaded: downloaded, collage_bytes: size }) {
  const tried = progress.images_ok + progress.images_failed;
  if (!tried) return [];
  return [
    ["a collage took", `${(total / Math.max(progress.windows, 1) / 1000).toFixed(1)} s on average, ${(longest / 1000).toFixed(1)} s at most`],
    ["downloaded", bytes(downloaded)],
    ["collages", bytes(size)],
  ];
}

function cost({ usd, rows_usd: rows, collages_usd: collages, per_thousand_collages_usd: thousand }) {
  if (!usd) return null;
  return [
    h("h3", {}, "Cost"),
    pairs([
      ["this batch", `about ${dollars(usd)}: ${dollars(collages)} for collages, ${dollars(rows)} for rows`],
      ["per 1,000 collages", thousand ? dollars(thousand) : null],
    ]),
    h("p", { class: "hint" }, "At list prices, without what the stack costs on an idle day."),
  ];
}

/** The facts of a batch. */
export function batchFacts(batch) {
  const { progress, settings, objects, images_failed_at_end: before } = batch;
  return [
    pairs([
      ["source", progress.source ? h("code", {}, visibleText(progress.source)) : null],
      ...times(batch),
      ["failed at its end", before !== null && before !== progress.images_failed ? `${int(before)} images; a retry has built some of them` : null],
      ...built(batch),
    ]),
    cost(batch.cost),
    h("h3", {}, "Settings"),
    pairs(settings.map(({ name, value }) => [name, value])),
    objects.length ? [h("h3", {}, "In S3"), pairs(objects.map(({ name, uri }) => [name, address(uri)]))] : null,
  ];
}
