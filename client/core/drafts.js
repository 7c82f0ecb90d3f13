/**
 * What was typed and not yet sent: for each stream or form one text, sealed on the device, of one account.
 *
 * May import only `sealed.js`. A text is in memory at once and in storage `SAVE_MS` later; `flush` saves what waits.
 */
import { hiddenName } from "./sealed.js";

const SAVE_MS = 250;
const PREFIX = "draft/";

export class Drafts {
  /**
   * @param {{store: import("./store.js").Store, sealer: import("./sealed.js").Sealer, crypto: Crypto,
   *          clock: {setTimeout: Function, clearTimeout: Function}}} parts
   */
  constructor({ store, sealer, crypto, clock }) {
    this.store = store;
    this.sealer = sealer;
    this.crypto = crypto;
    this.clock = clock;
    this.texts = new Map();
    this.unsaved = new Map();
    this.saving = Promise.resolve();
    this.discarded = false;
  }

  /** Gives the text kept under a name, or "". */
  async get(name) {
    if (this.texts.has(name)) return this.texts.get(name);
    const kept = await this.read(PREFIX + (await this.place(name)));
    if (!this.texts.has(name)) this.texts.set(name, kept?.text ?? "");
    return this.texts.get(name);
  }

  /** Keeps a text; an empty one is forgotten. */
  set(name, text) {
    if (this.discarded) return;
    this.texts.set(name, text);
    if (this.unsaved.has(name)) this.clock.clearTimeout(this.unsaved.get(name));
    this.unsaved.set(
      name,
      this.clock.setTimeout(() => this.save(name), SAVE_MS),
    );
  }

  clear(name) {
    this.set(name, "");
    return this.flush();
  }

  /** Gives all texts by name. */
  async list() {
    const found = {};
    for (const [key] of await this.store.list(PREFIX)) {
      const kept = await this.read(key);
      if (kept) found[kept.name] = kept.text;
    }
    for (const [name, text] of this.texts) {
      if (text === "") delete found[name];
      else found[name] = text;
    }
    return found;
  }

  /** Saves everything that waits to be saved; for the moment when the page is hidden. */
  async flush() {
    for (const name of [...this.unsaved.keys()]) this.save(name);
    await this.saving;
  }

  /** Forgets everything in memory and saves nothing more; done when what is being saved is. */
  async discard() {
    for (const timer of this.unsaved.values()) this.clock.clearTimeout(timer);
    this.unsaved.clear();
    this.texts.clear();
    this.discarded = true;
    await this.saving;
  }

  save(name) {
    const timer = this.unsaved.get(name);
    if (timer === undefined) return;
    this.clock.clearTimeout(timer);
    this.unsaved.delete(name);
    const text = this.texts.get(name);
    if (text === undefined) return;
    this.saving = this.saving.then(() => this.write(name, text)).catch(() => undefined);
  }

  async write(name, text) {
    const key = PREFIX + (await this.place(name));
    if (this.discarded) return;
    if (text === "") await this.store.delete(key);
    else await this.store.put(key, await this.sealer.seal(key, { name, text }));
  }

  async read(key) {
    try {
      const sealed = await this.store.get(key);
      return sealed === undefined ? null : await this.sealer.unseal(key, sealed);
    } catch {
      return null; // another session's key: it stays where it is, unreadable, until sign-out
    }
  }

  place(name) {
    return hiddenName(this.crypto, `${this.sealer.scope}\n${name}`);
  }
}
