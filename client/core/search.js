/**
 * A list that is found while one types. What was found belongs to the words that it was asked for with: while other
 * words stand in the box it may be looked at and not taken, for it is not whom one looks for. May import nothing.
 */

const REST_MS = 250;

export class Search {
  /**
   * @param {{ask: (q: string) => Promise<object>, changed: () => void, worth?: (q: string) => boolean, restMs?: number,
   *   clock?: {setTimeout: Function, clearTimeout: Function}}} parts
   *   `ask` is given the words without the spaces around them, `changed` draws, `worth` says which words are asked for
   */
  constructor({ ask, changed, worth = () => true, restMs = REST_MS, clock = globalThis }) {
    Object.assign(this, { ask, changed, worth, restMs, clock });
    Object.assign(this, { q: "", found: null, foundFor: null, error: null, turn: 0, timer: null });
  }

  /** Whether what was found is for the words that stand in the box. */
  get fresh() {
    return this.found !== null && this.foundFor === this.q.trim();
  }

  /** Do something with what was found, if it is for these words; else nothing happens. @param {() => any} work */
  take(work) {
    return this.fresh ? work() : undefined;
  }

  /** Other words stand in the box; they are asked for when the typing rests. @param {string} q */
  type(q) {
    const same = q.trim() === this.q.trim();
    this.q = q;
    if (!same) this.wait();
    this.changed();
  }

  wait() {
    this.turn += 1; // what is under way is for other words
    this.clock.clearTimeout(this.timer);
    if (this.worth(this.q)) this.timer = this.clock.setTimeout(() => void this.find(), this.restMs);
    else Object.assign(this, { found: null, foundFor: null, error: null });
  }

  /** Ask for what stands in the box at once, as at the beginning or when what was found has changed. */
  async find() {
    this.clock.clearTimeout(this.timer);
    this.turn += 1;
    const { turn } = this;
    const q = this.q.trim();
    const answer = await this.ask(q).then((value) => ({ value }), (error) => ({ error }));
    if (turn !== this.turn) return;
    // What was found for other words is not what these words would find.
    Object.assign(this, { found: answer.value ?? null, foundFor: q, error: answer.error ?? null });
    this.changed();
  }
}
