/**
 * What is known of one stream's events: a contiguous run of numbers, with edits and removals folded into the events
 * that they name. May import nothing.
 *
 * The service fills an `edit` from its target when it serves it, and serves a target as it stands now. So folding a
 * page and folding the same events one by one give the same picture, whatever was changed in between (I8).
 */

const CHANGES = new Set(["edit", "redact"]);

/**
 * @typedef {{how: "edit"|"redact", at: number, s: number, afterRead: boolean, own: boolean}} Change
 * @typedef {{s: number, k: string, u: string|null, c: string|null, ts: number, d: object, removed: boolean,
 *            changed: Change|null, erased?: boolean}} Entry
 */

/**
 * A message that was taken away is served as `{"redacted": true}`, and so is an edit of it; one whose text was erased
 * after its retention time as `{"erased": true}`. Both are `removed`.
 */
export class History {
  constructor() {
    /** @type {Map<number, Entry>} */
    this.entries = new Map();
    /** @type {Map<number, Change>} by the number of the target, which may not be loaded yet */
    this.changes = new Map();
    /** @type {Map<string, number>} number of each event by its `c` */
    this.byC = new Map();
    this.oldest = null;
    this.newest = 0;
    this.sorted = null;
  }

  /** Says whether there are events before the oldest one loaded. */
  get older() {
    return this.oldest !== null && this.oldest > 1;
  }

  /** Gives the entries, oldest first. */
  list() {
    this.sorted ??= [...this.entries.values()].sort((a, b) => a.s - b.s);
    return this.sorted;
  }

  /**
   * Adds one event. Its number must be next to the run, on either side.
   * @param {object} event an `ev` frame
   * @param {{read: number, me: string|null}} reader the reader's cursor when the event came, and pseudonym
   */
  add(event, reader) {
    const s = event.s;
    this.oldest = this.oldest === null ? s : Math.min(this.oldest, s);
    this.newest = Math.max(this.newest, s);
    if (event.c) this.byC.set(event.c, s);
    if (CHANGES.has(event.k)) this.change(event, reader);
    else
      this.put({
        s,
        k: event.k,
        u: event.u ?? null,
        c: event.c ?? null,
        ts: event.ts,
        d: event.d ?? {},
        removed: false,
        changed: null,
      });
  }

  put(entry) {
    const change = this.changes.get(entry.s);
    if (change) entry = { ...entry, changed: change };
    if (change?.how === "redact" || entry.d.redacted === true) entry = { ...entry, removed: true, d: {} };
    else if (entry.k === "message" && entry.d.erased === true) entry = { ...entry, removed: true, erased: true, d: {} };
    this.entries.set(entry.s, entry);
    this.sorted = null;
  }

  change(event, { read, me }) {
    const { target, ...filled } = event.d ?? {};
    if (typeof target !== "number") return;
    const before = this.changes.get(target);
    const own = event.u !== undefined && event.u === me;
    const afterRead = (!own && read >= target && read < event.s) || (before?.afterRead ?? false);
    if (before && before.s > event.s) {
      before.afterRead = afterRead;
      return;
    }
    const how = before?.how === "redact" ? "redact" : event.k;
    const change = { how, at: event.ts, s: event.s, afterRead, own };
    this.changes.set(target, change);
    const entry = this.entries.get(target);
    if (!entry) return;
    this.put({ ...entry, d: how === "redact" ? {} : merge(entry.d, filled) });
  }

  /**
   * Takes the newest page in place of everything. Marks that something changed after it was read are kept.
   * @param {object[]} events oldest first, without a hole
   */
  reset(events, reader) {
    const marks = new Map([...this.changes].map(([target, change]) => [target, change]));
    this.entries.clear();
    this.changes.clear();
    this.byC.clear();
    this.oldest = null;
    this.newest = 0;
    this.sorted = null;
    for (const event of events) this.add(event, reader);
    for (const [target, change] of this.changes) {
      if (marks.get(target)?.afterRead) change.afterRead = true;
      const entry = this.entries.get(target);
      if (entry) this.entries.set(target, { ...entry, changed: change });
    }
  }

  /** Adds a page of older events in front, newest of them first so that every change is known before its target. */
  prepend(events, reader) {
    for (const event of [...events].sort((a, b) => b.s - a.s)) {
      if (this.oldest === null || event.s === this.oldest - 1) this.add(event, reader);
    }
  }

  /** The reader's cursor is `read`: what changed behind it, of what lies before it, changed after it was read. */
  markRead(read) {
    for (const [target, change] of this.changes) {
      if (target > read || change.s <= read || change.own) continue;
      change.afterRead = true;
      const entry = this.entries.get(target);
      if (entry) this.put({ ...entry, changed: change });
    }
  }

  /** Forgets the oldest entries beyond `keep`. */
  trim(keep) {
    const list = this.list();
    if (list.length <= keep) return;
    const cut = list[list.length - keep].s;
    for (const entry of list) if (entry.s < cut) this.entries.delete(entry.s);
    for (const [c, s] of this.byC) if (s < cut) this.byC.delete(c);
    this.oldest = cut;
    this.sorted = null;
  }
}

/** An `edit` that is served after its target was taken away has no text: nothing of it may overwrite. */
function merge(d, filled) {
  const given = Object.entries(filled).filter(([, value]) => value !== undefined && value !== null);
  return { ...d, ...Object.fromEntries(given) };
}
