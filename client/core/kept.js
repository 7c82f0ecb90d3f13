/**
 * The outbox's storage: entries sealed under keys that sort in their order, written one after the other.
 *
 * May import nothing; store and sealer are passed in. A store that fails keeps nothing over a reload, and holds up
 * no message.
 */

const PREFIX = "outbox/";
const OLDEST_MS = 30 * 24 * 3600 * 1000; // what no session could open for a month is given up

export class KeptEntries {
  /**
   * @param {{store: import("./store.js").Store, sealer: import("./sealed.js").Sealer, clock: {now: () => number}}} parts
   */
  constructor({ store, sealer, clock }) {
    Object.assign(this, { store, sealer, clock });
    this.writing = Promise.resolve();
    this.written = new Set();
    this.done = new Set(); // a list that was read a moment too early must not bring them back
  }

  /** Stores an entry as it is now. */
  write(entry) {
    entry.version = (entry.version ?? 0) + 1;
    const { c, r, k, d, at, order, tried, uncertain, failure, version } = entry;
    const state = entry.state === "failed" ? "failed" : "waiting";
    const key = keyOf(entry);
    return this.chain(async () => {
      if (this.done.has(c)) return;
      const value = { c, r, k, d, at, order, tried, uncertain, failure, version, state };
      await this.store.put(key, { at, sealed: await this.sealer.seal(PREFIX, value) });
      this.written.add(c);
    });
  }

  /** Removes an entry from where it stands now; it may be written again elsewhere. */
  erase(entry) {
    const key = keyOf(entry);
    this.written.delete(entry.c);
    return this.chain(() => this.store.delete(key));
  }

  /** Removes an entry for good. */
  forget(entry) {
    this.done.add(entry.c);
    return this.erase(entry);
  }

  /**
   * Reads what is stored, in order. Null where the store fails.
   * @returns {Promise<{entries: object[], lost: string[]}|null>} lost: ids that were stored and are no more
   */
  async read() {
    await this.writing;
    const before = [...this.written];
    const stored = await this.store.list(PREFIX).catch(() => null);
    if (stored === null) return null;
    const entries = [];
    for (const [key, value] of stored) {
      const entry = await this.open(key, value);
      if (entry && !this.done.has(entry.c)) entries.push(entry);
    }
    const seen = new Set(entries.map((entry) => entry.c));
    for (const c of seen) this.written.add(c);
    return { entries, lost: before.filter((c) => !seen.has(c) && this.written.has(c)) };
  }

  async open(key, value) {
    try {
      return await this.sealer.unseal(PREFIX, value.sealed);
    } catch {
      if (!(this.clock.now() - value?.at < OLDEST_MS)) await this.store.delete(key).catch(() => undefined);
      return null;
    }
  }

  chain(work) {
    this.writing = this.writing.then(work).catch(() => undefined);
    return this.writing;
  }
}

function keyOf(entry) {
  return `${PREFIX}${String(Math.floor(entry.order)).padStart(16, "0")}-${entry.c}`;
}
