// The uploads of a link that this browser has begun and not ended, for after a reload.

/** Load and save them; `isKept` is false if this browser stores nothing. */
export class Unfinished {
  constructor(link) {
    this.slot = `coverstream-upload-${link}`;
    this.isKept = true;
    this.all = this.#load();
  }

  #load() {
    try {
      const found = JSON.parse(localStorage.getItem(this.slot) ?? "[]");
      return Array.isArray(found) ? found.filter((each) => typeof each?.name === "string") : [];
    } catch (error) {
      this.isKept = false;
      console.info(`uploads cannot be remembered: ${error.message}`);
      return [];
    }
  }

  #save() {
    try {
      if (this.all.length) localStorage.setItem(this.slot, JSON.stringify(this.all));
      else localStorage.removeItem(this.slot);
    } catch (error) {
      this.isKept = false;
      console.info(`uploads cannot be remembered: ${error.message}`);
    }
  }

  add({ name, size, lastModified }) {
    this.remove({ name });
    this.all.push({ name, size, lastModified });
    this.#save();
  }

  remove({ name }) {
    this.all = this.all.filter((each) => each.name !== name);
    this.#save();
  }
}

/** Whether a chosen file is the one of an upload. */
export const isSame = (one, other) =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
