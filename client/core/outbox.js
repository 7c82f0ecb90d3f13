/**
 * Messages that the service has not confirmed: kept in order under their `c`, sealed on the device, of one account,
 * over reloads, lost networks and several tabs.
 *
 * May import only modules of core. What it keeps goes when the service has answered `re` (or the event itself came),
 * when the author drops it, or at sign-out.
 */
import { KeptEntries } from "./kept.js";
import { makeUuid } from "./protocol.js";
import { Queue, keep } from "./queue.js";
import { Turns } from "./turns.js";

/** Why a promise of `publish` failed: refused for good, or dropped by the author. */
export class NotSent extends Error {
  constructor(failure) {
    super(failure.msg || failure.code);
    Object.assign(this, failure);
  }
}

export class Outbox {
  /**
   * @param {{store: import("./store.js").Store, sealer: import("./sealed.js").Sealer, crypto: Crypto,
   *   clock: {now: () => number, mono: () => number, setTimeout: Function, clearTimeout: Function},
   *   random: () => number, locks?: LockManager|null, tabs?: {post: (m: object) => void}|null,
   *   transmit: (entry: object) => boolean, onChange: (r: string) => void,
   *   onSettled?: (entry: object, answer: object) => void, onFailed?: (entry: object) => void}} parts
   *   transmit: sends a `pub` and says whether there was a line to send it on
   */
  constructor(parts) {
    Object.assign(this, { tabs: null, onSettled: () => {}, onFailed: () => {}, ...parts });
    this.queue = new Queue(this.random);
    this.promises = new Map();
    this.kept = new KeptEntries(this);
    this.lastOrder = 0;
    this.up = false;
    this.closed = false;
    this.timer = null;
    this.turns = new Turns({
      locks: parts.locks,
      name: `curbside-outbox-${this.sealer.scope}`,
      clock: this.clock,
      onTurn: () => void this.reload().then(() => this.pump()),
      onLost: () => this.queue.lost(),
    });
  }

  /** Gives what is kept, oldest first. */
  list() {
    return this.queue.list();
  }

  /**
   * Keeps a new operation and sends it as soon as it can be. It is shown at once; it is sent only when it is stored.
   * @returns {{c: string, promise: Promise<{s: number|null, r?: string}>}}
   */
  publish(r, k, d) {
    const at = this.clock.now();
    const entry = keep({ c: makeUuid(this.crypto), r, k, d, at, order: this.nextOrder(at) });
    this.queue.add(entry);
    const promise = this.promise(entry.c);
    void this.keepAndSend(entry);
    this.onChange(r);
    return { c: entry.c, promise };
  }

  /** The tab whose turn it is takes it into its order; the others show it. */
  async keepAndSend(entry) {
    await this.kept.write(entry);
    this.tabs?.post({ type: "changed" });
    this.pump();
  }

  /** A wall clock may jump back; the order of what one person wrote may not. */
  nextOrder(at) {
    this.lastOrder = Math.max(at, this.lastOrder + 1);
    return this.lastOrder;
  }

  promise(c) {
    const promise = new Promise((resolve, reject) => {
      const before = this.promises.get(c);
      const both = (name, own) => (value) => [before?.[name], own].forEach((settle) => settle?.(value));
      this.promises.set(c, { resolve: both("resolve", resolve), reject: both("reject", reject) });
    });
    promise.catch(() => undefined); // a screen that does not look at it is told by "failed" all the same
    return promise;
  }

  // --- what the author may do with what is kept --------------------------------------------------------------------

  canEdit(entry) {
    return entry.state === "failed" ? !entry.uncertain : !entry.tried;
  }

  canDrop(entry) {
    return entry.state === "failed" || !entry.tried;
  }

  /** Tries a refused one again, at the end of the order. */
  retry(c) {
    const entry = this.queue.get(c);
    if (!entry || entry.state !== "failed") return null;
    if (entry.failure?.code === "conflict") return this.replace(entry, entry.d);
    void this.kept.erase(entry);
    const order = this.nextOrder(this.clock.now());
    Object.assign(entry, { state: "waiting", failure: null, uncertain: false, notBefore: 0, attempts: 0, order });
    const promise = this.promise(c);
    void this.keepAndSend(entry);
    this.onChange(entry.r);
    return { c, promise };
  }

  /** Changes the content of one that cannot have reached the service; a refused one gets a new `c`. */
  edit(c, d) {
    const entry = this.queue.get(c);
    if (!entry || !this.canEdit(entry)) return null;
    if (entry.state === "failed") return this.replace(entry, d);
    entry.d = d;
    const promise = this.promise(c);
    void this.kept.write(entry);
    this.onChange(entry.r);
    return { c, promise };
  }

  replace(entry, d) {
    this.forget(entry);
    return this.publish(entry.r, entry.k, d);
  }

  /** Drops one that cannot have reached the service. Says whether it could. */
  async drop(c) {
    const entry = this.queue.get(c);
    if (!entry || !this.canDrop(entry)) return false;
    const erased = this.forget(entry);
    this.settle(c, null, { code: "dropped", msg: "", retry: false, after: null, d: null });
    this.tabs?.post({ type: "dropped", c });
    await erased;
    return true;
  }

  // --- the line ----------------------------------------------------------------------------------------------------

  lineUp() {
    this.up = true;
    this.pump();
  }

  lineDown() {
    this.up = false;
    this.queue.lost();
    this.turns.end();
    for (const r of new Set(this.list().map((entry) => entry.r))) this.onChange(r);
  }

  /** Sends what is due, if there is a line and it is this tab's turn. */
  pump() {
    this.clock.clearTimeout(this.timer);
    if (this.closed || !this.up) return;
    if (!this.queue.busy) {
      this.turns.end();
      return;
    }
    if (!this.turns.take()) return;
    const now = this.clock.mono();
    for (const entry of this.queue.next(now)) void this.send(entry);
    const due = this.queue.dueAt(now);
    if (due !== null) this.timer = this.clock.setTimeout(() => this.pump(), Math.max(10, due - now));
  }

  /** Before it is sent for the first time it is stored that it may have been: after a reload no edit may touch it. */
  async send(entry) {
    const fresh = !entry.tried;
    entry.tried = true;
    if (fresh) await this.kept.write(entry);
    const current = this.queue.get(entry.c) === entry && entry.state === "sending";
    if (!current || this.closed) return;
    if (!this.up || !this.transmit(entry)) entry.state = "waiting";
    this.onChange(entry.r);
  }

  /** The service has it: by its answer, by the event itself, or as another tab tells. */
  confirm(c, answer, { told = false } = {}) {
    const entry = this.queue.get(c);
    if (entry) {
      void this.forget(entry);
      this.onSettled(entry, answer);
    }
    this.settle(c, answer, null);
    if (entry && !told) this.tabs?.post({ type: "confirmed", c, answer });
    if (entry) this.onChange(entry.r);
    this.pump();
  }

  /** The service refused it. */
  refuse(c, refusal) {
    const entry = this.queue.get(c);
    if (!entry) return;
    if (this.queue.refuse(c, refusal, this.clock.mono())) {
      void this.kept.write(entry);
      this.settle(c, null, refusal);
      this.onFailed(entry);
      this.tabs?.post({ type: "changed" });
    }
    this.onChange(entry.r);
    this.pump();
  }

  /** Another tab of the same account tells what it did. */
  onTab(message) {
    if (this.closed) return;
    if (message.type === "confirmed") this.confirm(message.c, message.answer, { told: true });
    else if (message.type === "changed") void this.reload().then(() => this.pump());
    else if (message.type === "dropped" && this.queue.get(message.c)) {
      const entry = this.queue.get(message.c);
      this.queue.remove(message.c);
      this.settle(message.c, null, { code: "dropped", msg: "", retry: false, after: null, d: null });
      this.onChange(entry.r);
    }
  }

  settle(c, answer, failure) {
    const promise = this.promises.get(c);
    this.promises.delete(c);
    if (answer) promise?.resolve(answer);
    else promise?.reject(new NotSent(failure));
  }

  // --- storage -----------------------------------------------------------------------------------------------------

  /** Done when all that was to be written is. */
  get writing() {
    return this.kept.writing;
  }

  /** Reads what is stored: after a start, and each time the turn comes, for another tab may have changed it. */
  async reload() {
    const stored = await this.kept.read();
    if (stored === null || this.closed) return;
    for (const entry of stored.entries) this.merge(entry);
    for (const c of stored.lost) {
      const entry = this.queue.get(c); // another tab saw it confirmed, and its word did not reach this one
      if (entry && entry.state !== "sending") this.confirm(c, { s: null }, { told: true });
    }
  }

  merge(stored) {
    this.lastOrder = Math.max(this.lastOrder, stored.order);
    const known = this.queue.get(stored.c);
    if (known?.state === "sending" || known?.version >= stored.version) return;
    this.queue.add(known ? Object.assign(known, stored) : keep(stored));
    this.onChange(stored.r);
  }

  forget(entry) {
    this.queue.remove(entry.c);
    return this.kept.forget(entry);
  }

  /** Lets go of everything in memory; what is stored stays. */
  close() {
    this.closed = true;
    this.clock.clearTimeout(this.timer);
    this.turns.end();
    this.queue = new Queue(this.random);
    this.promises.clear();
  }
}
