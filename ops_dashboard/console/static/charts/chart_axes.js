// Scales and axes of a chart: units, times in the chosen zone, steps of periods, gaps.
import { bytes, compact, duration } from "./format.js";
import { clock, day, dayAndClock, zone } from "./times.js";

const DAY_S = 86400;
/** Steps of axes whose units are not decimal, so that their ticks are round numbers. */
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S];
const BYTES = Array.from({ length: 44 }, (_, at) => 2 ** at);
const MILLISECONDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, ...SECONDS.map((each) => 1000 * each)];

function milliseconds(value) {
  if (value >= 90000) return duration(value / 1000);
  return value >= 1000 ? `${compact(value / 1000)} s` : `${compact(value)} ms`;
}

/** Return the function that formats values of a unit. */
export function formatter(unit) {
  if (unit.startsWith("milliseconds")) return milliseconds;
  if (unit.startsWith("seconds")) return (value) => duration(value);
  if (unit.startsWith("bytes")) return (value) => bytes(value);
  if (unit.startsWith("percent")) return (value) => `${compact(value)} %`;
  if (unit.startsWith("USD")) return (value) => `$${compact(value)}`;
  return compact;
}

/** uPlot's option for the steps of an axis of this unit. */
export function steps(unit) {
  if (unit.startsWith("milliseconds")) return { incrs: MILLISECONDS };
  if (unit.startsWith("bytes")) return { incrs: BYTES };
  return unit.startsWith("seconds") ? { incrs: SECONDS } : {};
}

/** A moment in the chosen zone, as uPlot places ticks by it. */
export const zoned = (seconds) => (zone() ? uPlot.tzDate(new Date(1000 * seconds), zone()) : new Date(1000 * seconds));

/** The texts of a time axis: the clock, and the day where one begins. */
export const timeTexts = (_, splits) =>
  splits.map((each) => {
    const text = clock(new Date(1000 * each));
    return text === "00:00" ? day(new Date(1000 * each)) : text;
  });

/** The period of a point: 29 Nov, 14:05–14:10. */
export function periodText(moment, period) {
  const from = new Date(1000 * moment);
  return period % DAY_S === 0 ? day(from) : `${dayAndClock(from)}–${clock(new Date(1000 * (moment + period)))}`;
}

/** Whether a line is drawn as a step for each period: a sum over it, and not a state within it. */
export const isStep = (line, stacked) => line.is_count || stacked;

/**
 * uPlot's data: the start of each period, then each line's values; the last time is the end of the
 * last period, to which its step is drawn. A missing point of a count is zero, of others a gap.
 */
export function plotData(lines, { start, end, period, stacked = false }) {
  const moments = new Set(lines.flatMap((line) => line.points.map(([moment]) => moment)));
  for (let moment = Math.ceil(start / period) * period; moment < end; moment += period) moments.add(moment);
  const times = [...moments].sort((one, other) => one - other);
  const rows = lines.map((line) => {
    const values = new Map(line.points);
    const row = times.map((moment) => values.get(moment) ?? (line.is_count ? 0 : null));
    return [...row, isStep(line, stacked) ? row.at(-1) : null];
  });
  return [[...times, times.at(-1) + period], ...rows];
}

/** The points between two gaps, which no line would show. */
export function lonely(u, series) {
  const row = u.data[series];
  return row.map((_, at) => at).filter((at) => row[at] != null && row[at - 1] == null && row[at + 1] == null);
}

/** The sum of each row and those before it; a gap where none of them has a value. */
export function stack(rows) {
  const sums = rows[0].map((_, at) => (rows.every((row) => row[at] === null) ? null : 0));
  return rows.map((row) => row.map((value, at) => (sums[at] === null ? null : (sums[at] += value ?? 0))));
}
