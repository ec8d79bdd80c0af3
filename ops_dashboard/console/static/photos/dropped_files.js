// Files that were dropped, also those within folders, each with its path.

const IGNORED = new Set([".ds_store", "thumbs.db", "desktop.ini"]);

const readEntries = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
const readFile = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

async function collect(entry, path, found) {
  if (entry.isFile) {
    if (!IGNORED.has(entry.name.toLowerCase())) found.push({ file: await readFile(entry), name: path + entry.name });
    return;
  }
  const reader = entry.createReader();
  for (let part = await readEntries(reader); part.length; part = await readEntries(reader)) {
    for (const each of part) await collect(each, `${path}${entry.name}/`, found);
  }
}

/** Return `{ file, name }` of what was dropped; must be called in the event's own turn. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return chosenFiles(transfer.files);
  const found = [];
  for (const entry of entries) await collect(entry, "", found);
  return found;
}

export const chosenFiles = (files) => [...files].map((file) => ({ file, name: file.name }));
