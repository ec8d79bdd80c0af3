// Sizes of files for people.

/** Format a number of bytes: 900 B, 8.2 KB, 200 MB, of 1,024 each as those of AWS's limits. */
export function bytes(count) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  let value = count;
  while (value >= 1023.5 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at && value < 10 ? Math.round(10 * value) / 10 : Math.round(value)} ${units[at]}`;
}
