/**
 * Whether the sound of a call is still with this page. The service numbers the offers of all devices; who has counted its
 * own sees from the number of the next whether somebody else has offered in between. May import nothing.
 *
 * An offer whose answer was lost may have been numbered or not, so this page's own are a range; in doubt they are ours.
 */
export class Marks {
  /** @param {{peer?: number, asked?: number|null}} [kept] what a page before this one left; null: whatever was asked */
  constructor({ peer = 0, asked = 0 } = {}) {
    this.peer = peer;
    this.asked = asked ?? Infinity;
  }

  /** An offer is being sent. */
  ask() {
    this.asked += 1;
  }

  /** It was refused, and so has no number. */
  refused() {
    this.asked = Math.max(0, this.asked - 1);
  }

  /** What is elsewhere is wanted here: whoever offered before. */
  takeOver() {
    this.peer = 0;
    this.asked = Infinity;
  }

  /** An offer got this number. @returns {boolean} whether nobody else has offered since ours */
  numbered(peer) {
    if (peer > this.peer + this.asked) return false;
    if (peer > this.peer) {
      this.asked = this.asked === Infinity ? 0 : this.asked - (peer - this.peer);
      this.peer = peer;
    }
    return true;
  }
}
