/**
 * Whose turn it is to send, among the tabs of one account: one at a time, by Web Locks where they exist.
 *
 * May import nothing. Without Web Locks every tab has its turn always; a message then may be sent by two tabs, and
 * the service stores it once because of its `c`.
 */

const STEAL_AFTER_MS = 20_000; // a tab that sleeps with the lock in hand must not keep the others from sending

export class Turns {
  /**
   * @param {{locks: LockManager|null, name: string, clock: {setTimeout: Function, clearTimeout: Function},
   *          onTurn: () => void, onLost: () => void}} parts
   */
  constructor({ locks, name, clock, onTurn, onLost }) {
    Object.assign(this, { locks: locks ?? null, name, clock, onTurn, onLost });
    this.mine = false;
    this.waiting = null;
    this.finish = null;
  }

  /** Says whether it is this tab's turn; if not, asks for it, and `onTurn` is called when it is. */
  take() {
    if (this.mine || this.locks === null) return true;
    if (this.waiting === null) this.ask({});
    return false;
  }

  ask(options) {
    const stop = new AbortController();
    this.waiting = stop;
    const timer = options.steal
      ? null
      : this.clock.setTimeout(() => {
          if (this.waiting !== stop) return;
          stop.abort();
          this.ask({ steal: true });
        }, STEAL_AFTER_MS);
    const how = options.steal ? options : { signal: stop.signal };
    const hold = () =>
      new Promise((finish) => {
        this.clock.clearTimeout(timer);
        if (this.waiting !== stop) return finish();
        this.waiting = null;
        this.mine = true;
        this.finish = finish;
        this.onTurn();
      });
    this.locks.request(this.name, how, hold).catch(() => this.stolen(stop));
  }

  /** The promise of a held lock fails when another tab takes it over; that of an aborted wait too. */
  stolen(stop) {
    if (this.waiting === stop) this.waiting = null;
    if (!this.mine || this.waiting !== null) return;
    this.mine = false;
    this.finish = null;
    this.onLost();
  }

  /** Gives the turn back, or stops asking for it. */
  end() {
    this.waiting?.abort();
    this.waiting = null;
    this.mine = false;
    this.finish?.();
    this.finish = null;
  }
}
