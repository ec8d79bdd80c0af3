// What this browser remembers of its uploads: enough to show and resume them after a reload.

const FIELDS = ["id", "name", "bytes", "modified", "gallery", "replace", "state", "key", "upload", "revision", "problem"];
const MAX_ENTRIES = 300;

/** Load and save the uploads to one stack; without storage they are forgotten at a reload. */
export function makeStore(stack) {
  const slot = `coverstream-photos-${stack}`;
  return {
    load() {
      try {
        const entries = JSON.parse(localStorage.getItem(slot) ?? "[]");
        return Array.isArray(entries) ? entries.filter((each) => typeof each?.name === "string" && typeof each.id === "string") : [];
      } catch (error) {
        console.info(`uploads of earlier visits cannot be read: ${error.message}`);
        return [];
      }
    },
    save(entries) {
      const plain = entries.slice(0, MAX_ENTRIES).map((entry) => Object.fromEntries(FIELDS.map((field) => [field, entry[field]])));
      try {
        localStorage.setItem(slot, JSON.stringify(plain));
      } catch (error) {
        console.info(`uploads cannot be resumed after a reload: ${error.message}`);
      }
    },
  };
}

/** Whether a chosen file is the one of an upload: the browser does not give back the file itself. */
export const isSameFile = (entry, file, name) =>
  entry.name === name && entry.bytes === file.size && entry.modified === file.lastModified;
